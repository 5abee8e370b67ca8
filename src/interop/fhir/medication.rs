//! Medication: which product a drug is, by NDC, HCPCS code or name.

use crate::domain::code::CodeError;
use crate::domain::drug::{DrugGiven, NdcGiven};
use crate::domain::quantity::{Decimal, Quantity};

use super::bundle::{FhirError, Resource, Resources, contained, decimal, quantity};
use super::elements::{CodeableConcept, MedicationResource, Ratio, Reference};
use super::systems;

/// The Medication that a reference names, inside the resource or in the Bundle.
pub(super) fn referenced<'a>(
    reference: &Reference,
    own: &[&'a serde_json::value::RawValue],
    path: &str,
    resources: &Resources<'a>,
) -> Result<Option<Resource<'a>>, FhirError> {
    let Some(target) = reference.reference.as_deref() else { return Ok(None) };
    Ok(contained(target, own, path)?.or_else(|| resources.resolve(target).cloned()))
}

/// What a Medication says of the drug.
pub(super) fn drug(medication: &Resource<'_>) -> Result<DrugGiven, FhirError> {
    let read: MedicationResource<'_> = medication.read()?;
    let mut drug = match &read.code {
        Some(code) => coded_drug(code, &format!("{}.code", medication.path))?,
        None => DrugGiven::default(),
    };
    if let [ingredient] = read.ingredient.as_slice() {
        if read.code.is_none() {
            drug.name = ingredient.item_codeable_concept.as_ref().and_then(systems::drug_name);
        }
        let path = format!("{}.ingredient[0].strength", medication.path);
        let stated = ingredient.strength.as_ref().map(|ratio| per_millilitre(ratio, &path)).transpose()?;
        drug.amount_per_ml = stated.flatten().or(drug.amount_per_ml);
    }
    Ok(drug)
}

/// What a coded idea says of the drug.
pub(super) fn coded_drug(concept: &CodeableConcept, path: &str) -> Result<DrugGiven, FhirError> {
    let named = systems::clinical_drug(concept);
    let mut drug = DrugGiven {
        name: systems::drug_name(concept),
        amount_per_ml: named.and_then(|named| named.per_ml),
        ..DrugGiven::default()
    };
    if let Some((index, code)) = systems::procedure(concept) {
        let at = || format!("{path}.coding[{index}].code");
        drug.code = Some(code.parse().map_err(|error: CodeError| FhirError::new(at(), error.to_string()))?);
    }
    if let Some((index, code)) = systems::ndc(concept) {
        let at = || format!("{path}.coding[{index}].code");
        drug.ndc = Some(ndc_given(code).map_err(|error| FhirError::new(at(), error.to_string()))?);
    }
    if drug.code.is_none() && drug.ndc.is_none() && drug.name.is_none() {
        return Err(FhirError::new(path, "the drug has no NDC, HCPCS code, display or text"));
    }
    Ok(drug)
}

/// An NDC; ten digits without hyphens are kept, to be reported as ambiguous.
pub(super) fn ndc_given(text: &str) -> Result<NdcGiven, CodeError> {
    match text.parse() {
        Ok(ndc) => Ok(NdcGiven::Read(ndc)),
        Err(CodeError::AmbiguousNdc(digits)) => Ok(NdcGiven::Ambiguous(digits)),
        Err(error) => Err(error),
    }
}

/// The numerator of a strength that is stated for one millilitre; other strengths are not concentrations.
fn per_millilitre(ratio: &Ratio<'_>, path: &str) -> Result<Option<Quantity>, FhirError> {
    let (Some(numerator), Some(denominator)) = (&ratio.numerator, &ratio.denominator) else {
        return Ok(None);
    };
    let unit = denominator.code.as_deref().or(denominator.unit.as_deref()).unwrap_or_default();
    let one = decimal(denominator, &format!("{path}.denominator"))? == Decimal::ONE;
    if !one || !unit.eq_ignore_ascii_case("ml") {
        return Ok(None);
    }
    quantity(numerator, &format!("{path}.numerator")).map(Some)
}
