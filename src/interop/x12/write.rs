//! Coded lines as the service-line loops (2400 and 2410) of an 837P or 837I.

use std::fmt::Write as _;

use crate::domain::claim::{Line, MODIFIERS_PER_LINE_MAX, Track};
use crate::domain::code::Modifier;
use crate::domain::quantity::Decimal;

use super::segment::CUSTOMARY;

/// Characters that SV101-7, SV202-7 and NTE02 can hold.
const DESCRIPTION_CHARACTERS_MAX: usize = 80;
/// Where the free text lies in the procedure composite: qualifier, code, four modifiers, description.
const DESCRIPTION_COMPONENT: usize = 7;

/// The modifiers that only an erythropoietin carries (rules M-03, M-04).
const OF_ERYTHROPOIETIN: [Modifier; 5] =
    [Modifier::of("EA"), Modifier::of("EB"), Modifier::of("EC"), Modifier::of("ED"), Modifier::of("EE")];

/// Which of the two claims the lines are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimForm {
    /// 837P (005010X222A1): `SV1`.
    Professional,
    /// 837I (005010X223A2): `SV2`.
    Institutional,
}

/// What the biller knows and the coded visit does not.
#[derive(Debug, Clone, Copy, Default)]
pub struct ServiceLineOptions<'a> {
    /// Revenue codes of the two tracks; hospitals choose them, so an unstated one stays empty.
    pub drug_revenue_code: Option<&'a str>,
    pub administration_revenue_code: Option<&'a str>,
    /// Diagnoses on the claim. With one, every line points to it; with several only a clinician knows.
    pub diagnoses: usize,
    /// The latest results that the lines of an erythropoietin go with.
    pub hemoglobin_g_dl: Option<Decimal>,
    pub hematocrit_percent: Option<Decimal>,
}

/// Writes the loops, numbered from one, a segment a line; before those of an 837I the value codes of an
/// erythropoietin's test results, which belong to the claim's loop 2300.
///
/// Charges (SV102, SV203) stay empty: they come from the biller's own charge list. Loop 2410 holds one NDC, so
/// a line's further ones are not written (rule D-08). Every line needs a code.
pub fn write_service_lines(form: ClaimForm, lines: &[Line], options: ServiceLineOptions<'_>) -> String {
    let mut text = String::new();
    if form == ClaimForm::Institutional && lines.iter().any(is_of_erythropoietin) {
        write_values(&mut text, options);
    }
    for (index, line) in lines.iter().enumerate() {
        // Writing to a `String` cannot fail.
        let _ = write_line(&mut text, form, index + 1, line, options);
    }
    text
}

fn is_of_erythropoietin(line: &Line) -> bool {
    line.modifiers.iter().any(|own| OF_ERYTHROPOIETIN.contains(own))
}

/// The value information of loop 2300 that the lines of an erythropoietin go with: one segment for the claim.
fn write_values(text: &mut String, options: ServiceLineOptions<'_>) {
    let results = [("48", options.hemoglobin_g_dl), ("49", options.hematocrit_percent)];
    let values = results.iter().filter_map(|(code, result)| Some((code, result.as_ref()?)));
    let values: Vec<String> =
        values.map(|(code, result)| format!("*BE:{code}:::{}", one_decimal(*result))).collect();
    if !values.is_empty() {
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "HI{}~", values.concat());
    }
}

fn write_line(
    text: &mut String,
    form: ClaimForm,
    number: usize,
    line: &Line,
    options: ServiceLineOptions<'_>,
) -> std::fmt::Result {
    let procedure = procedure(line);
    writeln!(text, "LX*{number}~")?;
    match form {
        ClaimForm::Professional => {
            let pointer = if options.diagnoses == 1 { "***1" } else { "" };
            writeln!(text, "SV1*{procedure}**UN*{}{pointer}~", line.units)?;
        }
        ClaimForm::Institutional => {
            let revenue_code = match line.track {
                Track::Administration => options.administration_revenue_code,
                Track::Drug => options.drug_revenue_code,
            };
            writeln!(text, "SV2*{}*{procedure}**UN*{}~", revenue_code.unwrap_or(""), line.units)?;
        }
    }
    let date = line.service_date;
    writeln!(text, "DTP*472*D8*{:04}{:02}{:02}~", date.year(), date.month(), date.day())?;
    // The institutional guide tells the results for the claim as a whole, by value code.
    if form == ClaimForm::Professional && is_of_erythropoietin(line) {
        let results = [("R1", options.hemoglobin_g_dl), ("R2", options.hematocrit_percent)];
        for (measure, result) in results {
            if let Some(result) = result {
                writeln!(text, "MEA*TR*{measure}*{}~", one_decimal(result))?;
            }
        }
    }
    // The institutional guide has no additional-information note in a service line.
    if let (ClaimForm::Professional, Some(narrative)) = (form, &line.narrative) {
        writeln!(text, "NTE*ADD*{}~", description(narrative))?;
    }
    if let Some(report) = &line.ndc {
        writeln!(text, "LIN**N4*{}~", report.ndc)?;
        writeln!(text, "CTP****{}*{}~", report.quantity, report.qualifier.as_str())?;
    }
    Ok(())
}

/// A test result with one decimal place, rounded **down**, as Medicare asks: `9.8`, `28.0`.
fn one_decimal(result: Decimal) -> String {
    let tenths = result.nanos().max(0) / (Decimal::ONE.nanos() / 10);
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// `HC:J9312:JW`, with the narrative as the description of an unclassified code.
fn procedure(line: &Line) -> String {
    let mut text = format!("HC:{}", line.code);
    for modifier in &line.modifiers {
        text.push(CUSTOMARY.component);
        text.push_str(modifier.as_str());
    }
    if let Some(narrative) = &line.narrative {
        let written = 2 + line.modifiers.len().min(MODIFIERS_PER_LINE_MAX);
        text.extend(std::iter::repeat_n(CUSTOMARY.component, DESCRIPTION_COMPONENT - written));
        text.push_str(&description(narrative));
    }
    text
}

/// Free text that cannot be taken for a delimiter, at the field's length.
fn description(text: &str) -> String {
    let delimiters = [CUSTOMARY.element, CUSTOMARY.component, CUSTOMARY.repetition, CUSTOMARY.segment];
    let plain = |c: char| if !(' '..='~').contains(&c) || delimiters.contains(&c) { ' ' } else { c };
    let cut: String = text.chars().map(plain).take(DESCRIPTION_CHARACTERS_MAX).collect();
    cut.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::claim::{NdcQualifier, NdcReport};
    use crate::domain::code::HcpcsCode;
    use crate::domain::time::date;

    fn rituximab() -> Line {
        let mut line = Line::new(Track::Drug, HcpcsCode::of("J9312"), 71, date(2025, 11, 3));
        assert!(line.add_modifier(Modifier::of("JZ")));
        line.ndc = Some(NdcReport {
            ndc: "50242005306".parse().expect("an NDC"),
            qualifier: NdcQualifier::Milliliter,
            quantity: "70.5".parse::<Decimal>().expect("a number"),
        });
        line
    }

    #[test]
    fn a_drug_line_carries_its_ndc_with_its_own_quantity() {
        let options = ServiceLineOptions { diagnoses: 1, ..Default::default() };
        assert_eq!(
            write_service_lines(ClaimForm::Professional, &[rituximab()], options),
            "LX*1~\nSV1*HC:J9312:JZ**UN*71***1~\nDTP*472*D8*20251103~\nLIN**N4*50242005306~\nCTP****70.5*ML~\n"
        );
    }

    #[test]
    fn an_erythropoietin_goes_with_its_test_results() {
        let mut line = Line::new(Track::Drug, HcpcsCode::of("J0885"), 40, date(2025, 11, 3));
        assert!(line.add_modifier(Modifier::of("EA")));
        let result = |text: &str| text.parse::<Decimal>().ok();
        let (hemoglobin_g_dl, hematocrit_percent) = (result("9.85"), result("28"));
        let options = ServiceLineOptions { hemoglobin_g_dl, hematocrit_percent, ..Default::default() };
        let lines = [line, rituximab()];
        let text = write_service_lines(ClaimForm::Professional, &lines, options);
        assert!(text.contains("DTP*472*D8*20251103~\nMEA*TR*R1*9.8~\nMEA*TR*R2*28.0~\nLX*2~"), "{text}");
        assert_eq!(text.matches("MEA").count(), 2);
        let text = write_service_lines(ClaimForm::Institutional, &lines, options);
        assert!(!text.contains("MEA") && text.starts_with("HI*BE:48:::9.8*BE:49:::28.0~\nLX*1~\n"), "{text}");
        let text = write_service_lines(ClaimForm::Institutional, &[rituximab()], options);
        assert!(text.starts_with("LX*1~"), "{text}");
    }

    #[test]
    fn a_revenue_code_is_written_only_when_it_is_given() {
        let mut options = ServiceLineOptions::default();
        let institutional = |options| write_service_lines(ClaimForm::Institutional, &[rituximab()], options);
        assert!(institutional(options).contains("SV2**HC:J9312:JZ**UN*71~"));
        options.drug_revenue_code = Some("0636");
        assert!(institutional(options).contains("SV2*0636*HC:J9312:JZ**UN*71~"));
    }

    #[test]
    fn a_narrative_is_the_description_and_a_note() {
        let mut line = Line::new(Track::Drug, HcpcsCode::of("J3490"), 1, date(2025, 11, 3));
        line.narrative = Some("Drug: 5 mg*IV~µ".into());
        let text = write_service_lines(ClaimForm::Professional, &[line.clone()], Default::default());
        assert!(text.contains("SV1*HC:J3490:::::Drug  5 mg IV**UN*1~\n"), "{text}");
        assert!(text.contains("NTE*ADD*Drug  5 mg IV~\n"), "{text}");
        let text = write_service_lines(ClaimForm::Institutional, &[line], Default::default());
        assert!(!text.contains("NTE"), "{text}");
    }
}
