//! Codes that count events: a dose, a treatment, a study (rule U-09).

use super::*;
use crate::domain::drug::Laterality;
use crate::domain::encounter::Route;
use crate::domain::finding::{Reason, Severity};
use crate::domain::quantity::Unit;
use crate::engine::Coding;
use crate::engine::trail::{Value, fact};
use crate::rules::drug_line::treatment::{Dose, Treatment};

/// One unit an event, with a warning above the event's limit.
pub(super) fn count(coding: &mut Coding<'_>, treatment: &Treatment<'_>, unit: BillingUnit) -> Option<Billed> {
    let mut units: u32 = 0;
    for dose in treatment.doses {
        units = units.checked_add(of_dose(dose)?)?;
        if let (Some(amount), Some(limit)) = (dose.drug.dose_administered, unit.limit)
            && amount.compare(limit) == Some(std::cmp::Ordering::Greater)
        {
            let facts = [
                fact::given("dose", Value::Quantity(amount)),
                fact::catalog("limit", Value::Quantity(limit)),
            ];
            let text = "{dose} is more than the {limit} that one unit covers; it is still one unit";
            let field = dose.field("dose_administered");
            coding.find(Severity::Warn, Reason::IncompatibleUnits, field, &U_09, text, &facts);
        }
    }
    let facts = [fact::derived("units", Value::Count(i64::from(units)))];
    let text = "The code counts events: {units}, whatever the amount";
    coding.result.trail.fired(&U_09, treatment.subject(), text, &facts);
    Some(Billed { units, counting: Counting::Events })
}

/// The events of one dose: as many as it says; of what goes into joints, a syringe for each.
///
/// Elsewhere containers say nothing, because one treatment with cells or with a gene may take several bags or vials.
fn of_dose(dose: &Dose<'_>) -> Option<u32> {
    let given = dose.drug.dose_administered;
    match given {
        Some(amount) if amount.value.is_zero() => return Some(0),
        Some(amount) if amount.unit == Unit::Dose => return counted(amount).ok(),
        _ => {}
    }
    if !is_into_joints(dose) {
        return Some(1);
    }
    let syringes: u32 = dose.drug.containers.iter().map(|container| container.count).sum();
    let stated = given.filter(|amount| amount.unit.measure() == Measure::Count).map(counted);
    let sides = if dose.drug.laterality == Some(Laterality::Bilateral) { 2 } else { 1 };
    match (stated, syringes) {
        (Some(stated), _) => stated.ok(),
        (None, 0) => Some(sides),
        (None, syringes) => Some(syringes),
    }
}

/// Whether the dose goes into a joint, by its own route or by the only one that the code has.
fn is_into_joints(dose: &Dose<'_>) -> bool {
    let only = dose.listed.is_some_and(|drug| matches!(*drug.routes, [Route::Intraarticular]));
    only || dose.administration.route == Some(Route::Intraarticular)
}
