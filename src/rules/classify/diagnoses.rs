//! Whether the visit treats cancer: as the request states it, or as its diagnoses tell.

use crate::domain::encounter::Indication;
use crate::engine::Coding;
use crate::engine::trail::{NotedFact, Value, fact};

/// Whether something is against cancer, and the fact that says so.
type Known = (bool, NotedFact);

/// What the request states.
pub(super) fn stated(coding: &Coding<'_>) -> Option<Known> {
    let basis = fact::given("basis", Value::Label("stated indication"));
    coding.encounter.indication.map(|indication| (indication == Indication::Oncology, basis))
}

/// Whether a hormonal drug was against cancer: a diagnosis of cancer says so, and one of another disease that such
/// drugs treat says that it was not. A diagnosis that says neither tells nothing.
pub(super) fn has_cancer(coding: &Coding<'_>) -> Option<Known> {
    let parameters = &coding.policy.administration;
    let any = |list: &[String]| coding.encounter.diagnoses.iter().any(|code| is_one_of(code, list));
    if any(&parameters.cancer_diagnoses) {
        return Some((true, basis(coding)));
    }
    let is_other =
        !any(&parameters.uncertain_neoplasm_diagnoses) && any(&parameters.other_hormonal_diagnoses);
    let basis = fact::parameter("basis", Value::Label("diagnoses"), &parameters.other_hormonal_diagnoses);
    is_other.then_some((false, basis))
}

/// Whether the visit treats cancer, where the diagnoses that tell a use speak with one voice: all of them are cancer,
/// or none is.
pub(super) fn is_all_cancer(coding: &Coding<'_>) -> Option<Known> {
    let parameters = &coding.policy.administration;
    let codes = &coding.encounter.diagnoses;
    let is_cancer = |code: &String| is_one_of(code, &parameters.cancer_diagnoses);
    let is_open = |code: &String| is_one_of(code, &parameters.uncertain_neoplasm_diagnoses);
    let is_other = |code: &String| !is_cancer(code) && !is_one_of(code, &parameters.silent_diagnoses);
    match (codes.iter().any(is_cancer), codes.iter().any(is_other)) {
        _ if codes.iter().any(is_open) => None,
        (true, false) => Some((true, basis(coding))),
        (false, true) => Some((false, basis(coding))),
        _ => None,
    }
}

fn is_one_of(code: &str, list: &[String]) -> bool {
    list.iter().any(|beginning| begins(code, beginning))
}

fn basis(coding: &Coding<'_>) -> NotedFact {
    let beginnings = &coding.policy.administration.cancer_diagnoses;
    fact::parameter("basis", Value::Label("diagnoses"), beginnings)
}

/// Whether a diagnosis begins in a way, with or without its point.
pub fn begins(code: &str, beginning: &str) -> bool {
    let mut letters = code.chars().filter(char::is_ascii_alphanumeric);
    let mut wanted = beginning.chars().filter(char::is_ascii_alphanumeric);
    wanted.all(|letter| letters.next().is_some_and(|given| given.eq_ignore_ascii_case(&letter)))
}
