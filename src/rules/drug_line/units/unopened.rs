//! Containers of a dose that lists none, where the code counts them: by what one holds (rule U-09).

use super::*;
use crate::domain::drug::Container;
use crate::domain::finding::{Reason, Severity};
use crate::domain::quantity::Unit;
use crate::engine::Coding;
use crate::engine::trail::{Value, fact};
use crate::rules::drug_line::package;
use crate::rules::drug_line::treatment::{Dose, Possibility, ask, drug_at};

/// Answers that are offered for the number of containers.
const OFFERED: u32 = 2;

/// How many containers a dose took; a dose that counts things says so itself, and an amount is so many as hold it.
pub(super) fn count(
    coding: &mut Coding<'_>,
    dose: &Dose<'_>,
    unit: BillingUnit,
    given: Quantity,
) -> Option<u32> {
    let is_bag = is_blood(coding, dose) && given.unit.measure() == Measure::BiologicalUnits;
    if is_bag {
        return counted(Quantity::new(given.value, Unit::Each)).ok();
    }
    if given.unit.measure() == Measure::Count {
        return counted(given).ok();
    }
    if given.value.is_zero() {
        return Some(0);
    }
    let Some((content, count)) = by_content(coding, dose, unit, given) else {
        ask_count(coding, dose, given);
        return None;
    };
    let facts = [
        fact::given("dose", Value::Quantity(given)),
        fact::catalog("content", Value::Quantity(content)),
        fact::derived("count", Value::Count(i64::from(count))),
    ];
    let text = "{dose} out of containers of {content} takes {count} of them";
    coding.result.trail.fired(&U_09, dose.subject(), text, &facts);
    Some(count)
}

/// What one container holds, and how many of them hold the dose.
fn by_content(
    coding: &Coding<'_>,
    dose: &Dose<'_>,
    unit: BillingUnit,
    given: Quantity,
) -> Option<(Quantity, u32)> {
    let rows = &coding.policy.drug_line.container_contents;
    let listed = rows.iter().find(|row| row.code == dose.code).map(|row| row.quantity);
    let content = unit.limit.or(listed)?;
    let one = unit_amount(content).ok()?;
    let amount = convert::in_measure(given, content.unit.measure(), dose.per_ml, LastPlace::Up).ok()?;
    let (whole, is_inexact) = divided(amount, one);
    let count = u32::try_from(whole + i128::from(is_inexact)).ok()?;
    // Of a product of two drugs the limit is that of one, and a larger dose may be that of both.
    let is_plain = !dose.version.flags.has(crate::catalog::CodeFlag::TwoComponents);
    (is_plain || count == 1).then_some((content, count))
}

fn is_blood(coding: &Coding<'_>, dose: &Dose<'_>) -> bool {
    let ranges = &coding.policy.drug_line.blood_product_codes;
    ranges.iter().any(|(first, last)| (*first..=*last).contains(&dose.code))
}

fn ask_count(coding: &mut Coding<'_>, dose: &Dose<'_>, given: Quantity) {
    let facts = [fact::given("dose", Value::Quantity(given)), fact::catalog("code", Value::Code(dose.code))];
    let text = "{code} counts containers, and nothing tells how many {dose} took: list the containers that were opened; until then no line is billed";
    let field = dose.field("containers");
    coding.find(Severity::Block, Reason::MissingContainers, field, &U_09, text, &facts);
    let at = dose.at;
    let opened = |count: u32| -> Possibility<'_> {
        let label = if count == 1 { "one was opened".to_owned() } else { format!("{count} were opened") };
        let supply = move |encounter: &mut crate::domain::encounter::Encounter| {
            let container = Container {
                content: package::UNSTATED,
                volume: None,
                count,
                kind: None,
                form: None,
                ndc: None,
                lot_number: None,
                shared_with_later_patient: false,
            };
            drug_at(encounter, at).containers = [container].into_iter().collect();
        };
        (label, Box::new(supply))
    };
    let possibilities = (1..=OFFERED).map(opened).collect();
    ask(coding, field, &U_09, "How many containers were opened for {dose}?", &facts, possibilities);
}

/// Whether an amount was counted in vials that nothing lists, so that it is not known what was thrown away.
pub fn are_unlisted(treatment: &crate::rules::drug_line::treatment::Treatment<'_>) -> bool {
    let is_unlisted = |dose: &Dose<'_>| {
        let given = dose.drug.dose_administered;
        dose.billing.is_ok_and(|unit| unit.quantity.unit == Unit::Vial)
            && dose.drug.containers.is_empty()
            && dose.drug.dose_discarded.is_none()
            && given.is_some_and(|given| given.unit.measure() != Measure::Count)
    };
    treatment.doses.iter().any(|dose| is_unlisted(dose))
}
