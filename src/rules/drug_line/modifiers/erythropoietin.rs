//! The modifier of an erythropoietin, and the test results that its line goes with (rules M-03, M-04).

use super::{M_03, M_04};
use crate::domain::code::Modifier;
use crate::domain::drug::EsaIndication;
use crate::domain::encounter::{Encounter, Renal};
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::domain::quantity::Decimal;
use crate::engine::Coding;
use crate::engine::trail::{Value, fact};
use crate::policy::parameters::{CodeMark, DrugLineParameters};
use crate::rules::drug_line::treatment::{Possibility, Treatment, ask, drug_at, esa_reason};

/// EA, EB, EC, ED or EE on an erythropoietin.
pub(super) fn modifier(coding: &mut Coding<'_>, treatment: &Treatment<'_>) -> Option<Modifier> {
    if !treatment.first().marks.has(CodeMark::Erythropoietin) {
        return None;
    }
    let table = &coding.policy.drug_line.esa_codes;
    let esa = table.iter().find(|row| row.code == treatment.code())?;
    if esa.on_dialysis {
        return on_dialysis(coding);
    }
    ask_results(coding);
    let first = treatment.first();
    match esa_reason(coding, first.drug, first.marks) {
        Some(EsaIndication::ChemotherapyAnemia) => Some(Modifier::of("EA")),
        Some(EsaIndication::RadiotherapyAnemia) => Some(Modifier::of("EB")),
        Some(EsaIndication::Other) => Some(Modifier::of("EC")),
        None => {
            ask_indication(coding, treatment);
            None
        }
    }
}

/// ED where the hematocrit stayed above the limit, else EE; a result within the limit excludes ED (rule M-04).
fn on_dialysis(coding: &mut Coding<'_>) -> Option<Modifier> {
    let renal = &coding.encounter.renal;
    let parameters = &coding.policy.drug_line;
    let stated = renal.hematocrit_persistently_high;
    let high = stated.or_else(|| is_within_limits(renal, parameters).then_some(false));
    if high.is_none() {
        ask_persistence(coding);
    }
    high.map(|high| Modifier::of(if high { "ED" } else { "EE" }))
}

/// Whether a result is known and none is above its limit.
fn is_within_limits(renal: &Renal, parameters: &DrugLineParameters) -> bool {
    let limit = |limit: u32| i64::from(limit) * Decimal::ONE.nanos();
    let results = [
        (renal.hematocrit_percent, limit(*parameters.esa_hematocrit_percent_max)),
        (renal.hemoglobin_g_dl, limit(*parameters.esa_hemoglobin_g_dl_max)),
    ];
    let known = || results.iter().filter_map(|(result, limit)| Some((result.as_ref()?.nanos(), *limit)));
    known().count() > 0 && known().all(|(result, limit)| result <= limit)
}

fn ask_persistence(coding: &mut Coding<'_>) {
    let field = Field::Encounter("renal.hematocrit_persistently_high");
    if is_told(coding, field) {
        return;
    }
    let Renal { hematocrit_percent, hemoglobin_g_dl, .. } = coding.encounter.renal;
    let limit = &coding.policy.drug_line.esa_hematocrit_percent_max;
    let facts = [fact::parameter("limit", Value::Count(i64::from(**limit)), limit)];
    let text = if hematocrit_percent.is_some() || hemoglobin_g_dl.is_some() {
        "The result is above the limit (hematocrit {limit} %); whether it stayed above it decides between ED and EE, and the line lacks it"
    } else {
        "Neither hematocrit nor hemoglobin is given; whether the hematocrit stayed above {limit} % decides between ED and EE, and the line lacks it"
    };
    coding.find(Severity::Warn, Reason::MissingModifierFact, field, &M_04, text, &facts);
    let possibilities = [("it stayed above the limit", true), ("it did not", false)].map(
        |(label, high)| -> Possibility<'_> {
            let supply = move |visit: &mut Encounter| visit.renal.hematocrit_persistently_high = Some(high);
            (label.to_owned(), Box::new(supply))
        },
    );
    let text = "Did the hematocrit stay above {limit} % in this and the two billing cycles before?";
    ask(coding, field, &M_04, text, &facts, possibilities.into());
}

/// The claim goes with the latest hemoglobin or hematocrit (rule M-03).
fn ask_results(coding: &mut Coding<'_>) {
    let field = Field::Encounter("renal.hemoglobin_g_dl");
    let Renal { hematocrit_percent, hemoglobin_g_dl, .. } = coding.encounter.renal;
    if hematocrit_percent.is_some() || hemoglobin_g_dl.is_some() || is_told(coding, field) {
        return;
    }
    let text = if coding.encounter.setting.is_facility() {
        "The claim of an erythropoietin goes with the latest hemoglobin (value code 48) or hematocrit (value code 49); without either it is returned"
    } else {
        "The claim of an erythropoietin goes with the latest hemoglobin or hematocrit (MEA of the service line, or item 19); without either it is rejected"
    };
    coding.find(Severity::Warn, Reason::MissingTestResult, field, &M_03, text, &[]);
    let text = "What was the latest hemoglobin or hematocrit before the erythropoietin?";
    ask(coding, field, &M_03, text, &[], Vec::new());
}

/// Whether a finding on a fact of the visit stands already, from another line.
fn is_told(coding: &Coding<'_>, field: Field) -> bool {
    coding.result.findings.iter().any(|finding| finding.field == field)
}

fn ask_indication(coding: &mut Coding<'_>, treatment: &Treatment<'_>) {
    let field = treatment.field("esa_indication");
    let text = "The line must state one reason for the erythropoietin (EA, EB or EC); without it the claim is returned";
    coding.find(Severity::Warn, Reason::MissingModifierFact, field, &M_03, text, &[]);
    let at = treatment.first().at;
    let possibilities = [
        ("anemia by chemotherapy", EsaIndication::ChemotherapyAnemia),
        ("anemia by radiotherapy", EsaIndication::RadiotherapyAnemia),
        ("another reason", EsaIndication::Other),
    ]
    .map(|(label, indication)| -> Possibility<'_> {
        (label.to_owned(), Box::new(move |e| drug_at(e, at).esa_indication = Some(indication)))
    });
    let text = "Why was the erythropoietin given?";
    ask(coding, field, &M_03, text, &[], possibilities.into());
}
