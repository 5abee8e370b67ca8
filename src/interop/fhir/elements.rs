//! The elements of FHIR R4 that a visit is read from; every other element is passed over.

use serde::Deserialize;
use serde_json::value::RawValue;

/// A coded idea with its printed forms.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct CodeableConcept {
    pub coding: Vec<Coding>,
    pub text: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Coding {
    pub system: Option<String>,
    pub code: Option<String>,
    pub display: Option<String>,
}

/// An amount. The number is kept as it was written, so that no digit is lost to floating point.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Amount<'a> {
    #[serde(borrow)]
    pub value: Option<&'a RawValue>,
    pub comparator: Option<String>,
    pub unit: Option<String>,
    pub code: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Ratio<'a> {
    #[serde(borrow)]
    pub numerator: Option<Amount<'a>>,
    pub denominator: Option<Amount<'a>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Period {
    pub start: Option<String>,
    pub end: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Reference {
    pub reference: Option<String>,
    pub display: Option<String>,
}

/// Encounter: the visit.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct EncounterResource {
    pub id: Option<String>,
    pub class: Option<Coding>,
    pub period: Option<Period>,
    pub diagnosis: Vec<EncounterDiagnosis>,
    pub location: Vec<EncounterLocation>,
    #[serde(rename = "reasonCode")]
    pub reason_code: Vec<CodeableConcept>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct EncounterDiagnosis {
    pub condition: Reference,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct EncounterLocation {
    pub location: Reference,
}

/// Location: only its type, which may be a place of service.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct LocationResource {
    #[serde(rename = "type")]
    pub kind: Vec<CodeableConcept>,
}

/// Condition: a diagnosis.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct ConditionResource {
    pub code: Option<CodeableConcept>,
}

/// MedicationRequest or ServiceRequest: the order.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct OrderResource<'a> {
    #[serde(borrow)]
    pub dosage_instruction: Vec<DosageInstruction<'a>>,
    pub reason_code: Vec<CodeableConcept>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct DosageInstruction<'a> {
    #[serde(borrow)]
    pub dose_and_rate: Vec<DoseAndRate<'a>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct DoseAndRate<'a> {
    #[serde(borrow)]
    pub dose_quantity: Option<Amount<'a>>,
}

/// MedicationAdministration: one bag, push or injection.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct AdministrationResource<'a> {
    pub id: Option<String>,
    pub status: Option<String>,
    #[serde(borrow)]
    pub contained: Vec<&'a RawValue>,
    pub medication_codeable_concept: Option<CodeableConcept>,
    pub medication_reference: Option<Reference>,
    pub effective_period: Option<Period>,
    pub effective_date_time: Option<String>,
    pub request: Option<Reference>,
    pub supporting_information: Vec<Reference>,
    pub dosage: Option<Dosage<'a>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Dosage<'a> {
    pub route: Option<CodeableConcept>,
    pub method: Option<CodeableConcept>,
    pub site: Option<CodeableConcept>,
    #[serde(borrow)]
    pub dose: Option<Amount<'a>>,
    pub rate_ratio: Option<Ratio<'a>>,
    pub rate_quantity: Option<Amount<'a>>,
}

/// Any resource of a visit: only the Encounter it belongs to, by either of the names it has in R4.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct ContextResource {
    pub context: Reference,
    pub encounter: Reference,
}

/// Medication: the product, and the batch it came from.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct MedicationResource<'a> {
    pub code: Option<CodeableConcept>,
    /// Content of one package.
    #[serde(borrow)]
    pub amount: Option<Ratio<'a>>,
    pub ingredient: Vec<Ingredient<'a>>,
    pub batch: Option<Batch>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Ingredient<'a> {
    pub item_codeable_concept: Option<CodeableConcept>,
    #[serde(borrow)]
    pub strength: Option<Ratio<'a>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Batch {
    pub lot_number: Option<String>,
}

/// MedicationDispense: the containers that were opened.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct DispenseResource<'a> {
    pub status: Option<String>,
    #[serde(borrow)]
    pub contained: Vec<&'a RawValue>,
    pub medication_codeable_concept: Option<CodeableConcept>,
    pub medication_reference: Option<Reference>,
    pub authorizing_prescription: Vec<Reference>,
    /// The administration it was for, which a later release of the standard allows here.
    pub part_of: Vec<Reference>,
    pub quantity: Option<Amount<'a>>,
    pub when_prepared: Option<String>,
    pub when_handed_over: Option<String>,
}
