//! Doses that are stated in vials.

use super::*;
use crate::domain::quantity::Unit;
use crate::engine::Coding;
use crate::engine::trail::{Value, fact};
use crate::rules::drug_line::package;
use crate::rules::drug_line::treatment::Dose;
use crate::rules::drug_line::units::convert::amounts_in_name;

/// A dose in vials is as much as its vials hold, where the record or the crosswalk tells one content (rule U-04).
pub(super) fn in_vials(
    coding: &mut Coding<'_>,
    dose: &Dose<'_>,
    given: Quantity,
    unit: Quantity,
) -> Option<Quantity> {
    if given.unit != Unit::Vial || unit.unit.measure() == Unit::Vial.measure() {
        return None;
    }
    let mut contents = dose.drug.containers.iter().map(|container| container.content);
    let one = match contents.next() {
        Some(first) => contents.all(|other| other == first).then_some(first),
        None => package::content_of_dose(coding, dose).or_else(|| bag_in_name(dose, unit)),
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

/// The volume of a bag of fluid that its name tells: `sodium chloride 0.9% 500 mL`.
fn bag_in_name(dose: &Dose<'_>, unit: Quantity) -> Option<Quantity> {
    let is_fluid = unit.unit.measure() == Unit::Milliliter.measure();
    let name = dose.drug.name.as_deref().filter(|_| is_fluid)?;
    let mut volumes = amounts_in_name(name).into_iter().filter(|amount| amount.is_same_measure(unit));
    volumes.next().filter(|_| volumes.next().is_none())
}
