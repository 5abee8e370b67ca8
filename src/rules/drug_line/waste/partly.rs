//! A dose that was stopped early: how much of what was left is discarded drug (rule W-13).

use super::*;
use crate::rules::drug_line::treatment::{drug_at, readable};

/// What counts as discarded drug by the policy's reading, with a finding where another one bills otherwise.
///
/// Nothing where the reading needs the ordered dose and the record lacks it.
pub(super) fn rest(
    coding: &mut Coding<'_>,
    treatment: &Treatment<'_>,
    measured: &Measured,
    opened: &Opened,
    left: i128,
    administered_units: u32,
) -> Option<i128> {
    let reading = &coding.policy.drug_line.partly_administered;
    let rest = match (**reading, measured.ordered(treatment)) {
        (PartlyAdministered::RestAfterAdministered, _) => left,
        (PartlyAdministered::NotBilled, _) => 0,
        (PartlyAdministered::RestAfterOrdered, Some(ordered)) => {
            (opened.payable - ordered.max(measured.administered)).clamp(0, left)
        }
        (PartlyAdministered::RestAfterOrdered, None) if left > 0 => {
            ask_order(coding, treatment, measured, opened, left);
            return None;
        }
        (PartlyAdministered::RestAfterOrdered, None) => 0,
    };
    // No more was discarded than the record shows.
    let rest = opened.documented.map_or(rest, |documented| rest.min(documented));
    let units = |rest| units_of_rest(coding, measured, rest, administered_units);
    let (counted, most) = (units(rest), units(left));
    let facts = [
        fact::derived("left", measured.readable(left)),
        fact::derived("discarded", measured.readable(rest)),
        fact::derived("units", Value::Count(i64::from(counted))),
        fact::derived("most", Value::Count(i64::from(most))),
        fact::parameter("reading", Value::Label(label(**reading)), reading),
    ];
    let text = "The dose was stopped early: of {left} left, {discarded} counts as discarded drug";
    coding.result.trail.fired(&W_13, treatment.subject(), text, &facts);
    if most > 0 {
        let text = "The dose was stopped early and {left} was left; this policy counts {reading}, {units} units. Sources disagree: other readings count all that was left ({most} units), the label less the ordered dose, or nothing";
        let field = treatment.field("discard_reason");
        coding.find(Severity::Warn, Reason::DisputedRule, field, &W_13, text, &facts);
    }
    Some(rest)
}

const fn label(reading: PartlyAdministered) -> &'static str {
    match reading {
        PartlyAdministered::RestAfterOrdered => "the label less the ordered dose as discarded",
        PartlyAdministered::RestAfterAdministered => "all that was left as discarded",
        PartlyAdministered::NotBilled => "nothing of it as discarded",
    }
}

/// Without the ordered dose neither JW nor JZ can be judged.
fn ask_order(
    coding: &mut Coding<'_>,
    treatment: &Treatment<'_>,
    measured: &Measured,
    opened: &Opened,
    left: i128,
) {
    let field = treatment.field("dose_ordered");
    let facts = [
        fact::derived("left", measured.readable(left)),
        fact::derived("content", measured.readable(opened.payable)),
        fact::missing("ordered dose"),
    ];
    let text = "The dose was stopped early and {left} was left; what of it is discarded drug follows from the ordered dose, which is not stated: JW is withheld, and JZ cannot be attested";
    coding.find(Severity::Block, Reason::MissingDose, field, &W_13, text, &facts);
    let doses: Vec<(u16, u16)> = treatment.doses.iter().map(|dose| dose.at).collect();
    let [at] = doses.as_slice() else { return };
    let (at, unit) = (*at, measured.unit);
    let possibilities = [("all of the content", opened.payable), ("the dose given", measured.administered)];
    let possibilities = possibilities.into_iter().filter_map(|(label, amount)| -> Option<Possibility<'_>> {
        let Value::Quantity(amount) = readable(amount, unit) else { return None };
        let supply = move |encounter: &mut Encounter| {
            drug_at(encounter, at).dose_ordered = Some(amount);
        };
        Some((format!("{amount}, {label}"), Box::new(supply)))
    });
    let text = "Which dose of this drug was ordered?";
    ask(coding, field, &W_13, text, &facts, possibilities.collect());
}
