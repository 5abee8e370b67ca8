//! The whole container of every NDC of the CMS crosswalks bills the units that CMS prints for it.

use std::collections::BTreeSet;

use infusion_coder::catalog::Catalog;
use infusion_coder::cms::descriptor::read;
use infusion_coder::cms::ndc_crosswalk::{self, CrosswalkRow};
use infusion_coder::domain::code::Modifier;
use infusion_coder::domain::drug::{Container, ContainerKind, DrugGiven, NdcGiven};
use infusion_coder::domain::encounter::{Administration, Encounter, Setting};
use infusion_coder::domain::quantity::{Decimal, Quantity};
use infusion_coder::domain::time::parse_date;
use infusion_coder::engine;
use infusion_coder::policy::{Policy, PolicyBook};
use serde::Deserialize;

use crate::support::shared;

/// Each crosswalk with a date of its quarter.
pub const CROSSWALKS: &[(&str, &str)] = &[
    ("section 508 version of January 2024 ASP NDC-HCPCS Crosswalk 122023.csv", "2024-01-15"),
    ("section 508 version of October 2025 ASP NDC-HCPCS Crosswalk 090525.csv", "2025-10-15"),
    ("section 508 version of January 2026 ASP NDC-HCPCS Crosswalk 121725.csv", "2026-01-15"),
];

/// Why the units of some rows are not the printed ones.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Deviations {
    deviation: Vec<Deviation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Deviation {
    code: String,
    /// The dosage column of the rows, or empty for all rows of the code.
    #[serde(default)]
    dosage: String,
    because: String,
}

impl Deviation {
    fn is_of(&self, row: &CrosswalkRow) -> bool {
        self.code == row.code.as_str() && (self.dosage.is_empty() || self.dosage == *row.dosage)
    }
}

#[test]
fn every_whole_container_bills_the_printed_units() {
    let Some(folder) = shared("data/asp") else { return };
    let listed: Deviations =
        toml::from_str(include_str!("../../catalog/crosswalk_deviations.toml")).expect("the deviations");
    let book = PolicyBook::embedded().expect("the embedded policies");
    let catalog = Catalog::embedded();
    let mut faults = BTreeSet::new();
    let mut used = BTreeSet::new();
    let mut rows = 0;
    for (file, date) in CROSSWALKS {
        let date = parse_date(date).expect("a date");
        let policy = book.at(date, "medicare").expect("a policy");
        let bytes = std::fs::read(folder.join(file)).expect(file);
        for row in ndc_crosswalk::parse(&bytes).expect(file).rows {
            rows += 1;
            let Err(fault) = compared(&row, &catalog, policy, date) else { continue };
            match listed.deviation.iter().position(|deviation| deviation.is_of(&row)) {
                Some(at) => used.extend([at]),
                None => faults.extend([format!("{} `{}`: {fault}", row.code, row.dosage)]),
            };
        }
    }
    assert!(rows > 20_000, "only {rows} rows");
    assert!(faults.is_empty(), "{} kinds of rows\n{}", faults.len(), join(&faults));
    let unused = listed.deviation.iter().enumerate().filter(|(at, _)| !used.contains(at));
    let unused: BTreeSet<String> = unused.map(|(_, it)| format!("{} {}", it.code, it.dosage)).collect();
    assert!(unused.is_empty(), "no row needs these deviations:\n{}", join(&unused));
    assert!(listed.deviation.iter().all(|it| it.because.len() > 10), "each deviation says why");
}

fn join(lines: &BTreeSet<String>) -> String {
    lines.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
}

/// One whole container by its code and its NDC.
fn compared(
    row: &CrosswalkRow,
    catalog: &Catalog,
    policy: &Policy,
    date: infusion_coder::domain::time::Date,
) -> Result<(), String> {
    let dosage = read(&row.dosage).ok_or("the dosage cannot be read")?.unit.quantity;
    let content = times(dosage, row.bill_units).ok_or("the content is not exact")?;
    let container = Container {
        content,
        volume: None,
        count: 1,
        kind: Some(ContainerKind::SingleDose),
        form: None,
        ndc: None,
        lot_number: None,
        shared_with_later_patient: false,
    };
    let drug = DrugGiven {
        code: Some(row.code),
        ndc: Some(NdcGiven::Read(row.ndc)),
        dose_administered: Some(content),
        containers: vec![container],
        ..DrugGiven::default()
    };
    let mut encounter = Encounter::new(Setting::PhysicianOffice, date);
    encounter.administrations.push(Administration { drugs: vec![drug], ..Administration::default() });
    let result = engine::code_drug(&encounter, catalog, policy);
    let [line] = result.lines.as_slice() else {
        let reasons: Vec<&str> = result.findings.iter().map(|finding| finding.reason.as_str()).collect();
        return Err(format!("{} lines, {reasons:?}", result.lines.len()));
    };
    let expected = row.bill_units.nanos().div_euclid(Decimal::ONE.nanos())
        + i64::from(row.bill_units.nanos().rem_euclid(Decimal::ONE.nanos()) != 0);
    if i64::from(line.units) != expected {
        return Err(format!("{} units for {}", line.units, row.bill_units));
    }
    if line.modifiers.contains(&Modifier::of("JW")) || line.ndc.is_none_or(|report| report.ndc != row.ndc) {
        return Err(format!("{:?} and {:?}", line.modifiers, line.ndc));
    }
    Ok(())
}

/// An amount times a number of units; rounded **down** to the last place kept.
fn times(amount: Quantity, units: Decimal) -> Option<Quantity> {
    let nanos =
        i128::from(amount.value.nanos()) * i128::from(units.nanos()) / i128::from(Decimal::ONE.nanos());
    Some(Quantity::new(Decimal::from_nanos(i64::try_from(nanos).ok()?), amount.unit))
}
