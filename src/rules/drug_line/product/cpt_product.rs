//! Product codes of CPT: immune globulins and vaccines, whose units the catalog does not hold.

use super::*;
use crate::catalog::ndc::NdcEntry;
use crate::domain::drug::DrugClass;
use crate::domain::quantity::{Decimal, Measure, Quantity, Unit};
use crate::rules::drug_line::units::U_01;
use crate::rules::identity;

/// One in billionths.
const ONE: i128 = 1_000_000_000;

/// The row of the crosswalk that puts a package of the drug under such a code.
pub(super) fn of_package<'a>(coding: &Coding<'a>, asked: &Asked<'_>) -> Option<&'a NdcEntry> {
    let catalog = coding.catalog;
    let mut rows = asked.drug.ndcs().flat_map(|ndc| catalog.ndc(ndc));
    rows.find(|entry| identity::is_cpt_product(coding, entry.code))
}

/// Names the code and asks for its unit; the crosswalk of the package offers one.
pub(super) fn ask_unit(coding: &mut Coding<'_>, asked: &Asked<'_>, code: HcpcsCode) {
    let facts = [fact::given("drug", Value::Of(asked.field(""))), fact::catalog("code", Value::Code(code))];
    let field = asked.field("billing_unit");
    let text = match asked.drug.code {
        Some(_) => {
            "{code} is a product code of CPT, whose unit the catalog does not hold: state its billing unit"
        }
        None => {
            "{drug} is billed by {code}, a product code of CPT, whose unit the catalog does not hold: state the code with its billing unit"
        }
    };
    coding.find(Severity::Block, Reason::NoBillingUnit, field, &U_01, text, &facts);
    let at = asked.at;
    let unit =
        of_package(coding, asked).filter(|entry| entry.code == code).and_then(|entry| unit(asked, entry));
    let class = coding.catalog.formulary.class_of_code(code, Default::default(), coding.date);
    let is_vaccine = class.is_some_and(|known| known.class == DrugClass::Vaccine);
    let listed = coding.policy.drug_line.cpt_product_units.iter().find(|row| row.code == code);
    let listed = listed.map(|row| row.quantity);
    let dose = asked.drug.dose_administered.filter(|_| is_vaccine);
    let (unit, label) = match (listed, unit, dose) {
        (Some(unit), ..) => (Some(unit), format!("{unit}, as the payment file of CMS counts it")),
        (None, Some(unit), _) => (Some(unit), format!("{unit}, as the NDC crosswalk counts the package")),
        (None, None, Some(dose)) => (Some(dose), format!("one dose of the vaccine, here {dose}")),
        (None, None, None) => (None, String::new()),
    };
    let possibilities = unit.map(|unit| -> Possibility<'_> {
        let state = move |encounter: &mut crate::domain::encounter::Encounter| {
            let drug = drug_at(encounter, at);
            (drug.code, drug.billing_unit) = (Some(code), Some(unit));
        };
        (label, Box::new(state))
    });
    let text = "What is one unit of {code}?";
    ask(coding, field, &U_01, text, &facts, possibilities.into_iter().collect());
}

/// The volume of one unit by the crosswalk, for a drug that is measured by volume; never an inexact one.
fn unit(asked: &Asked<'_>, entry: &NdcEntry) -> Option<Quantity> {
    let by_volume = asked.drug.dose_administered?.unit.measure() == Measure::Volume;
    let (size, units) = (i128::from(entry.package_size.nanos()), i128::from(entry.bill_units.nanos()));
    let is_exact = by_volume && units > 0 && size * ONE % units == 0;
    let nanos = is_exact.then(|| i64::try_from(size * ONE / units).ok())??;
    Some(Quantity::new(Decimal::from_nanos(nanos), Unit::Milliliter))
}
