//! A coded visit as a FHIR R4 Claim.
//!
//! The service knows no patient, provider or coverage, so these required elements carry the standard
//! extension that says why the data is absent, and whoever sends the claim fills them in.

use serde::Serialize;

use crate::domain::claim::Line;
use crate::domain::encounter::Encounter;

use super::systems::ICD_10_CM;
use super::written::{Absent, Amount, Concept};

const CLAIM_TYPE: &str = "http://terminology.hl7.org/CodeSystem/claim-type";
const PRIORITY: &str = "http://terminology.hl7.org/CodeSystem/processpriority";
const INFORMATION: &str = "http://terminology.hl7.org/CodeSystem/claiminformationcategory";
const DIAGNOSIS_TYPE: &str = "http://terminology.hl7.org/CodeSystem/ex-diagnosistype";

/// A Claim that serializes to FHIR JSON.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Claim<'a> {
    resource_type: &'static str,
    status: &'static str,
    #[serde(rename = "type")]
    kind: Concept,
    #[serde(rename = "use")]
    purpose: &'static str,
    patient: Absent,
    billable_period: Period,
    #[serde(rename = "_created")]
    created: Absent,
    provider: Absent,
    priority: Concept,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    supporting_info: Vec<SupportingInfo<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    diagnosis: Vec<Diagnosis>,
    insurance: [Insurance<'a>; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    item: Vec<Item>,
}

#[derive(Debug, Serialize)]
struct Period {
    start: String,
    /// Absent where every line has the one date.
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SupportingInfo<'a> {
    sequence: usize,
    category: Concept,
    value_string: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Diagnosis {
    sequence: usize,
    diagnosis_codeable_concept: Concept,
    #[serde(rename = "type", skip_serializing_if = "Vec::is_empty")]
    kind: Vec<Concept>,
}

#[derive(Debug, Serialize)]
struct Insurance<'a> {
    sequence: usize,
    focal: bool,
    coverage: Coverage<'a>,
}

#[derive(Debug, Serialize)]
struct Coverage<'a> {
    display: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    sequence: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    diagnosis_sequence: Vec<usize>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    information_sequence: Vec<usize>,
    product_or_service: Concept,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    modifier: Vec<Concept>,
    serviced_date: String,
    quantity: Amount,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    detail: Vec<Detail>,
}

/// The product behind an item.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    sequence: usize,
    product_or_service: Concept,
    quantity: Amount,
}

/// Writes the Claim; the coded lines become items in their order. Every line needs a code.
pub fn write_claim<'a>(encounter: &'a Encounter, lines: &'a [Line]) -> Claim<'a> {
    let form = if encounter.setting.is_facility() { "institutional" } else { "professional" };
    let mut supporting_info = Vec::new();
    let item = lines
        .iter()
        .enumerate()
        .map(|(index, line)| item(index + 1, line, encounter.diagnoses.len(), &mut supporting_info))
        .collect();
    Claim {
        resource_type: "Claim",
        status: "draft",
        kind: Concept::new(CLAIM_TYPE, form),
        purpose: "claim",
        patient: Absent::because("masked"),
        billable_period: period(encounter),
        created: Absent::because("unknown"),
        provider: Absent::because("unknown"),
        priority: Concept::new(PRIORITY, "normal"),
        supporting_info,
        diagnosis: diagnoses(&encounter.diagnoses),
        insurance: [Insurance { sequence: 1, focal: true, coverage: Coverage { display: &encounter.payer } }],
        item,
    }
}

/// The dates of service from the first to the last.
fn period(encounter: &Encounter) -> Period {
    let (first, last) = encounter.dates();
    Period { start: first.to_string(), end: (first != last).then(|| last.to_string()) }
}

fn item<'a>(
    sequence: usize,
    line: &'a Line,
    diagnoses: usize,
    narratives: &mut Vec<SupportingInfo<'a>>,
) -> Item {
    let information_sequence = line.narrative.iter().map(|text| {
        let sequence = narratives.len() + 1;
        narratives.push(SupportingInfo {
            sequence,
            category: Concept::new(INFORMATION, "info"),
            value_string: text,
        });
        sequence
    });
    Item {
        sequence,
        // With several diagnoses only a clinician knows which one a line treats.
        diagnosis_sequence: if diagnoses == 1 { vec![1] } else { Vec::new() },
        information_sequence: information_sequence.collect(),
        product_or_service: Concept::procedure(line.code),
        modifier: line.modifiers.iter().map(|modifier| Concept::modifier(*modifier)).collect(),
        serviced_date: line.service_date.to_string(),
        quantity: Amount::billing_units(line.units),
        detail: line.ndc.iter().chain(&line.further_ndcs).zip(1..).map(detail).collect(),
    }
}

fn detail((report, sequence): (&crate::domain::claim::NdcReport, usize)) -> Detail {
    Detail { sequence, product_or_service: Concept::ndc(report.ndc), quantity: Amount::of_ndc(report) }
}

fn diagnoses(codes: &[String]) -> Vec<Diagnosis> {
    let numbered = codes.iter().enumerate().map(|(index, code)| Diagnosis {
        sequence: index + 1,
        diagnosis_codeable_concept: Concept::new(ICD_10_CM, code),
        kind: if index == 0 { vec![Concept::new(DIAGNOSIS_TYPE, "principal")] } else { Vec::new() },
    });
    numbered.collect()
}
