//! Coded lines as a FHIR R4 collection of ChargeItems, one a line.

use serde::Serialize;

use crate::domain::claim::Line;

use super::written::{Absent, Amount, Concept};

/// R4 gives a ChargeItem no element for modifiers; this extension of ours carries them.
const MODIFIER_EXTENSION: &str = "urn:infusion-coder:charge-item-modifier";

/// A Bundle that serializes to FHIR JSON.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChargeItems<'a> {
    resource_type: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    entry: Vec<Entry<'a>>,
}

#[derive(Debug, Serialize)]
struct Entry<'a> {
    resource: ChargeItem<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ChargeItem<'a> {
    resource_type: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    extension: Vec<Modifier>,
    status: &'static str,
    code: Concept,
    subject: Absent,
    occurrence_date_time: String,
    quantity: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    product_codeable_concept: Option<Concept>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    note: Vec<Annotation<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Modifier {
    url: &'static str,
    value_codeable_concept: Concept,
}

#[derive(Debug, Serialize)]
struct Annotation<'a> {
    text: &'a str,
}

/// Writes one ChargeItem a line. It holds one product, so a line's further NDCs are not written. Every line
/// needs a code.
pub fn write_charge_items(lines: &[Line]) -> ChargeItems<'_> {
    let entry = lines.iter().map(|line| Entry { resource: charge_item(line) }).collect();
    ChargeItems { resource_type: "Bundle", kind: "collection", entry }
}

fn charge_item(line: &Line) -> ChargeItem<'_> {
    let modifiers = line.modifiers.iter().map(|modifier| Modifier {
        url: MODIFIER_EXTENSION,
        value_codeable_concept: Concept::modifier(*modifier),
    });
    ChargeItem {
        resource_type: "ChargeItem",
        extension: modifiers.collect(),
        status: "billable",
        code: Concept::procedure(line.code),
        subject: Absent::because("masked"),
        occurrence_date_time: line.service_date.to_string(),
        quantity: Amount::billing_units(line.units),
        product_codeable_concept: line.ndc.map(|report| Concept::ndc(report.ndc)),
        note: line.narrative.iter().map(|text| Annotation { text }).collect(),
    }
}
