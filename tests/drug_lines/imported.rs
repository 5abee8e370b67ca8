//! The golden doses with the list of codes that every user imports: what the embedded table says stays right.

use std::sync::Arc;

use infusion_coder::catalog::Catalog;
use infusion_coder::catalog::compose::hcpcs_release;
use infusion_coder::catalog::release::{Overlay, Release, ReleaseHeader, ReleaseKind};
use infusion_coder::cms::descriptor::Conventions;

use super::rules::judge;
use crate::cms::release_of;
use crate::support::shared;

/// Doses by name whose answer an import changed: a lost brand, the code of another use, a private payer's code.
const NAMED: &str = r#"
case = [
  { rule = "INJ-1", drugs = [{ name = "Epogen", dose = "40000 unit", route = "SUBCUTANEOUS" }], lines = [] },
  { rule = "M-03", with = '{"renal": {"esrdOnDialysis": false}}', drugs = [{ name = "Epogen", dose = "40000 unit", route = "SUBCUTANEOUS", more = '{"esaIndication": "CHEMOTHERAPY_ANEMIA"}' }], lines = ["J0885 x40 EA JB"] },
  { rule = "L-04", drugs = [{ name = "Xeomin", dose = "100 unit", route = "INTRAMUSCULAR" }], lines = ["J0588 x100"] },
  { rule = "L-04", drugs = [{ name = "Vivitrol", dose = "380 mg", route = "INTRAMUSCULAR" }], lines = ["J2315 x380"] },
  { rule = "L-04", drugs = [{ name = "Cubicin", dose = "500 mg" }], lines = ["J0878 x500"] },
  { rule = "L-04", drugs = [{ name = "granisetron", dose = "1 mg" }], lines = ["J1626 x10"] },
  { rule = "L-04", payer = "commercial", drugs = [{ name = "granisetron", dose = "1 mg" }], lines = ["J1626 x10"] },
  { rule = "L-04", drugs = [{ name = "hydromorphone", dose = "1 mg", route = "IV_PUSH" }], lines = ["J1171 x10"] },
]
"#;

#[test]
fn an_import_changes_no_golden_dose() {
    let Some(folder) = shared("data/hcpcs") else { return };
    let file = "HCPC2025_OCT_ANWEB.xlsx";
    let quarter = "2025Q4".parse().expect("a quarter");
    let header = ReleaseHeader::new(ReleaseKind::Hcpcs, quarter, file, "0123456789ab");
    let list = hcpcs_release(header, release_of(&folder, file), &Conventions::embedded());
    let catalog = Arc::new(Catalog::merge([Release::embedded(), &list], Overlay::embedded()));
    judge(catalog.clone(), include_str!("../golden/drug-rules.toml"));
    judge(catalog, NAMED);
}
