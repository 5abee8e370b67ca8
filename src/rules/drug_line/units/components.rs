//! Which components of a combination the record counts: the first one alone, or all together (rule U-08).

use super::*;
use crate::catalog::ndc::NdcEntry;
use crate::domain::finding::{Reason, Severity};
use crate::domain::quantity::{Quantity, Unit};
use crate::engine::Coding;
use crate::engine::trail::{Value, fact};
use crate::policy::parameters::{CodeMark, ComponentUnit};
use crate::rules::drug_line::treatment::{Dose, Treatment, ask};

/// One in the billionths that a number is counted in.
const ONE: i64 = 1_000_000_000;

/// The unit in the amounts that the record states; nothing where they fit no package of the code, with a finding.
///
/// CMS counts by the first component, and a label may state the sum: one unit of `4 mg, 4 mg and 2 mg` is 4 mg of the
/// one way and 10 mg of the other. The crosswalk says how many units a package has, and so which way its content is
/// stated.
pub(super) fn settle(
    coding: &mut Coding<'_>,
    treatment: &Treatment<'_>,
    unit: BillingUnit,
) -> Option<BillingUnit> {
    if !treatment.first().marks.has(CodeMark::Components) {
        return Some(unit);
    }
    if let Some(printed) = treatment.first().billing.ok().filter(|_| are_in_packages(treatment)) {
        return Some(BillingUnit { quantity: printed.quantity, ..unit });
    }
    let code = treatment.code();
    let table = &coding.policy.drug_line.component_units;
    let row = table.iter().find(|row| row.code == code);
    if let Some(row) = row.filter(|row| !row.by_component.is_empty()) {
        return of_component(coding, treatment, row).map(|quantity| BillingUnit { quantity, ..unit });
    }
    let Some((row, total)) = row.and_then(|row| Some((row, row.total?))) else { return Some(unit) };
    let packages: Vec<i128> = packages(coding.catalog.ndcs.iter().flat_map(|(_, rows)| rows), treatment);
    let is_by = |one: Quantity| fits(treatment, &packages, one);
    if packages.is_empty() || is_by(row.quantity) && !is_one_of_sum(treatment, row, total) {
        return Some(unit);
    }
    let facts = [
        fact::catalog("code", Value::Code(code)),
        fact::parameter("first", Value::Quantity(row.quantity), table),
        fact::parameter("total", Value::Quantity(total), table),
    ];
    if total != row.quantity && is_by(total) {
        let text = "The amounts are those of all components together, as the packages of {code} show: one unit is {total}";
        coding.result.trail.fired(&U_08, treatment.subject(), text, &facts);
        return Some(BillingUnit { quantity: total, ..unit });
    }
    refuse(coding, treatment, row, &facts);
    None
}

/// Whether the doses are whole packages of which no content is stated, so that the crosswalk alone counts them: it prints
/// their units, whatever component an amount would be of.
fn are_in_packages(treatment: &Treatment<'_>) -> bool {
    let is_package = |amount: Quantity| matches!(amount.unit, Unit::Vial | Unit::Each);
    treatment.doses.iter().all(|dose| {
        dose.drug.dose_administered.is_some_and(is_package)
            && dose.drug.containers.iter().all(|container| is_package(container.content))
    })
}

/// The amount of the component that the doses are stated of; a question where they state none, for orders are written by
/// either (rule U-10).
fn of_component(coding: &mut Coding<'_>, treatment: &Treatment<'_>, row: &ComponentUnit) -> Option<Quantity> {
    let is_of = |dose: &Dose<'_>, component: &str| {
        dose.drug.dose_basis.as_deref().is_some_and(|basis| basis.trim().eq_ignore_ascii_case(component))
    };
    let rows = coding.catalog.ndcs.iter().flat_map(|(_, rows)| rows);
    let packages = packages(rows, treatment);
    let parts = || row.by_component.iter();
    let stated = parts().find(|one| treatment.doses.iter().all(|dose| is_of(dose, &one.component)));
    let by_package = || {
        let mut fitting = parts().filter(|one| are_packages(treatment, &packages, one.quantity));
        fitting.next().filter(|_| fitting.next().is_none())
    };
    let stated = stated.or_else(by_package);
    let table = &coding.policy.drug_line.component_units;
    let facts = [
        fact::catalog("code", Value::Code(row.code)),
        fact::given("drug", Value::Of(treatment.field(""))),
        fact::parameter("unit", stated.map_or(Value::None, |one| Value::Quantity(one.quantity)), table),
    ];
    if let Some(one) = stated {
        let text = "The amounts are stated of the component of which one unit of {code} holds {unit}";
        coding.result.trail.fired(&U_08, treatment.subject(), text, &facts);
        return Some(one.quantity);
    }
    let field = treatment.field("dose_basis");
    let text = "{code} counts several components in one unit, and the dose of {drug} does not say which of them it is of, so its line is withheld";
    coding.find(Severity::Block, Reason::DoseBasisDiffers, field, &U_08, text, &facts);
    let possibilities = row.by_component.iter().map(|one| {
        let label = format!("the dose is of {}", one.component);
        treatment.possibly(label, |drug| drug.dose_basis = Some(one.component.clone()))
    });
    ask(coding, field, &U_08, "Of which component is the dose of {drug}?", &facts, possibilities.collect());
    None
}

/// Whether the dose is one of the amounts of the name, where the code counts their sum.
fn is_one_of_sum(treatment: &Treatment<'_>, row: &ComponentUnit, total: Quantity) -> bool {
    let first = treatment.first().drug;
    let (Some(name), Some(dose)) = (first.name.as_deref(), first.dose_administered) else { return false };
    let amounts = convert::amounts_in_name(name);
    total == row.quantity
        && amounts.len() > 1
        && amounts.iter().any(|amount| amount.compare(dose).is_some_and(std::cmp::Ordering::is_eq))
}

fn refuse(
    coding: &mut Coding<'_>,
    treatment: &Treatment<'_>,
    row: &ComponentUnit,
    facts: &[crate::engine::trail::NotedFact],
) {
    let text = if row.total == Some(row.quantity) {
        "One unit of {code} is {total} of all components together, and the amounts stated are those of no package of it: state dose and containers as the sum of the components"
    } else {
        "One unit of {code} is {first} of its first component and {total} of all together, and the amounts stated fit neither a package by the one nor by the other: state dose and containers as the label does, or by the first component"
    };
    let field = treatment.field("dose_administered");
    debug_assert_eq!(row.code, treatment.code());
    coding.find(Severity::Block, Reason::DoseBasisDiffers, field, &U_08, text, facts);
}

/// How many units the packages of the code have, each number once.
fn packages<'a>(rows: impl Iterator<Item = &'a NdcEntry>, treatment: &Treatment<'_>) -> Vec<i128> {
    let of_code = rows.filter(|row| row.code == treatment.code());
    let mut units: Vec<i128> = of_code
        .map(|row| row.bill_units.nanos())
        .filter(|units| *units > 0 && units % ONE == 0)
        .map(|units| i128::from(units / ONE))
        .collect();
    units.sort_unstable();
    units.dedup();
    units
}

/// Whether containers are listed and each is a package at so much a unit.
fn are_packages(treatment: &Treatment<'_>, packages: &[i128], one: Quantity) -> bool {
    let mut contents = treatment.doses.iter().flat_map(|dose| &dose.drug.containers).peekable();
    let is_package = |amount: i128| packages.iter().any(|units| units * one.in_base() == amount);
    contents.peek().is_some()
        && contents.all(|container| {
            container.content.is_same_measure(one) && is_package(container.content.in_base())
        })
}

/// Whether the containers are packages at so much a unit; where none is listed alone, whether dose and contents are
/// whole packages.
fn fits(treatment: &Treatment<'_>, packages: &[i128], one: Quantity) -> bool {
    if are_packages(treatment, packages, one) {
        return true;
    }
    let base = |amount: &Quantity| amount.is_same_measure(one).then(|| amount.in_base());
    let contents: Option<Vec<(i128, i128)>> = treatment
        .doses
        .iter()
        .flat_map(|dose| &dose.drug.containers)
        .map(|container| Some((base(&container.content)?, i128::from(container.count))))
        .collect();
    let contents = contents.unwrap_or_default();
    let is_whole =
        |amount: i128| packages.iter().any(|units| amount > 0 && amount % (units * one.in_base()) == 0);
    let content: i128 = contents.iter().map(|(content, count)| content * count).sum();
    let doses = treatment.doses.iter().filter_map(|dose| base(&dose.drug.dose_administered?));
    is_whole(doses.sum()) && (contents.is_empty() || is_whole(content))
}
