//! Doses that are stated in vials.

use super::*;
use crate::catalog::CodeFlag;
use crate::domain::encounter::Encounter;
use crate::domain::quantity::Unit;
use crate::engine::Coding;
use crate::engine::trail::{Value, fact};
use crate::rules::drug_line::package;
use crate::rules::drug_line::treatment::{Dose, Possibility, ask, drug_at};
use crate::rules::drug_line::units::convert::amounts_in_name;

/// A dose in vials is as much as its vials hold, where the record or the crosswalk tells one content (rule U-04).
pub(super) fn in_vials(
    coding: &mut Coding<'_>,
    dose: &Dose<'_>,
    given: Quantity,
    unit: Quantity,
) -> Option<Quantity> {
    // What is swallowed is counted in tablets, and its package is a bottle of them.
    let is_container = match given.unit {
        Unit::Vial => true,
        Unit::Each => !dose.version.flags.has(CodeFlag::Oral),
        _ => false,
    };
    if !is_container || unit.unit.measure() == Unit::Vial.measure() {
        return None;
    }
    let contents = dose.drug.containers.iter().map(|container| container.content);
    let mut contents = contents.filter(|content| !package::is_one_piece(*content));
    let one = match contents.next() {
        Some(first) => contents.all(|other| other == first).then_some(first),
        None if dose.drug.ndcs().next().is_some() => package::content_of_dose(coding, dose),
        None => bag_in_name(dose, unit).or_else(|| package::content_of_code(coding, dose)),
    };
    let one = one.filter(|one| one.unit != Unit::Vial)?;
    let amount = package::times(one, given.value)?;
    let facts = [
        fact::given("dose", Value::Quantity(given)),
        fact::given("content", Value::Quantity(one)),
        fact::derived("amount", Value::Quantity(amount)),
    ];
    let text = "{dose} of {content} are {amount}; the amount is counted and never the vials";
    coding.result.trail.fired(&U_04, dose.subject(), text, &facts);
    Some(amount)
}

/// Asks what each of several pieces held, where the crosswalk knows a few contents: one kit of 600 mg or of 400 mg.
pub(super) fn ask_content(coding: &mut Coding<'_>, dose: &Dose<'_>, given: Quantity) {
    if given.unit.measure() != Measure::Count {
        return;
    }
    let at = dose.at;
    let held = |one: Quantity| -> Option<Possibility<'_>> {
        let amount = package::times(one, given.value)?;
        let supply = move |encounter: &mut Encounter| {
            drug_at(encounter, at).dose_administered = Some(amount);
        };
        Some((format!("each held {one}"), Box::new(supply)))
    };
    let contents = package::contents_of_code(coding, dose);
    let possibilities: Vec<Possibility<'_>> = contents.into_iter().filter_map(held).collect();
    if possibilities.is_empty() {
        return;
    }
    let facts = [fact::given("dose", Value::Quantity(given)), fact::catalog("code", Value::Code(dose.code))];
    let field = dose.field("dose_administered");
    ask(coding, field, &U_04, "What did each one hold of which {dose} was given?", &facts, possibilities);
}

/// The volume of a bag of fluid that its name tells: `sodium chloride 0.9% 500 mL`.
fn bag_in_name(dose: &Dose<'_>, unit: Quantity) -> Option<Quantity> {
    let is_fluid = unit.unit.measure() == Unit::Milliliter.measure();
    let name = dose.drug.name.as_deref().filter(|_| is_fluid)?;
    let mut volumes = amounts_in_name(name).into_iter().filter(|amount| amount.is_same_measure(unit));
    volumes.next().filter(|_| volumes.next().is_none())
}
