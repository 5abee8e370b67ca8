//! Hormonal drugs: against cancer, or against another disease (rule CHM-1).

use super::Unknown;
use crate::catalog::formulary::Nature;
use crate::domain::drug::{DrugClass, DrugGiven};
use crate::domain::encounter::Indication;
use crate::engine::Coding;
use crate::engine::trail::{Subject, Value, fact};
use crate::rules::{identity, rule};

rule! {
    pub static CHM_1: "CHM-1", "Hormonal drugs against cancer",
    basis: Secondary, cites: ["IBC"],
    says: "Leuprolide, goserelin or fulvestrant against cancer is a hormonal antineoplastic; against another disease it is a therapeutic drug. The stated indication decides, else the diagnoses, else a product that is labelled for one of the two alone.",
    why: "The hormonal code is for antineoplastic use; the same hormone also treats endometriosis and infertility.",
    example: "The 7.5 mg depot of leuprolide for prostate cancer is a hormonal injection; the 3.75 mg depot for endometriosis is a therapeutic one.",
    exceptions: "A class that the request states speaks for a product with both uses. Where nothing tells the use, it is asked for.",
}

/// The class of a hormonal drug, by what it treats.
///
/// # Errors
/// The use, where nothing tells it.
pub(super) fn class(
    coding: &mut Coding<'_>,
    index: u16,
    drug: u16,
    given: &DrugGiven,
) -> Result<DrugClass, Unknown> {
    let encounter = coding.encounter;
    let stated = || encounter.indication.map(|use_| (use_ == Indication::Oncology, "stated indication"));
    let diagnosed = || Some((has_cancer(coding)?, "diagnoses"));
    let labelled = || Some((is_labelled_for_cancer(coding, given)?, "label of the product"));
    let classed = || given.class.map(|class| (class == DrugClass::HormonalAntineoplastic, "stated class"));
    let known = stated().or_else(diagnosed).or_else(labelled).or_else(classed);
    let (treats_cancer, basis) = known.ok_or(Unknown::Use { drug })?;
    let (class, text) = if treats_cancer {
        let text = "A hormonal drug against cancer takes the hormonal code; that it is against cancer follows from the {basis}.";
        (DrugClass::HormonalAntineoplastic, text)
    } else {
        let text = "A hormonal drug that does not treat cancer is a therapeutic one; that it does not follows from the {basis}.";
        (DrugClass::Therapeutic, text)
    };
    let others = &coding.policy.administration.hormonal_non_cancer_codes;
    let facts = [fact::parameter("basis", Value::Label(basis), others)];
    coding.result.trail.fired(&CHM_1, Subject::Drug(index, drug), text, &facts);
    Ok(class)
}

/// Whether a diagnosis of the request is cancer; nothing where it names none.
fn has_cancer(coding: &Coding<'_>) -> Option<bool> {
    let beginnings = &coding.policy.administration.cancer_diagnoses;
    let is_cancer = |code: &String| beginnings.iter().any(|beginning| begins(code, beginning));
    let codes = &coding.encounter.diagnoses;
    (!codes.is_empty()).then(|| codes.iter().any(is_cancer))
}

/// Whether a diagnosis begins in a way, with or without its point.
fn begins(code: &str, beginning: &str) -> bool {
    let mut letters = code.chars().filter(char::is_ascii_alphanumeric);
    let mut wanted = beginning.chars().filter(char::is_ascii_alphanumeric);
    wanted.all(|letter| letters.next().is_some_and(|given| given.eq_ignore_ascii_case(&letter)))
}

/// What the label of the product names alone: cancer, or other diseases; nothing where it names both.
fn is_labelled_for_cancer(coding: &Coding<'_>, given: &DrugGiven) -> Option<bool> {
    let parameters = &coding.policy.administration;
    if let Some(code) = identity::code_of(coding, given) {
        if parameters.hormonal_non_cancer_codes.contains(&code) {
            return Some(false);
        }
        if parameters.hormonal_cancer_codes.contains(&code) {
            return Some(true);
        }
    }
    match coding.catalog.formulary.class_of_name(given.name.as_deref()?)?.nature {
        Nature::CancerOnly => Some(true),
        Nature::OtherUse => Some(false),
        _ => None,
    }
}
