//! The formats beside our own JSON that `code` and `audit` read and write.

use anyhow::Context;
use clap::{Args, ValueEnum};

use crate::domain::claim::Line;
use crate::domain::encounter::{Encounter, Setting};
use crate::interop::fhir::{VisitDefaults, read_visit, write_charge_items, write_claim};
use crate::interop::x12::{ClaimForm, ServiceLineOptions, write_service_lines};

/// What a visit is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum InputFormat {
    /// The JSON form of the API; one visit, or a visit a line.
    #[default]
    Json,
    /// A FHIR R4 Bundle of one visit.
    Fhir,
}

/// A claim format that coded lines are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ClaimFormat {
    /// A FHIR R4 Claim.
    FhirClaim,
    /// A FHIR R4 Bundle of ChargeItems.
    FhirChargeItems,
    /// The service lines of an 837P.
    #[value(name = "x12-837p")]
    X12Professional,
    /// The service lines of an 837I.
    #[value(name = "x12-837i")]
    X12Institutional,
}

/// What other formats need and a visit does not say.
#[derive(Debug, Clone, Default, Args)]
pub struct FormatFlags {
    /// Time zone of a FHIR visit whose times are in UTC, an IANA name.
    #[arg(long, value_name = "ZONE", env = "INFUSION_CODER_TIME_ZONE")]
    pub time_zone: Option<String>,
    /// Payer of a FHIR visit.
    #[arg(long, value_name = "PAYER", env = "INFUSION_CODER_PAYER")]
    pub payer: Option<String>,
    /// Revenue code of the drug lines of an 837I, such as 0636; empty when it is not given.
    #[arg(long, value_name = "CODE", env = "INFUSION_CODER_DRUG_REVENUE_CODE")]
    pub drug_revenue_code: Option<String>,
    /// Revenue code of the administration lines of an 837I; empty when it is not given.
    #[arg(long, value_name = "CODE", env = "INFUSION_CODER_ADMINISTRATION_REVENUE_CODE")]
    pub administration_revenue_code: Option<String>,
}

/// Reads the visit of a FHIR Bundle. A stated setting wins over the Bundle's.
///
/// # Errors
/// The path of the element that is missing or cannot be read.
pub fn read_fhir(text: &str, setting: Option<Setting>, flags: &FormatFlags) -> anyhow::Result<Encounter> {
    let (payer, time_zone) = (flags.payer.as_deref(), flags.time_zone.as_deref());
    read_visit(text, VisitDefaults { setting, payer, time_zone }).context("the FHIR visit cannot be read")
}

/// Writes coded lines in a claim format, ending with a line end.
///
/// # Errors
/// None that a visit could cause.
pub fn write_lines(
    format: ClaimFormat,
    encounter: &Encounter,
    lines: &[Line],
    flags: &FormatFlags,
) -> anyhow::Result<String> {
    let options = ServiceLineOptions {
        drug_revenue_code: flags.drug_revenue_code.as_deref(),
        administration_revenue_code: flags.administration_revenue_code.as_deref(),
        diagnoses: encounter.diagnoses.len(),
    };
    Ok(match format {
        ClaimFormat::FhirClaim => serde_json::to_string_pretty(&write_claim(encounter, lines))? + "\n",
        ClaimFormat::FhirChargeItems => serde_json::to_string_pretty(&write_charge_items(lines))? + "\n",
        ClaimFormat::X12Professional => write_service_lines(ClaimForm::Professional, lines, options),
        ClaimFormat::X12Institutional => write_service_lines(ClaimForm::Institutional, lines, options),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::claim::Track;
    use crate::domain::code::HcpcsCode;
    use crate::domain::time::date;

    #[test]
    fn each_format_writes_every_line() {
        let mut encounter = Encounter::new(Setting::HospitalOutpatient, date(2025, 11, 3));
        encounter.diagnoses = vec!["C83.30".to_owned()];
        let day = encounter.service_date;
        let lines = [
            Line::new(Track::Administration, HcpcsCode::of("96413"), 1, day),
            Line::new(Track::Drug, HcpcsCode::of("J9312"), 71, day),
        ];
        let flags = FormatFlags { drug_revenue_code: Some("0636".to_owned()), ..FormatFlags::default() };
        for format in ClaimFormat::value_variants() {
            let text = write_lines(*format, &encounter, &lines, &flags).expect("text");
            assert!(text.contains("96413") && text.contains("J9312") && text.ends_with('\n'), "{text}");
            let institutional = *format == ClaimFormat::X12Institutional;
            assert_eq!(text.contains("SV2*0636*HC:J9312"), institutional, "{text}");
        }
    }

    #[test]
    fn a_refusal_names_the_element() {
        let error = read_fhir(r#"{"resourceType": "Patient"}"#, None, &FormatFlags::default())
            .expect_err("a refusal");
        assert!(format!("{error:#}").contains("MedicationAdministration"), "{error:#}");
    }
}
