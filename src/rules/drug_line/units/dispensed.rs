//! What a supplier sent to the patient's home: the dose of one use, or all that the containers hold (rules U-17, Z-07).

use super::*;
use crate::domain::drug::{Container, DiscardReason};
use crate::domain::encounter::{Encounter, Setting};
use crate::domain::finding::{Reason, Severity};
use crate::engine::Coding;
use crate::engine::trail::{Value, fact};
use crate::rules::drug_line::package;
use crate::rules::drug_line::treatment::{Dose, Possibility, Treatment, ask, drug_at};
use crate::rules::drug_line::waste::scope;

/// Whether a supplier's containers hold more units than its dose and the record does not say what became of the rest.
///
/// A patient at home takes one vial after another, so a dose beside sixty vials may be that of one use or all that was
/// sent; the two differ sixtyfold, and the line waits for the answer.
pub(super) fn is_open(coding: &mut Coding<'_>, treatment: &Treatment<'_>, measured: &Measured) -> bool {
    // Tablets are counted out of the bottle that a container names, and a bulk package serves many patients.
    let is_counted_out =
        || scope::is_bulk(treatment) || treatment.doses.iter().all(|dose| scope::is_loose(dose));
    if coding.encounter.setting != Setting::DmeSupplier || tells_the_rest(treatment) || is_counted_out() {
        return false;
    }
    let Some(content) = content(treatment, measured) else { return false };
    let rounding = *coding.policy.drug_line.unit_rounding;
    let units = |amount| administered_units(amount, measured.one, rounding);
    let (Ok(held), Ok(stated)) = (units(content), units(measured.administered)) else { return false };
    if stated == 0 || held <= stated {
        return false;
    }
    let facts = [
        fact::given("drug", Value::Of(treatment.field(""))),
        fact::given("dose", measured.readable(measured.administered)),
        fact::given("content", measured.readable(content)),
    ];
    let field = treatment.field("dose_administered");
    let text = "The dose of {drug} is {dose} and its containers hold {content}: a supplier bills what it dispensed, and the record does not say which of the two that is, so the line is withheld";
    coding.find(Severity::Block, Reason::MissingDose, field, &U_17, text, &facts);
    let possibilities = possibilities(treatment, measured, content - measured.administered);
    ask(coding, field, &U_17, "How much of {drug} was dispensed?", &facts, possibilities);
    true
}

/// Everything that the containers of one dose hold was dispensed; nothing to offer where no container tells an amount.
pub(super) fn all_of(coding: &Coding<'_>, dose: &Dose<'_>) -> Option<Possibility<'static>> {
    if coding.encounter.setting != Setting::DmeSupplier {
        return None;
    }
    let content = held(dose)?;
    let at = dose.at;
    let supply = move |encounter: &mut Encounter| drug_at(encounter, at).dose_administered = Some(content);
    Some((format!("all that the containers hold: {content}"), Box::new(supply)))
}

/// The record says what became of drug that the dose does not account for, before it left the supplier.
fn tells_the_rest(treatment: &Treatment<'_>) -> bool {
    treatment.doses.iter().any(|dose| match dose.drug.discard_reason {
        // What the patient threw away had been dispensed, and the dose may be what the patient used.
        Some(DiscardReason::ByPatient) => false,
        reason => reason.is_some() || dose.drug.dose_discarded.is_some(),
    })
}

/// What all containers hold in the base of the code's measure, rounded **down**; nothing where one cannot be counted.
fn content(treatment: &Treatment<'_>, measured: &Measured) -> Option<i128> {
    let mut sum: i128 = 0;
    for dose in treatment.doses {
        for container in &dose.drug.containers {
            let one =
                convert::in_measure(container.content, measured.measure(), dose.per_ml, LastPlace::Down);
            sum = sum.checked_add(one.ok()?.checked_mul(i128::from(container.count))?)?;
        }
    }
    Some(sum)
}

/// What the containers of one dose hold, in the unit of their label.
fn held(dose: &Dose<'_>) -> Option<Quantity> {
    let stated = |one: &Container| (one.content != package::UNSTATED).then_some(one.content);
    let mut contents = dose.drug.containers.iter().map(|one| stated(one)?.checked_times(one.count));
    let first = contents.next()??;
    contents.try_fold(first, |sum, one| sum.checked_add(one?))
}

/// What may have been dispensed: everything, the dose with waste of the preparation, or the dose alone.
fn possibilities(treatment: &Treatment<'_>, measured: &Measured, rest: i128) -> Vec<Possibility<'static>> {
    let at = treatment.first().at;
    let mut possible: Vec<Possibility<'static>> = Vec::new();
    let all: Option<Vec<_>> = treatment.doses.iter().map(|dose| Some((dose.at, held(dose)?))).collect();
    if let Some(all) = all {
        let supply = move |encounter: &mut Encounter| {
            for &(at, content) in &all {
                drug_at(encounter, at).dose_administered = Some(content);
            }
        };
        possible.push(("all that the containers hold".to_owned(), Box::new(supply)));
    }
    if let Value::Quantity(rest) = measured.readable(rest) {
        let supply = move |encounter: &mut Encounter| {
            let drug = drug_at(encounter, at);
            drug.dose_discarded = Some(rest);
            drug.discard_reason = Some(DiscardReason::DuringPreparation);
        };
        let label = format!("the dose as stated, and {rest} was discarded during preparation");
        possible.push((label, Box::new(supply)));
    }
    let none = Quantity::new(Default::default(), measured.unit);
    let supply = move |encounter: &mut Encounter| {
        let drug = drug_at(encounter, at);
        drug.dose_discarded = Some(none);
        drug.discard_reason = None;
    };
    possible.push(("the dose as stated, and nothing was discarded".to_owned(), Box::new(supply)));
    possible
}
