//! The formats beside our own JSON that `code` and `audit` read and write.

use anyhow::bail;
use clap::{Args, ValueEnum};

use super::refused::Refused;
use super::stated::Stated;
use crate::domain::claim::Line;
use crate::domain::encounter::{Encounter, Setting};
use crate::interop::fhir::{VisitDefaults, read_visit, write_charge_items, write_claim};
use crate::interop::x12::{ClaimForm, ServiceLineOptions, write_service_lines};
use crate::server::json::WireEnum;
use crate::server::{convert, pb};

/// What a visit is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum InputFormat {
    /// FHIR where the file says `resourceType`, else the JSON form of the API.
    #[default]
    Auto,
    /// The JSON form of the API; one visit, or a visit a line.
    Json,
    /// A FHIR R4 Bundle of one visit.
    Fhir,
}

impl InputFormat {
    /// Whether a text is to be read as FHIR.
    pub fn is_fhir(self, text: &str) -> bool {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Head {
            resource_type: Option<serde::de::IgnoredAny>,
        }
        match self {
            Self::Json => false,
            Self::Fhir => true,
            // A list would be read as the fields of a head in their order.
            Self::Auto => {
                text.trim_start().starts_with('{')
                    && serde_json::from_str::<Head>(text).is_ok_and(|head| head.resource_type.is_some())
            }
        }
    }
}

/// Says what to do with a file that holds no visit in any form that is read.
///
/// # Errors
/// FHIR as XML, or an 837.
pub fn refuse_foreign(text: &str) -> anyhow::Result<()> {
    let text = text.trim_start();
    if text.starts_with('<') {
        bail!("this is XML: give a FHIR Bundle as JSON");
    }
    if text.starts_with("ISA") || text.starts_with("ST*837") {
        bail!("this is an 837, which holds what was billed and not what was given: see `audit --help`");
    }
    Ok(())
}

/// A claim format that coded lines are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimFormat {
    /// A FHIR R4 Claim.
    FhirClaim,
    /// A FHIR R4 Bundle of ChargeItems.
    FhirChargeItems,
    /// The service lines of an 837P or an 837I, by the setting of the visit.
    X12,
    /// The service lines of an 837P.
    X12Professional,
    /// The service lines of an 837I.
    X12Institutional,
}

/// What other formats need and a visit does not say.
#[derive(Debug, Clone, Default, Args)]
pub struct FormatFlags {
    /// Time zone of a FHIR visit whose times are in UTC, an IANA name.
    #[arg(long, value_name = "ZONE", env = "INFUSION_CODER_TIME_ZONE")]
    pub time_zone: Option<String>,
    /// Setting of a visit that states none, such as PHYSICIAN_OFFICE; a FHIR visit tells it by its Encounter or Location.
    #[arg(long, value_name = "SETTING", value_parser = setting, env = "INFUSION_CODER_SETTING")]
    pub setting: Option<Setting>,
    /// Payer of a visit that states none.
    #[arg(long, value_name = "PAYER", env = "INFUSION_CODER_PAYER")]
    pub payer: Option<String>,
    /// Id of the FHIR Encounter to code, where a Bundle holds several.
    #[arg(long, value_name = "ID")]
    pub encounter: Option<String>,
    /// Revenue code of the drug lines of an 837I, such as 0636; empty when it is not given.
    #[arg(long, value_name = "CODE", env = "INFUSION_CODER_DRUG_REVENUE_CODE")]
    pub drug_revenue_code: Option<String>,
    /// Revenue code of the administration lines of an 837I; empty when it is not given.
    #[arg(long, value_name = "CODE", env = "INFUSION_CODER_ADMINISTRATION_REVENUE_CODE")]
    pub administration_revenue_code: Option<String>,
}

impl FormatFlags {
    /// What the flags say of a visit that does not.
    pub fn stated(&self) -> Stated<'_> {
        Stated { setting: self.setting, payer: self.payer.as_deref() }
    }
}

/// Reads a setting by the name of the API, with or without its prefix.
fn setting(name: &str) -> Result<Setting, String> {
    let number = pb::Setting::number(&name.to_ascii_uppercase().replace('-', "_"));
    let known = number.and_then(|number| pb::Setting::try_from(number).ok()).and_then(convert::setting);
    known.ok_or_else(|| {
        let names = pb::Setting::NAMES.iter().filter(|(_, number)| *number != 0).map(|(name, _)| *name);
        format!("give one of {}", names.collect::<Vec<_>>().join(", "))
    })
}

/// Reads the visit of a FHIR Bundle. The setting of the flags counts where the Bundle tells none.
///
/// # Errors
/// The path of the element that is missing or cannot be read.
pub fn read_fhir(text: &str, flags: &FormatFlags) -> Result<Encounter, Refused> {
    let defaults = VisitDefaults {
        setting: flags.setting,
        payer: flags.payer.as_deref(),
        time_zone: flags.time_zone.as_deref(),
        encounter: flags.encounter.as_deref(),
    };
    Ok(read_visit(text, defaults)?)
}

/// The NDCs beyond a line's first that a claim format has no place for (rule D-08), a sentence each.
pub fn unwritten(format: ClaimFormat, lines: &[Line]) -> Vec<String> {
    let holder = match format {
        ClaimFormat::FhirClaim => return Vec::new(),
        ClaimFormat::FhirChargeItems => "a ChargeItem",
        ClaimFormat::X12 | ClaimFormat::X12Professional | ClaimFormat::X12Institutional => {
            "a service line of an 837"
        }
    };
    let further = (1..).zip(lines).flat_map(|(number, line): (usize, &Line)| {
        line.further_ndcs.iter().map(move |report| (number, line.code, report))
    });
    let told = further.map(|(number, code, report)| {
        let (ndc, unit) = (report.ndc.hyphenated(), report.qualifier.as_str());
        format!(
            "line {number} ({code}): {holder} holds one NDC, so {ndc} with {} {unit} is left out: \
             a payer that wants each takes a line for each",
            report.quantity
        )
    });
    told.collect()
}

/// Writes coded lines in a claim format, ending with a line end.
///
/// # Errors
/// A line without a code.
pub fn write_lines(
    format: ClaimFormat,
    encounter: &Encounter,
    lines: &[Line],
    flags: &FormatFlags,
) -> anyhow::Result<String> {
    Refused::uncoded(encounter, lines)?;
    let options = ServiceLineOptions {
        drug_revenue_code: flags.drug_revenue_code.as_deref(),
        administration_revenue_code: flags.administration_revenue_code.as_deref(),
        diagnoses: encounter.diagnoses.len(),
        hemoglobin_g_dl: encounter.renal.hemoglobin_g_dl,
        hematocrit_percent: encounter.renal.hematocrit_percent,
    };
    Ok(match format {
        ClaimFormat::FhirClaim => serde_json::to_string_pretty(&write_claim(encounter, lines))? + "\n",
        ClaimFormat::FhirChargeItems => serde_json::to_string_pretty(&write_charge_items(lines))? + "\n",
        ClaimFormat::X12 if encounter.setting.is_facility() => {
            write_service_lines(ClaimForm::Institutional, lines, options)
        }
        ClaimFormat::X12 | ClaimFormat::X12Professional => {
            write_service_lines(ClaimForm::Professional, lines, options)
        }
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
        use ClaimFormat::{FhirChargeItems, FhirClaim, X12, X12Institutional, X12Professional};
        for format in [FhirClaim, FhirChargeItems, X12, X12Professional, X12Institutional] {
            let text = write_lines(format, &encounter, &lines, &flags).expect("text");
            assert!(text.contains("96413") && text.contains("J9312") && text.ends_with('\n'), "{text}");
            // The visit is one of a hospital's outpatient department.
            let institutional = matches!(format, X12 | X12Institutional);
            assert_eq!(text.contains("SV2*0636*HC:J9312"), institutional, "{text}");
        }
    }

    #[test]
    fn a_refusal_names_the_element() {
        let error =
            read_fhir(r#"{"resourceType": "Patient"}"#, &FormatFlags::default()).expect_err("a refusal");
        assert!(error.to_string().contains("MedicationAdministration"), "{error}");
    }

    #[test]
    fn a_line_without_a_code_is_refused_by_every_format() {
        let encounter = Encounter::new(Setting::PhysicianOffice, date(2025, 11, 3));
        let mut lines = [Line::new(Track::Drug, HcpcsCode::NONE, 1, encounter.service_date)];
        lines[0].drug = Some(0);
        use ClaimFormat::{FhirChargeItems, FhirClaim, X12, X12Institutional, X12Professional};
        for format in [FhirClaim, FhirChargeItems, X12, X12Professional, X12Institutional] {
            let error = write_lines(format, &encounter, &lines, &FormatFlags::default());
            let error = error.expect_err("a refusal");
            assert!(error.is::<Refused>(), "{error}");
            assert!(error.to_string().contains("administrations[0].drugs[0].hcpcsCode: line 1"), "{error}");
        }
    }

    #[test]
    fn an_ndc_that_has_no_place_is_named() {
        use crate::domain::claim::{NdcQualifier, NdcReport};
        use crate::domain::quantity::Decimal;
        let day = date(2025, 5, 5);
        let report = |ndc: &str, quantity| NdcReport {
            ndc: ndc.parse().expect("an NDC"),
            qualifier: NdcQualifier::Milliliter,
            quantity: Decimal::whole(quantity),
        };
        let mut line = Line::new(Track::Drug, HcpcsCode::of("J1459"), 90, day);
        line.ndc = Some(report("44206-0436-05", 50));
        line.further_ndcs = vec![report("44206-0438-20", 400)];
        let lines = [Line::new(Track::Administration, HcpcsCode::of("96365"), 1, day), line];
        use ClaimFormat::{FhirChargeItems, FhirClaim, X12, X12Institutional, X12Professional};
        assert!(unwritten(FhirClaim, &lines).is_empty());
        for format in [FhirChargeItems, X12, X12Professional, X12Institutional] {
            let told = unwritten(format, &lines);
            let [told] = told.as_slice() else { panic!("{told:?}") };
            assert!(
                told.starts_with("line 2 (J1459): a ") && told.contains("44206-0438-20 with 400 ML"),
                "{told}"
            );
        }
    }

    #[test]
    fn fhir_is_recognised_by_its_resource_type() {
        let auto = InputFormat::Auto;
        assert!(auto.is_fhir(r#"{"entry": [], "resourceType": "Bundle"}"#));
        assert!(!auto.is_fhir(r#"{"encounter": {"resourceType": 1}}"#) && !auto.is_fhir("broken"));
    }

    #[test]
    fn what_holds_no_visit_is_told_apart() {
        let refused =
            |text| refuse_foreign(text).map_err(|error| error.to_string()).err().unwrap_or_default();
        assert!(refused(" <Bundle xmlns='http://hl7.org/fhir'/>").contains("as JSON"));
        assert!(refused("ISA*00*").contains("audit"));
        assert_eq!(refused("{}"), "");
    }

    #[test]
    fn a_setting_is_read_in_each_spelling() {
        for name in ["PHYSICIAN_OFFICE", "SETTING_PHYSICIAN_OFFICE", "physician-office"] {
            assert_eq!(setting(name), Ok(Setting::PhysicianOffice), "{name}");
        }
        assert!(setting("OFFICE").expect_err("a refusal").contains("HOSPITAL_OUTPATIENT"));
        assert!(setting("UNSPECIFIED").is_err());
    }
}
