//! What holds of every dose: no unit lost, none invented, and no order that matters.

use std::collections::BTreeMap;

use infusion_coder::catalog::Catalog;
use infusion_coder::domain::claim::Line;
use infusion_coder::domain::code::{HcpcsCode, Modifier};
use infusion_coder::domain::drug::{Container, ContainerKind, DrugGiven};
use infusion_coder::domain::encounter::{Administration, Encounter, Setting};
use infusion_coder::domain::quantity::{Decimal, Quantity, Unit};
use infusion_coder::domain::time::{Date, parse_date};
use infusion_coder::engine;
use infusion_coder::policy::PolicyBook;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

/// How many random requests are tried; CI tries a few, a maintainer a million.
const CASES: &str = "INFUSION_CODER_PROPERTY_CASES";
const CASES_IN_CI: u32 = 400;

/// Codes with their billing units in thousandths of a milligram.
const CODES: &[(&str, i64)] = &[
    ("J9312", 10_000),
    ("J9271", 1_000),
    ("J9359", 75),
    ("J9201", 200_000),
    ("J2778", 100),
    ("J9217", 7_500),
];

/// Payers that differ in what they do with the rest of a container.
const PAYERS: &[&str] =
    &["medicare", "medicare-cgs", "aao", "blue-cross-idaho", "bcbs-north-dakota", "guide-2026"];

const DATES: &[&str] = &["2025-11-03", "2024-02-01", "2023-03-01", "2026-01-15"];

/// One drug of a request: amounts in millionths of a milligram.
#[derive(Debug, Clone)]
struct Asked {
    /// Position in [`CODES`], or a stated unit.
    unit: Result<usize, i64>,
    dose: i64,
    containers: Vec<(i64, u32, Option<ContainerKind>)>,
    discarded: Option<i64>,
}

fn asked() -> impl Strategy<Value = Asked> {
    let amount = prop_oneof![
        (1_i64..2_000).prop_map(|mg| mg * 1_000_000),
        (1_i64..500_000).prop_map(|mcg| mcg * 1_000),
        1_i64..3_000_000_000,
    ];
    let kind = prop_oneof![
        4 => Just(Some(ContainerKind::SingleDose)),
        1 => Just(Some(ContainerKind::MultiDose)),
        1 => Just(None),
    ];
    let unit = prop_oneof![
        (0..CODES.len()).prop_map(Ok),
        prop::sample::select(vec![75_000, 100_000, 250_000, 700_000, 6_000_000, 10_000_000, 1_000_000_000])
            .prop_map(Err),
    ];
    let containers = prop::collection::vec((amount.clone(), 1_u32..5, kind), 0..4);
    (unit, amount.clone(), containers, prop::option::of(amount))
        .prop_map(|(unit, dose, containers, discarded)| Asked { unit, dose, containers, discarded })
}

impl Asked {
    fn milligrams(millionths: i64) -> Quantity {
        Quantity::new(Decimal::from_nanos(millionths * 1_000), Unit::Milligram)
    }

    fn unit(&self) -> i64 {
        self.unit.map_or_else(|stated| stated, |at| CODES[at].1 * 1_000)
    }

    fn drug(&self) -> DrugGiven {
        DrugGiven {
            code: self.unit.ok().map(|at| HcpcsCode::of(CODES[at].0)),
            billing_unit: self.unit.err().map(Self::milligrams),
            dose_administered: Some(Self::milligrams(self.dose)),
            dose_discarded: self.discarded.map(Self::milligrams),
            containers: self
                .containers
                .iter()
                .map(|&(content, count, kind)| container(content, count, kind))
                .collect(),
            ..DrugGiven::default()
        }
    }

    /// Labelled content of what the rest is paid of, with the containers whose kind nothing tells.
    fn payable(&self) -> i64 {
        let single = |kind: &Option<ContainerKind>| *kind != Some(ContainerKind::MultiDose);
        self.containers
            .iter()
            .filter(|(_, _, kind)| single(kind))
            .map(|(one, n, _)| one * i64::from(*n))
            .sum()
    }
}

fn container(content: i64, count: u32, kind: Option<ContainerKind>) -> Container {
    Container {
        content: Asked::milligrams(content),
        volume: None,
        count,
        kind,
        form: None,
        ndc: None,
        lot_number: None,
        shared_with_later_patient: false,
    }
}

fn visit(drugs: &[Asked], date: Date) -> Encounter {
    let mut visit = Encounter::new(Setting::PhysicianOffice, date);
    let administrations =
        drugs.iter().map(|asked| Administration { drugs: vec![asked.drug()], ..Administration::default() });
    visit.administrations = administrations.collect();
    visit
}

fn cases() -> u32 {
    std::env::var(CASES).ok().and_then(|text| text.parse().ok()).unwrap_or(CASES_IN_CI)
}

/// Tries a property on random requests of some payer and date.
fn check(property: impl Fn(&[Asked], &str, &dyn Fn(&[Asked]) -> Vec<Line>) -> Result<(), TestCaseError>) {
    let book = PolicyBook::embedded().expect("the embedded policies");
    let catalog = Catalog::embedded();
    let strategy = (
        prop::collection::vec(asked(), 1..4),
        prop::sample::select(PAYERS.to_vec()),
        prop::sample::select(DATES.to_vec()),
    );
    let mut runner =
        TestRunner::new(ProptestConfig { cases: cases(), failure_persistence: None, ..Default::default() });
    let outcome = runner.run(&strategy, |(drugs, payer, date)| {
        let date = parse_date(date).expect("a date");
        let policy = book.at(date, payer).expect("a policy");
        let lines = |drugs: &[Asked]| engine::code_drug(&visit(drugs, date), &catalog, policy).lines;
        property(&drugs, payer, &lines)
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

const JW: Modifier = Modifier::of("JW");
const JZ: Modifier = Modifier::of("JZ");

/// Administered and discarded units of each code, and whether JZ stands on one of its lines.
fn totals(lines: &[Line]) -> BTreeMap<(HcpcsCode, u16), (i64, i64, bool)> {
    let mut totals = BTreeMap::new();
    for line in lines {
        // A drug without a code stands alone; a code gathers the doses of the date.
        let alone = if line.code == HcpcsCode::NONE { line.administrations[0] } else { 0 };
        let entry: &mut (i64, i64, bool) = totals.entry((line.code, alone)).or_default();
        let units = i64::from(line.units);
        if line.modifiers.contains(&JW) {
            entry.1 += units
        } else {
            entry.0 += units
        }
        entry.2 |= line.modifiers.contains(&JZ);
    }
    totals
}

/// The doses behind one total.
fn behind(drugs: &[Asked], (code, alone): (HcpcsCode, u16)) -> Vec<&Asked> {
    let is_of = |(at, asked): &(usize, &Asked)| match asked.unit {
        Ok(known) => HcpcsCode::of(CODES[known].0) == code,
        Err(_) => code == HcpcsCode::NONE && *at == usize::from(alone),
    };
    drugs.iter().enumerate().filter(is_of).map(|(_, asked)| asked).collect()
}

#[test]
fn units_cover_the_dose_and_never_pass_the_containers() {
    check(|drugs, payer, code| {
        let lines = code(drugs);
        let totals = totals(&lines);
        prop_assert!(!totals.is_empty());
        for (key, (administered, discarded, attests_zero)) in totals {
            let doses = behind(drugs, key);
            let unit = doses[0].unit();
            let dose: i64 = doses.iter().map(|asked| asked.dose).sum();
            let content: i64 = doses.iter().map(|asked| asked.payable()).sum();
            let combines = payer == "blue-cross-idaho";
            if payer != "guide-2026" {
                prop_assert!(administered * unit >= dose, "{administered} of {unit} hold {dose}");
                prop_assert!(
                    combines || (administered - 1) * unit < dose,
                    "{administered} of {unit} for {dose}"
                );
            }
            // Without containers the record's own discarded amount stands for the rest.
            let has_containers = doses.iter().any(|asked| !asked.containers.is_empty());
            if (discarded > 0 || combines && administered * unit >= dose + unit) && has_containers {
                prop_assert!(
                    (administered + discarded) * unit <= content,
                    "{administered} + {discarded} of {unit} in {content}"
                );
            }
            prop_assert!(!(discarded > 0 && attests_zero), "JW and JZ on one drug");
        }
        Ok(())
    });
}

#[test]
fn no_order_matters() {
    let shape = |lines: Vec<Line>| {
        let mut shape: Vec<_> =
            lines.into_iter().map(|line| (line.code, line.units, line.modifiers)).collect();
        shape.sort();
        shape
    };
    check(|drugs, _, code| {
        let mut turned: Vec<Asked> = drugs.to_vec();
        turned.reverse();
        turned.iter_mut().for_each(|asked| asked.containers.reverse());
        prop_assert_eq!(shape(code(drugs)), shape(code(&turned)));
        Ok(())
    });
}

#[test]
fn what_floats_get_wrong_is_exact() {
    let book = PolicyBook::embedded().expect("the embedded policies");
    let date = parse_date("2025-11-03").expect("a date");
    let policy = book.at(date, "medicare").expect("a policy");
    for (dose, unit, units) in
        [("0.3", "0.1", 3), ("2.1", "0.7", 3), ("10.000000001", "10", 2), ("1.1", "0.1", 11)]
    {
        let quantity = |value: &str| Quantity::parse(value, "mg").expect("a quantity");
        let drug = DrugGiven {
            billing_unit: Some(quantity(unit)),
            dose_administered: Some(quantity(dose)),
            ..DrugGiven::default()
        };
        let mut visit = Encounter::new(Setting::PhysicianOffice, date);
        visit.administrations.push(Administration { drugs: vec![drug], ..Administration::default() });
        let lines = engine::code_drug(&visit, &Catalog::embedded(), policy).lines;
        assert_eq!(lines.iter().map(|line| line.units).collect::<Vec<_>>(), [units], "{dose} at {unit}");
    }
}
