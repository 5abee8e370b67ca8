//! The code systems that HL7 and CMS name, and finding a coding of one of them.

use super::elements::{CodeableConcept, Coding};
use crate::catalog::rxnorm::ClinicalDrug;

pub(super) const NDC: &str = "http://hl7.org/fhir/sid/ndc";
pub(super) const HCPCS: &str = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets";
pub(super) const CPT: &str = "http://www.ama-assn.org/go/cpt";
pub(super) const ICD_10_CM: &str = "http://hl7.org/fhir/sid/icd-10-cm";
pub(super) const UCUM: &str = "http://unitsofmeasure.org";

/// HCPCS Level II by its address, its older address, its object identifier, and CPT.
const PROCEDURE_SYSTEMS: &[&str] = &[
    "www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
    "bluebutton.cms.gov/resources/codesystem/hcpcs",
    "urn:oid:2.16.840.1.113883.6.285",
    "www.ama-assn.org/go/cpt",
];
const NDC_SYSTEMS: &[&str] = &["hl7.org/fhir/sid/ndc", "urn:oid:2.16.840.1.113883.6.69"];
const RXNORM_SYSTEMS: &[&str] = &["www.nlm.nih.gov/research/umls/rxnorm", "urn:oid:2.16.840.1.113883.6.88"];
const DIAGNOSIS_SYSTEMS: &[&str] =
    &["hl7.org/fhir/sid/icd-10-cm", "hl7.org/fhir/sid/icd-10", "urn:oid:2.16.840.1.113883.6.90"];
const PLACE_OF_SERVICE_SYSTEMS: &[&str] = &[
    "www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set",
    "terminology.hl7.org/CodeSystem/ex-serviceplace",
];

/// The code of the HCPCS or CPT coding, with its place in the list.
pub(super) fn procedure(concept: &CodeableConcept) -> Option<(usize, &str)> {
    coding_of(concept, PROCEDURE_SYSTEMS)
}

/// The code of the NDC coding, with its place in the list.
pub(super) fn ndc(concept: &CodeableConcept) -> Option<(usize, &str)> {
    coding_of(concept, NDC_SYSTEMS)
}

/// The code of the ICD-10-CM coding.
pub(super) fn diagnosis(concept: &CodeableConcept) -> Option<&str> {
    coding_of(concept, DIAGNOSIS_SYSTEMS).map(|(_, code)| code)
}

/// The code of the CMS place-of-service coding.
pub(super) fn place_of_service(concept: &CodeableConcept) -> Option<&str> {
    coding_of(concept, PLACE_OF_SERVICE_SYSTEMS).map(|(_, code)| code)
}

/// The name people read: the concept's text, else the first display.
pub(super) fn printed(concept: &CodeableConcept) -> Option<&str> {
    let displays = concept.coding.iter().filter_map(|coding| coding.display.as_deref());
    concept.text.as_deref().into_iter().chain(displays).map(str::trim).find(|text| !text.is_empty())
}

/// The name of a drug: what people read, or the ingredients and the brand where that is the name RxNorm gives it.
pub(super) fn drug_name(concept: &CodeableConcept) -> Option<String> {
    let printed = printed(concept)?;
    Some(clinical_drug(concept).map_or_else(|| printed.to_owned(), |drug| drug.plain()))
}

/// What the name that RxNorm gives a drug tells, where that is the one people read; a name of another shape tells nothing.
pub(super) fn clinical_drug(concept: &CodeableConcept) -> Option<ClinicalDrug<'_>> {
    let printed = printed(concept)?;
    let (index, _) = coding_of(concept, RXNORM_SYSTEMS)?;
    let display = concept.coding.get(index)?.display.as_deref()?;
    (display.trim() == printed).then(|| ClinicalDrug::read(printed)).flatten()
}

fn coding_of<'a>(concept: &'a CodeableConcept, systems: &[&str]) -> Option<(usize, &'a str)> {
    let matches = |coding: &Coding| {
        let system = coding.system.as_deref().unwrap_or_default();
        let address = system.trim_start_matches("https://").trim_start_matches("http://");
        systems.contains(&address.trim_end_matches('/'))
    };
    let (index, coding) = concept.coding.iter().enumerate().find(|(_, coding)| matches(coding))?;
    Some((index, coding.code.as_deref()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_rxnorm_named_is_cut() {
        let concept = |system: &str, text: Option<&str>| CodeableConcept {
            coding: vec![Coding {
                system: Some(system.into()),
                code: Some("583214".into()),
                display: Some("paclitaxel 100 MG Injection".into()),
            }],
            text: text.map(str::to_owned),
        };
        let rxnorm = "http://www.nlm.nih.gov/research/umls/rxnorm";
        assert_eq!(drug_name(&concept(rxnorm, None)).as_deref(), Some("paclitaxel"));
        assert_eq!(drug_name(&concept(rxnorm, Some("Taxol"))).as_deref(), Some("Taxol"));
        let local = drug_name(&concept("urn:local", None));
        assert_eq!(local.as_deref(), Some("paclitaxel 100 MG Injection"));
    }
}
