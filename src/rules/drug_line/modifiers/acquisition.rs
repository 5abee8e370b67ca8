//! The modifier of a drug bought under 340B (rules M-06, M-07).

use super::{M_06, Modifier};
use crate::catalog::CodeFlag;
use crate::domain::encounter::{Entity340b, OffCampus};
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::engine::Coding;
use crate::engine::trail::{Value, fact};
use crate::policy::parameters::EntityModifier;
use crate::rules::drug_line::treatment::{Possibility, Treatment, ask};
use crate::rules::drug_line::waste::scope;

/// The status indicator of drugs that are paid beside the system for their first years.
const PASS_THROUGH: &str = "G";

/// JG or TB, by the entity, the department, the status of the drug and the date.
pub(super) fn modifier(coding: &mut Coding<'_>, treatment: &Treatment<'_>) -> Option<Modifier> {
    let parameters = &coding.policy.drug_line;
    let is_acquired = treatment.doses.iter().any(|dose| dose.drug.acquired_340b);
    let is_in_scope = || {
        parameters.settings_340b.contains(&coding.encounter.setting)
            && !scope::is_packaged(coding, treatment)
            && !treatment.version().flags.has(CodeFlag::Vaccine)
    };
    if !is_acquired || !is_in_scope() || parameters.modifiers_340b.is_empty() {
        return None;
    }
    let row = match coding.encounter.entity_340b {
        Some(entity) => parameters.modifiers_340b.iter().find(|row| row.entity == entity),
        None => row_of_all(&parameters.modifiers_340b),
    };
    if row.is_none() && coding.encounter.entity_340b.is_none() {
        ask_entity(coding);
        return None;
    }
    if !*parameters.modifiers_340b_verified {
        let text = "No source confirms the 340B modifiers for this date; one modifier for all is expected";
        let field = treatment.field("acquired_340b");
        coding.find(Severity::Info, Reason::ModifierUnverified, field, &M_06, text, &[]);
    }
    Some(of_row(coding, treatment, row?))
}

/// A row that stands for every kind of entity, where the table has one modifier for all.
fn row_of_all(rows: &[EntityModifier]) -> Option<&EntityModifier> {
    let (first, others) = rows.split_first()?;
    let is_same = |row: &EntityModifier| {
        (row.modifier, row.non_excepted, row.pass_through)
            == (first.modifier, first.non_excepted, first.pass_through)
    };
    others.iter().all(is_same).then_some(first)
}

/// The kind of entity decides, and it is not stated.
fn ask_entity(coding: &mut Coding<'_>) {
    let text = "The drug was bought under 340B and the kind of entity is not stated, so its modifier cannot be chosen";
    let field = Field::Encounter("entity_340b");
    coding.find(Severity::Warn, Reason::MissingModifierFact, field, &M_06, text, &[]);
    let possibilities: Vec<Possibility<'_>> = coding
        .policy
        .drug_line
        .modifiers_340b
        .iter()
        .map(|row| -> Possibility<'_> {
            let entity = row.entity;
            (label(entity).to_owned(), Box::new(move |encounter| encounter.entity_340b = Some(entity)))
        })
        .collect();
    let text = "Which kind of 340B entity bought the drug?";
    ask(coding, field, &M_06, text, &[], possibilities);
}

const fn label(entity: Entity340b) -> &'static str {
    match entity {
        Entity340b::DisproportionateShare => "disproportionate share hospital",
        Entity340b::RuralReferralCenter => "rural referral center",
        Entity340b::CriticalAccess => "critical access hospital",
        Entity340b::MarylandWaiver => "hospital under the Maryland waiver",
        Entity340b::NonExceptedOffCampus => "non-excepted off-campus department",
        Entity340b::RuralSoleCommunity => "rural sole community hospital",
        Entity340b::Childrens => "children's hospital",
        Entity340b::CancerCenter => "cancer hospital exempt from the payment system",
        Entity340b::Grantee => "federal grantee",
    }
}

fn of_row(coding: &mut Coding<'_>, treatment: &Treatment<'_>, row: &EntityModifier) -> Modifier {
    let is_non_excepted = coding.encounter.off_campus == Some(OffCampus::NonExcepted);
    let own = row.non_excepted.filter(|_| is_non_excepted).unwrap_or(row.modifier);
    let Some(pass_through) = row.pass_through.filter(|other| *other != own) else { return own };
    let date = coding.date;
    // A table of a later quarter says nothing of pass-through status before it.
    let status = coding.catalog.status_indicator(treatment.code(), date);
    match status.filter(|status| status.quarter.first_day() <= date) {
        Some(status) if status.value.as_str() == PASS_THROUGH => pass_through,
        Some(_) => own,
        None => {
            let facts = [
                fact::derived("modifier", Value::Modifier(own)),
                fact::derived("other", Value::Modifier(pass_through)),
            ];
            let text = "The catalog holds no payment status of the drug for the date: {modifier} is right unless the drug had pass-through status, which takes {other}";
            let field = treatment.field("acquired_340b");
            coding.find(Severity::Info, Reason::ModifierUnverified, field, &M_06, text, &facts);
            own
        }
    }
}
