//! Strong sugars against a low blood sugar are a drug and no hydration (rule HYD-1).

use super::hydration::HYD_1;
use crate::domain::drug::DrugGiven;
use crate::engine::Coding;
use crate::engine::trail::{Subject, Value, fact};
use crate::rules::{classify, identity};

/// Whether a fluid without a stated class or purpose treated a low blood sugar that a diagnosis of the visit names.
pub(super) fn is_treated(coding: &mut Coding<'_>, index: u16) -> bool {
    let (encounter, policy) = (coding.encounter, coding.policy);
    let administration = &encounter.administrations[usize::from(index)];
    let low = &policy.administration.low_blood_sugar;
    let is_sugar = |drug: &DrugGiven| {
        let name = drug.name.as_deref().filter(|_| identity::code_of(coding, drug).is_none());
        let read = name.and_then(|name| coding.catalog.formulary.read_name(name));
        drug.class.is_none()
            && read.is_some_and(|read| low.fluids.iter().any(|fluid| **fluid == *read.named.drug))
    };
    let is_low = |code: &String| low.diagnoses.iter().any(|begin| classify::begins(code, begin));
    let treats = administration.fluid_purpose.is_none()
        && encounter.diagnoses.iter().any(is_low)
        && administration.drugs.iter().any(is_sugar);
    if treats {
        let facts = [fact::parameter("diagnoses", Value::Flag(true), low)];
        let text = "Against the low blood sugar of the visit a strong sugar is a drug: hydration treats a need of volume or electrolytes.";
        coding.result.trail.fired(&HYD_1, Subject::Administration(index), text, &facts);
    }
    treats
}
