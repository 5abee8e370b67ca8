//! Doses that are stated in vials.

use super::*;
use crate::domain::quantity::Unit;
use crate::engine::Coding;
use crate::engine::trail::{Value, fact};
use crate::rules::drug_line::package;
use crate::rules::drug_line::treatment::Dose;

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
        None => package::content_of_dose(coding.catalog, dose),
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
