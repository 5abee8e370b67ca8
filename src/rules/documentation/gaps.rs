//! The gaps of a record: what the request says it does not hold.

use super::report;
use super::stake::{self, Scope};
use super::{DOC_2, DOC_4, G_30, G_32, G_33, G_34};
use crate::domain::encounter::{Administration, Documentation, Encounter, Route};
use crate::domain::field::Field;
use crate::domain::finding::Reason;
use crate::engine::Coding;
use crate::policy::parameters::{GapSeverities, GapSeverity};
use crate::rules::Rule;

/// What is missing, and what rests on it: the lines, and their value where a payment limit is known.
macro_rules! at_stake {
    ($missing:literal) => {
        concat!($missing, "; lines that rest on it: {lines}[, worth ${dollars} at the payment limits known].")
    };
}

/// Something the record does not hold.
pub(super) struct Gap {
    pub field: Field,
    pub rule: &'static Rule,
    pub reason: Reason,
    pub severity: GapSeverity,
    pub scope: Scope,
    pub text: &'static str,
    pub question: &'static str,
    /// Writes the answer to the question into the visit.
    pub record: fn(&mut Encounter, bool),
}

/// A part of the record that the request speaks of for the visit as a whole.
struct Part {
    name: &'static str,
    field: &'static str,
    rule: &'static Rule,
    scope: Scope,
    stated: fn(&Documentation) -> Option<bool>,
    severity: fn(&GapSeverities) -> GapSeverity,
    text: &'static str,
    question: &'static str,
    record: fn(&mut Encounter, bool),
}

const PARTS: &[Part] = &[
    Part {
        name: "signed order",
        field: "documentation.orderSigned",
        rule: &G_30,
        scope: Scope::EveryLine,
        stated: |documentation| documentation.order_signed,
        severity: |severities| severities.order,
        text: at_stake!("The record holds no signed order"),
        question: "Is a signed order on record?",
        record: |visit, held| visit.documentation.order_signed = Some(held),
    },
    Part {
        name: "nursing assessment",
        field: "documentation.nursingAssessment",
        rule: &G_32,
        scope: Scope::Administrations,
        stated: |documentation| documentation.nursing_assessment,
        severity: |severities| severities.nursing_assessment,
        text: at_stake!("The record holds no nursing assessment"),
        question: "Is the nurse's assessment on record?",
        record: |visit, held| visit.documentation.nursing_assessment = Some(held),
    },
    Part {
        name: "adverse reactions or their absence",
        field: "documentation.adverseReactions",
        rule: &G_32,
        scope: Scope::Administrations,
        stated: |documentation| documentation.adverse_reactions,
        severity: |severities| severities.adverse_reactions,
        text: at_stake!("The record says nothing of adverse reactions or their absence"),
        question: "Does the record say whether there were adverse reactions?",
        record: |visit, held| visit.documentation.adverse_reactions = Some(held),
    },
    Part {
        name: "patient's response",
        field: "documentation.patientResponse",
        rule: &G_32,
        scope: Scope::Administrations,
        stated: |documentation| documentation.patient_response,
        severity: |severities| severities.patient_response,
        text: at_stake!("The record does not hold the patient's response"),
        question: "Is the patient's response on record?",
        record: |visit, held| visit.documentation.patient_response = Some(held),
    },
    Part {
        name: "plan of care",
        field: "documentation.planOfCare",
        rule: &G_34,
        scope: Scope::Chemotherapy,
        stated: |documentation| documentation.plan_of_care,
        severity: |severities| severities.plan_of_care,
        text: at_stake!("The record holds no plan of care"),
        question: "Is a plan of care with the treatment protocol on record?",
        record: |visit, held| visit.documentation.plan_of_care = Some(held),
    },
    Part {
        name: "reason for hydration",
        field: "documentation.hydrationNecessity",
        rule: &DOC_2,
        scope: Scope::Hydration,
        stated: |documentation| documentation.hydration_necessity,
        severity: |severities| severities.hydration_necessity,
        text: at_stake!("The record does not say why hydration was necessary"),
        question: "Are the signs or symptoms that made hydration necessary on record?",
        record: |visit, held| visit.documentation.hydration_necessity = Some(held),
    },
];

/// Reports every gap that the request states, those of the visit first.
pub(super) fn report_all(coding: &mut Coding<'_>) {
    let (encounter, policy) = (coding.encounter, coding.policy);
    let severities = &policy.documentation.gap_severity;
    for part in PARTS.iter().filter(|part| (part.stated)(&encounter.documentation) == Some(false)) {
        // A gap that another rule has reported already is not reported twice.
        let field = Field::Encounter(part.field);
        if !coding.result.findings.iter().any(|finding| finding.field == field) {
            report(coding, &part.gap(severities), &mut None);
        }
    }
    // What an administration or a drug lacks withholds no line, so the stakes of the drugs stay as they are.
    let mut of_drugs = None;
    for (index, administration) in (0..).zip(&encounter.administrations) {
        of_administration(index, administration, severities, |gap| {
            report(coding, &gap, &mut of_drugs);
        });
    }
}

/// Most names that [`unstated`] gives: one of each part, and two of the administrations.
pub(super) const UNSTATED_MAX: usize = PARTS.len() + 2;

/// The parts that lines rest on and that the request does not speak of, by name.
pub(super) fn unstated(coding: &Coding<'_>) -> impl Iterator<Item = &'static str> {
    let documentation = &coding.encounter.documentation;
    let is_unstated = |part: &&Part| (part.stated)(documentation).is_none();
    let matters = |part: &&Part| stake::exists(part.scope, coding);
    let parts = PARTS.iter().filter(is_unstated).filter(matters).map(|part| part.name);
    parts.chain(unstated_of_administrations(&coding.encounter.administrations))
}

/// What rule DOC-1 asks for of each administration and no code is decided by here.
fn unstated_of_administrations(given: &[Administration]) -> impl Iterator<Item = &'static str> {
    let through_vein = |route| matches!(route, Some(Route::IvInfusion | Route::IvPush));
    let no_site = given.iter().any(|one| through_vein(one.route) && one.access_site.is_none());
    let no_order = given
        .iter()
        .flat_map(|one| &one.drugs)
        .any(|drug| drug.code.is_some() && drug.dose_ordered.is_none());
    let missing = [(no_site, "access site of each line"), (no_order, "dose ordered of each drug")];
    missing.into_iter().filter_map(|(is_missing, name)| is_missing.then_some(name))
}

impl Part {
    fn gap(&self, severities: &GapSeverities) -> Gap {
        Gap {
            field: Field::Encounter(self.field),
            rule: self.rule,
            reason: Reason::DocumentationGap,
            severity: (self.severity)(severities),
            scope: self.scope,
            text: self.text,
            question: self.question,
            record: self.record,
        }
    }
}

fn of_administration(
    index: u16,
    administration: &Administration,
    severities: &GapSeverities,
    mut report: impl FnMut(Gap),
) {
    let record = &administration.documentation;
    let mut add = |field, rule, reason, severity, scope, text| {
        // What one administration lacks is named and never withheld: the visit's own parts are the switch.
        let severity = if severity == GapSeverity::Block { GapSeverity::Warn } else { severity };
        let (question, record): (_, fn(&mut Encounter, bool)) = ("", |_, _| {});
        report(Gap { field, rule, reason, severity, scope, text, question, record });
    };
    let (own, gap) = (Scope::Of(index), Reason::DocumentationGap);
    let of = |name| Field::Administration(index, name);
    if record.order_signed == Some(false) {
        let text = at_stake!("The record holds no signed order for {subject}");
        add(of("documentation.orderSigned"), &G_30, gap, severities.order, own, text);
    }
    if record.administered_by == Some(false) {
        let text = at_stake!("The record does not name who gave {subject}");
        add(of("documentation.administeredBy"), &G_33, gap, severities.administered_by, own, text);
    }
    if record.patient_response == Some(false) {
        let text = at_stake!("The record does not hold the patient's response to {subject}");
        add(of("documentation.patientResponse"), &G_32, gap, severities.patient_response, own, text);
    }
    if is_rounded(administration) {
        let text = at_stake!("{subject} starts and stops on the full hour, so confirm the times");
        add(of("stopTime"), &DOC_4, Reason::RoundedTime, severities.rounded_times, own, text);
    }
    for (drug_index, drug) in (0..).zip(&administration.drugs) {
        if drug.containers.iter().any(|container| container.lot_number.is_none()) {
            let text = at_stake!("The record names no lot number for {subject}");
            let field = Field::Drug(index, drug_index, "containers.lotNumber");
            add(field, &G_33, gap, severities.lot_number, Scope::Drug(index, drug_index), text);
        }
    }
}

fn is_rounded(administration: &Administration) -> bool {
    match (administration.start, administration.stop) {
        (Some(start), Some(stop)) => start != stop && start.minute() == 0 && stop.minute() == 0,
        _ => false,
    }
}
