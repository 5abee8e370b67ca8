//! The elements of FHIR R4 that answers are written with.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::domain::claim::{NdcQualifier, NdcReport};
use crate::domain::code::{HcpcsCode, Modifier, Ndc};
use crate::domain::quantity::Decimal;

use super::systems::{CPT, HCPCS, NDC, UCUM};

const ABSENT: &str = "http://hl7.org/fhir/StructureDefinition/data-absent-reason";

/// A concept with one coding.
#[derive(Debug, Serialize)]
pub(super) struct Concept {
    coding: [Coding; 1],
}

#[derive(Debug, Serialize)]
struct Coding {
    system: &'static str,
    code: String,
}

impl Concept {
    pub(super) fn new(system: &'static str, code: &str) -> Self {
        Self { coding: [Coding { system, code: code.to_owned() }] }
    }

    /// CPT codes are the AMA's, the others are HCPCS Level II.
    pub(super) fn procedure(code: HcpcsCode) -> Self {
        Self::new(if code.is_cpt() { CPT } else { HCPCS }, code.as_str())
    }

    /// CPT modifiers begin with a digit, the others are HCPCS Level II.
    pub(super) fn modifier(modifier: Modifier) -> Self {
        let is_cpt = modifier.as_str().starts_with(|c: char| c.is_ascii_digit());
        Self::new(if is_cpt { CPT } else { HCPCS }, modifier.as_str())
    }

    pub(super) fn ndc(ndc: Ndc) -> Self {
        Self::new(NDC, ndc.as_str())
    }
}

/// A required element that the service does not know, with the standard extension that says so.
#[derive(Debug, Serialize)]
pub(super) struct Absent {
    extension: [AbsentReason; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AbsentReason {
    url: &'static str,
    value_code: &'static str,
}

impl Absent {
    pub(super) fn because(reason: &'static str) -> Self {
        Self { extension: [AbsentReason { url: ABSENT, value_code: reason }] }
    }
}

/// An amount, its number written digit for digit.
#[derive(Debug, Serialize)]
pub(super) struct Amount {
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
}

impl Amount {
    /// Billing units, which have no unit of measure.
    pub(super) fn billing_units(units: u32) -> Self {
        Self { value: number(units), unit: None, system: None, code: None }
    }

    /// The quantity of an NDC: the claim's qualifier in print, its UCUM unit as the code.
    pub(super) fn of_ndc(report: &NdcReport) -> Self {
        let code = match report.qualifier {
            NdcQualifier::InternationalUnit => "[iU]",
            NdcQualifier::Gram => "g",
            NdcQualifier::Milligram => "mg",
            NdcQualifier::Milliliter => "mL",
            NdcQualifier::Unit => "{unit}",
        };
        let value = number::<Decimal>(report.quantity);
        Self { value, unit: Some(report.qualifier.as_str()), system: Some(UCUM), code: Some(code) }
    }
}

/// A number as JSON; every decimal prints as one.
fn number<T: std::fmt::Display>(number: T) -> Option<Box<RawValue>> {
    RawValue::from_string(number.to_string()).ok()
}
