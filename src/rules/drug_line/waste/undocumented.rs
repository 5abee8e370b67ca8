//! A remainder that the record does not account for: neither JW nor JZ until it is settled (rule W-14).

use super::*;

/// What keeps a remainder from being billed as discarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    /// The record has no entry of what became of it.
    NoEntry,
    /// The request states a discarded amount, and that the record has no entry of it.
    Contradiction,
}

/// What the record lacks for the discarded amount of a treatment, if anything.
pub(super) fn gap(encounter: &Encounter, treatment: &Treatment<'_>) -> Option<Gap> {
    let visit = encounter.documentation.discard_recorded;
    let recorded = |dose: &Dose<'_>| dose.administration.documentation.discard_recorded.or(visit);
    let is_stated = |dose: &Dose<'_>| dose.drug.dose_discarded.is_some();
    let doses = || treatment.doses.iter();
    let is_denied = |dose: &Dose<'_>| {
        recorded(dose) == Some(false)
            && dose.drug.dose_discarded.is_some_and(|amount| !amount.value.is_zero())
    };
    if doses().any(|dose| is_denied(dose)) {
        return Some(Gap::Contradiction);
    }
    let is_documented = doses().any(|dose| is_stated(dose) || recorded(dose) == Some(true));
    (!is_documented).then_some(Gap::NoEntry)
}

/// A remainder without an entry in the record: neither JW nor JZ until it is settled (rule W-14).
pub(super) fn hold(
    coding: &mut Coding<'_>,
    treatment: &Treatment<'_>,
    doses: &[Dose<'_>],
    measured: &Measured,
    found: &Found,
    gap: Gap,
) -> Discard {
    let facts: [NotedFact; 2] = [
        fact::derived("left", measured.readable(found.rest)),
        fact::derived("units", Value::Count(i64::from(found.units))),
    ];
    let amount = Some(found.rest);
    if *coding.policy.drug_line.undocumented_discard == UndocumentedDiscard::Bill {
        let text = match gap {
            Gap::NoEntry => {
                "{left} was left and the record does not say what became of it; {units} units are billed as discarded"
            }
            Gap::Contradiction => {
                "{left} is stated as discarded, and also that the record has no such entry: correct one of the two; {units} units are billed as discarded"
            }
        };
        coding.find(
            Severity::Warn,
            Reason::DiscardNotDocumented,
            treatment.field("dose_discarded"),
            &W_14,
            text,
            &facts,
        );
        return Discard { jw_units: found.units, amount, ..Discard::default() };
    }
    let field = treatment.field("dose_discarded");
    let text = match gap {
        Gap::NoEntry => {
            "{left} was left in the opened containers and the record has no discarded amount: the JW line of {units} units is withheld, and JZ cannot be attested"
        }
        Gap::Contradiction => {
            "{left} is stated as discarded, and also that the record has no such entry: the JW line of {units} units is withheld until one of the two is corrected, and JZ cannot be attested"
        }
    };
    coding.find(Severity::Block, Reason::DiscardNotDocumented, field, &W_14, text, &facts);
    let possibilities = possible_fates(treatment, doses, measured, found);
    let text = "What became of the {left} left in the containers of this drug?";
    ask(coding, field, &W_14, text, &facts, possibilities);
    Discard::default()
}

/// What may have become of the rest: discarded, as far as the doses of later dates left any of it, or not.
fn possible_fates(
    treatment: &Treatment<'_>,
    doses: &[Dose<'_>],
    measured: &Measured,
    found: &Found,
) -> Vec<Possibility<'static>> {
    let (at, unit) = (treatment.first().at, measured.unit);
    let spare = balance::spare(treatment, doses, measured);
    let all: Vec<u16> = treatment.doses.iter().map(|dose| dose.at.0).collect();
    let discarded: Option<Possibility<'static>> = if spare.is_none_or(|spare| spare >= found.rest) {
        // Only this treatment is spoken of; another one of the visit has a question of its own.
        let supply = move |encounter: &mut Encounter| {
            for &index in &all {
                encounter.administrations[usize::from(index)].documentation.discard_recorded = Some(true);
            }
        };
        Some(("the record shows that it was discarded".to_owned(), Box::new(supply)))
    } else {
        match measured.readable(spare.unwrap_or_default()) {
            Value::Quantity(amount) if !amount.value.is_zero() && !amount.value.is_negative() => {
                let supply = move |encounter: &mut Encounter| {
                    crate::rules::drug_line::treatment::drug_at(encounter, at).dose_discarded = Some(amount);
                };
                let label = format!("{amount} was discarded, and the others were given on a later date");
                Some((label, Box::new(supply)))
            }
            _ => None,
        }
    };
    let none = crate::domain::quantity::Quantity::new(Default::default(), unit);
    let kept = move |encounter: &mut Encounter| {
        crate::rules::drug_line::treatment::drug_at(encounter, at).dose_discarded = Some(none);
    };
    discarded.into_iter().chain([("nothing was discarded".to_owned(), Box::new(kept) as _)]).collect()
}
