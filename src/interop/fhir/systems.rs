//! The code systems that HL7 and CMS name, and finding a coding of one of them.

use super::elements::{CodeableConcept, Coding};

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

/// The name of a drug: what people read, or the ingredient and the brand where that is the name RxNorm gives it.
pub(super) fn drug_name(concept: &CodeableConcept) -> Option<String> {
    let printed = printed(concept)?;
    let coding = coding_of(concept, RXNORM_SYSTEMS).and_then(|(index, _)| concept.coding.get(index));
    let is_rxnorm =
        coding.is_some_and(|coding| coding.display.as_deref().is_some_and(|name| name.trim() == printed));
    let drug = is_rxnorm.then(|| rxnorm_drug(printed)).flatten();
    Some(drug.unwrap_or_else(|| printed.to_owned()))
}

/// The ingredient of `trastuzumab 150 MG Injection [Herceptin]` and its brand, as `trastuzumab (Herceptin)`.
///
/// RxNorm names a clinical drug by its quantity, ingredient, strength, form and brand. A name of several
/// ingredients, or of another shape, is left as it is.
fn rxnorm_drug(name: &str) -> Option<String> {
    let (name, brand) = match name.split_once('[') {
        Some((name, brand)) => (name, Some(brand.trim_end().strip_suffix(']')?)),
        None => (name, None),
    };
    if name.contains(" / ") {
        return None;
    }
    let starts_with_digit = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit());
    let mut words = name.split_whitespace().peekable();
    // `10 ML oxaliplatin …`: the quantity of the package stands before the ingredient, with its unit.
    if words.next_if(starts_with_digit).is_some() {
        words.next()?;
    }
    let mut ingredient = Vec::new();
    while let Some(word) = words.next_if(|word| !starts_with_digit(word)) {
        ingredient.push(word);
    }
    // Without a strength behind it the name is not of this shape.
    words.next()?;
    let ingredient = (!ingredient.is_empty()).then(|| ingredient.join(" "))?;
    Some(brand.map_or_else(|| ingredient.clone(), |brand| format!("{ingredient} ({brand})")))
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
    fn a_clinical_drug_of_rxnorm_is_named_by_its_ingredient_and_brand() {
        for (name, drug) in [
            ("trastuzumab 150 MG Injection [Herceptin]", Some("trastuzumab (Herceptin)")),
            ("10 ML oxaliplatin 5 MG/ML Injection", Some("oxaliplatin")),
            ("DOXOrubicin Hydrochloride 2 MG/ML Injectable Solution", Some("DOXOrubicin Hydrochloride")),
            ("leucovorin", None),
            ("0.4 MG", None),
            ("pertuzumab 60 MG/ML / trastuzumab 60 MG/ML Injection", None),
            ("paclitaxel [unclosed 5 MG", None),
        ] {
            assert_eq!(rxnorm_drug(name).as_deref(), drug, "{name}");
        }
    }

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
