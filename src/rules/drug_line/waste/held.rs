//! Why a JW line waits: a container, its kind or its part of a mixed dose is not told, and each is asked for.

use super::*;
use crate::domain::drug::{Container, ContainerKind, DrugGiven};
use crate::domain::encounter::Setting;
use crate::domain::quantity::{Measure, Quantity};
use crate::rules::drug_line::treatment::drug_at;

/// More was given than the listed containers hold: one is missing from the list, or the rest was overfill (rule W-09).
pub(super) fn ask_short(
    coding: &mut Coding<'_>,
    treatment: &Treatment<'_>,
    measured: &Measured,
    content: i128,
) {
    let facts = [
        fact::given("dose", measured.readable(measured.administered)),
        fact::given("content", measured.readable(content)),
    ];
    let mut possibilities: Vec<Possibility<'_>> = Vec::new();
    // Where several doses were given nobody knows which of them the answer is of.
    if let ([dose], Value::Quantity(content)) = (treatment.doses, measured.readable(content)) {
        let at = dose.at;
        let label = format!("the listed containers alone: {content}, and the rest was overfill");
        let capped = move |encounter: &mut Encounter| {
            drug_at(encounter, at).dose_administered = Some(content);
        };
        possibilities.push((label, Box::new(capped)));
        let further = move |encounter: &mut Encounter| {
            let drug = drug_at(encounter, at);
            drug.containers.last_mut().into_iter().for_each(|last| last.count = last.count.saturating_add(1));
        };
        possibilities.push(("one more container like the last".to_owned(), Box::new(further)));
    }
    let text = "{dose} was given of containers that hold {content}: which containers were opened?";
    ask(coding, treatment.field("containers"), &W_09, text, &facts, possibilities);
}

/// Whether the visit lists no container at all for the code of a treatment.
pub fn is_without_container(treatment: &Treatment<'_>, doses: &[Dose<'_>]) -> bool {
    let mut of_code = doses.iter().filter(|dose| dose.code == treatment.code());
    of_code.all(|dose| dose.drug.containers.is_empty())
}

/// A discarded amount in a measure that the code does not count: neither it nor what the containers leave can be held
/// against the other (rule W-14).
#[inline]
pub(super) fn holds_incomparable(
    coding: &mut Coding<'_>,
    treatment: &Treatment<'_>,
    measured: &Measured,
) -> bool {
    for dose in treatment.doses {
        if let Some(discarded) = dose.drug.dose_discarded
            && opened::documented_amount(dose, measured).is_none()
        {
            ask_discarded(coding, dose, measured, discarded);
            return true;
        }
    }
    false
}

/// Asks how much drug a discarded amount of another measure was.
#[cold]
fn ask_discarded(coding: &mut Coding<'_>, dose: &Dose<'_>, measured: &Measured, discarded: Quantity) {
    let facts =
        [fact::given("discarded", Value::Quantity(discarded)), fact::catalog("code", Value::Code(dose.code))];
    let field = dose.field("dose_discarded");
    let is_volume = discarded.unit.measure() == Measure::Volume || measured.measure() == Measure::Volume;
    let (reason, text) = if is_volume {
        (
            Reason::MissingConcentration,
            "The discarded {discarded} cannot be counted in the measure of {code} without a concentration: state the amount per mL; until then neither JW nor JZ can be attested",
        )
    } else {
        (
            Reason::IncompatibleUnits,
            "The discarded {discarded} is in another measure than {code} counts: state it in that of the dose; until then neither JW nor JZ can be attested",
        )
    };
    coding.find(Severity::Block, reason, field, &W_14, text, &facts);
    let at = dose.at;
    let bare = DrugGiven { dose_discarded: None, ..dose.drug.clone() };
    let left = opened::rest_of(&bare).map(|left| -> Possibility<'_> {
        let supply = move |encounter: &mut Encounter| drug_at(encounter, at).dose_discarded = Some(left);
        (format!("{left}, all that the containers left"), Box::new(supply))
    });
    let text = "How much drug was in the discarded {discarded}?";
    ask(coding, field, &W_14, text, &facts, left.into_iter().collect());
}

/// A discarded amount without any container: the record must show the size of the vial too (row G-23), so the JW line
/// is withheld and asked about, unless the policy bills what is not documented.
pub(super) fn holds_without(
    coding: &mut Coding<'_>,
    treatment: &Treatment<'_>,
    measured: &Measured,
    found: &Found,
) -> bool {
    let content = measured.administered.saturating_add(found.rest);
    let facts = [
        fact::given("discarded", measured.readable(found.rest)),
        fact::derived("units", Value::Count(i64::from(found.units))),
    ];
    let field = treatment.field("containers");
    if *coding.policy.drug_line.undocumented_discard == UndocumentedDiscard::Bill {
        let text = "{discarded} was discarded and no container is listed that held it; {units} units are billed as discarded";
        coding.find(Severity::Warn, Reason::MissingContainers, field, &W_14, text, &facts);
        return false;
    }
    let text = "{discarded} was discarded and no container is listed that held it: the JW line of {units} units is withheld until the size and the kind of the container are stated";
    coding.find(Severity::Block, Reason::MissingContainers, field, &W_14, text, &facts);
    let Value::Quantity(content) = measured.readable(content) else { return true };
    let at = treatment.first().at;
    let kinds = [("single-dose", ContainerKind::SingleDose), ("multi-dose", ContainerKind::MultiDose)];
    let possibilities = kinds.map(|(label, kind)| -> Possibility<'_> {
        let supply = move |encounter: &mut Encounter| {
            let opened = Container {
                content,
                volume: None,
                count: 1,
                kind: Some(kind),
                form: None,
                ndc: None,
                lot_number: None,
                shared_with_later_patient: false,
            };
            drug_at(encounter, at).containers = vec![opened];
        };
        (format!("{label} containers of {content} in all"), Box::new(supply))
    });
    let text = "Which containers held the {discarded} that were discarded?";
    ask(coding, field, &W_14, text, &facts, possibilities.into());
    true
}

/// A supplier's discarded amount of which the record does not say who threw it away: what was lost in preparation is
/// billed with JW, and what the patient discards never is (rule Z-07).
pub(super) fn holds_for_supplier(
    coding: &mut Coding<'_>,
    treatment: &Treatment<'_>,
    measured: &Measured,
    opened: &Opened,
) -> bool {
    let discarded = opened.documented.unwrap_or_default();
    let reports_preparation = *coding.policy.drug_line.dme_discard_reporting == DiscardReporting::JwAndJz;
    let is_told = treatment.doses.iter().any(|dose| dose.drug.discard_reason.is_some());
    if coding.encounter.setting != Setting::DmeSupplier
        || !reports_preparation
        || is_told
        || discarded < measured.one
    {
        return false;
    }
    let facts = [fact::given("discarded", measured.readable(discarded))];
    let field = treatment.field("discard_reason");
    let text = "{discarded} was discarded and the record does not say by whom: JW is for what the supplier lost in preparation, so neither JW nor JZ can be attested";
    coding.find(Severity::Block, Reason::DiscardNotDocumented, field, &Z_07, text, &facts);
    let reasons = [
        ("the supplier, during preparation", DiscardReason::DuringPreparation),
        ("the patient, at home", DiscardReason::ByPatient),
    ];
    let possibilities = reasons
        .map(|(label, reason)| treatment.possibly(label, move |drug| drug.discard_reason = Some(reason)));
    ask(coding, field, &Z_07, "Who discarded the {discarded}?", &facts, possibilities.into());
    true
}

/// A drug that is sold in single-dose and in multi-dose containers: only of the former is the rest paid for (rule W-07).
pub(super) fn ask_kind(
    coding: &mut Coding<'_>,
    treatment: &Treatment<'_>,
    measured: &Measured,
    found: &Found,
) {
    let facts = [
        fact::given("discarded", measured.readable(found.rest)),
        fact::derived("units", Value::Count(i64::from(found.units))),
        fact::given("drug", Value::Of(treatment.field(""))),
    ];
    let field = treatment.field("containers");
    let text = "{drug} is sold in single-dose and in multi-dose containers, and the kind of the opened ones is not stated: the JW line of {units} units is withheld";
    coding.find(Severity::Block, Reason::MissingContainers, field, &W_07, text, &facts);
    let kinds = [("single-dose", ContainerKind::SingleDose), ("multi-dose", ContainerKind::MultiDose)];
    let possibilities = kinds.map(|(label, kind)| {
        treatment.possibly(label, move |drug| {
            let containers = drug.containers.iter_mut();
            containers.filter(|one| one.kind.is_none()).for_each(|one| one.kind = Some(kind));
        })
    });
    let text = "Of which kind were the containers of {drug}?";
    ask(coding, field, &W_07, text, &facts, possibilities.into());
}

/// Single-dose and multi-dose containers for one dose: what was left of which is not told by their sum (rule W-07).
///
/// Reports whether the answer has to wait for it.
pub(super) fn holds_mixed(
    coding: &mut Coding<'_>,
    treatment: &Treatment<'_>,
    measured: &Measured,
    opened: &Opened,
) -> bool {
    let possible = opened.payable.min((opened.content - measured.administered).max(0));
    let none = Quantity::new(Default::default(), measured.unit);
    if opened.documented == Some(0) || possible < measured.one {
        return false;
    }
    let facts = [
        fact::given("single", measured.readable(opened.payable)),
        fact::given("others", measured.readable(opened.content - opened.payable)),
    ];
    let field = treatment.field("containers");
    let text = "Single-dose containers of {single} and others of {others} were opened for one dose, and only what was left of the former is paid for: neither JW nor JZ can be attested until the record says how much came out of which. State each kind as a drug of its own, with its part of the dose";
    coding.find(Severity::Block, Reason::DiscardNotDocumented, field, &W_07, text, &facts);
    let at = treatment.first().at;
    let used_up: Possibility<'_> = (
        "nothing of the single-dose containers was discarded".to_owned(),
        Box::new(move |encounter| drug_at(encounter, at).dose_discarded = Some(none)),
    );
    let text = "How much of the single-dose containers was discarded?";
    ask(coding, field, &W_07, text, &facts, vec![used_up]);
    true
}
