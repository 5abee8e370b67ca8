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

/// Whether a diagnosis of the request is cancer; nothing where it names none, or what may be cancer.
pub(super) fn has_cancer(coding: &Coding<'_>) -> Option<Known> {
    count(coding).and_then(|(cancers, others)| match (cancers, others) {
        (1.., _) => Some((true, basis(coding))),
        (0, others) => others.map(|_| (false, basis(coding))),
    })
}

/// The same where the diagnoses speak with one voice: all of them are cancer, or none is.
pub(super) fn is_all_cancer(coding: &Coding<'_>) -> Option<Known> {
    count(coding).and_then(|(cancers, others)| match (cancers, others) {
        (1.., Some(0)) => Some((true, basis(coding))),
        (0, Some(1..)) => Some((false, basis(coding))),
        _ => None,
    })
}

fn basis(coding: &Coding<'_>) -> NotedFact {
    let beginnings = &coding.policy.administration.cancer_diagnoses;
    fact::parameter("basis", Value::Label("diagnoses"), beginnings)
}

/// Diagnoses of cancer, and of other diseases where none of these may be cancer; nothing without diagnoses.
fn count(coding: &Coding<'_>) -> Option<(usize, Option<usize>)> {
    let parameters = &coding.policy.administration;
    let is_one_of = |code: &str, list: &[String]| list.iter().any(|beginning| begins(code, beginning));
    let codes = &coding.encounter.diagnoses;
    let is_cancer = |code: &&String| is_one_of(code, &parameters.cancer_diagnoses);
    let is_open = |code: &String| is_one_of(code, &parameters.uncertain_neoplasm_diagnoses);
    let cancers = codes.iter().filter(is_cancer).count();
    let others = (!codes.iter().any(is_open)).then_some(codes.len() - cancers);
    (!codes.is_empty()).then_some((cancers, others))
}

/// Whether a diagnosis begins in a way, with or without its point.
fn begins(code: &str, beginning: &str) -> bool {
    let mut letters = code.chars().filter(char::is_ascii_alphanumeric);
    let mut wanted = beginning.chars().filter(char::is_ascii_alphanumeric);
    wanted.all(|letter| letters.next().is_some_and(|given| given.eq_ignore_ascii_case(&letter)))
}
