//! A visit a line: the JSON of a `CodeEncounterRequest` in, its answer or its error out.

use super::formats::{self, FormatFlags};
use super::ordered_lines::LineCoder;
use super::refused::Refused;
use super::stated::Stated;
use crate::server::coder::Coder;
use crate::server::refusal::Refusal;
use crate::server::{lent, pb};

/// Codes lines on one core; each worker has its own.
pub struct VisitLines<'a> {
    coder: Coder,
    detail: pb::Detail,
    stated: Stated<'a>,
    /// How FHIR is read, where each line is a Bundle of one visit.
    fhir: Option<&'a FormatFlags>,
}

impl<'a> VisitLines<'a> {
    /// A coder of lines; `detail` applies to the visits that ask for none.
    pub const fn new(
        coder: Coder,
        detail: pb::Detail,
        stated: Stated<'a>,
        fhir: Option<&'a FormatFlags>,
    ) -> Self {
        Self { coder, detail, stated, fhir }
    }

    fn answer(&self, line: &[u8], output: &mut Vec<u8>) -> Result<(), Refused> {
        let text = std::str::from_utf8(line).map_err(|_| Refused::line("the line is not UTF-8"))?;
        // Some programs begin a file with a byte order mark.
        let text = text.trim_start_matches('\u{feff}');
        let answered = match self.fhir {
            Some(flags) => {
                let encounter = formats::read_fhir(text, flags)?;
                self.coder.foreign_to_json(&encounter, line, self.detail, output)
            }
            None => {
                let coded = lent::from_json(text, |request| {
                    // The texts of the flags live as long as those of the line.
                    let mut request: lent::CodeEncounterRequest<'_> = request;
                    self.stated.fill_lent(&mut request)?;
                    if request.detail == pb::Detail::Unspecified as i32 {
                        request.detail = self.detail as i32;
                    }
                    self.coder.code_to_json(&request, output).map_err(Refused::from)
                });
                return coded.unwrap_or_else(|error| Err(Refusal::from(error).into()));
            }
        };
        answered.map_err(Refused::from)
    }
}

impl LineCoder for VisitLines<'_> {
    fn code(&mut self, line: &[u8], output: &mut Vec<u8>) -> Result<(), String> {
        self.answer(line, output).map_err(|refused| {
            write_refused(&refused, output);
            refused.message().to_owned()
        })
    }

    fn refuse(&mut self, reason: &str, output: &mut Vec<u8>) {
        write_refused(&Refused::line(reason), output);
    }
}

fn write_refused(refused: &Refused, output: &mut Vec<u8>) {
    // Writing to memory cannot fail, and an error has no key that JSON could not hold.
    let _ = serde_json::to_writer(output, refused);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::catalog::Catalog;

    fn answer_to(line: &str) -> (String, Result<(), String>) {
        answer_to_line(line, None)
    }

    fn answer_to_line(line: &str, fhir: Option<&FormatFlags>) -> (String, Result<(), String>) {
        let policies = crate::config::policy_book(None).expect("the embedded policies");
        let coder = Coder::on(Arc::new(Catalog::default()), Arc::new(policies));
        let mut output = Vec::new();
        let coded = VisitLines::new(coder, pb::Detail::Lines, Stated::default(), fhir)
            .code(line.as_bytes(), &mut output);
        (String::from_utf8(output).expect("text"), coded)
    }

    #[test]
    fn a_visit_is_answered_and_a_fault_is_told_in_place() {
        let visit = r#"{"encounter": {"encounterId": "v-1", "setting": "PHYSICIAN_OFFICE", "serviceDate": "2025-11-03",
            "administrations": [{"administrationId": "a1", "route": "IV_PUSH", "drugs": [{"name": "x"}]}]}}"#;
        let (answer, coded) = answer_to(visit);
        assert!(coded.is_ok() && answer.contains(r#""encounterId":"v-1""#), "{answer} {coded:?}");
        let bare = visit.trim_start_matches(r#"{"encounter":"#).strip_suffix('}').expect("a request");
        assert_eq!(answer_to(bare).0, answer);
        let (answer, coded) = answer_to(r#"{"encounter": {"encounterId": "v-1"}}"#);
        assert!(coded.is_err() && answer.contains(r#""field":"encounter.setting""#), "{answer}");
        for broken in ["{", "[]", r#"{"patientName": "x"}"#] {
            let (answer, coded) = answer_to(broken);
            assert!(
                coded.is_err() && answer.starts_with(r#"{"error":{"reason":"INVALID_REQUEST""#),
                "{answer}"
            );
        }
    }

    #[test]
    fn a_fhir_visit_at_fault_names_its_element_in_place() {
        let bundle = r#"{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Patient"}}]}"#;
        let (answer, coded) = answer_to_line(bundle, Some(&FormatFlags::default()));
        let reason = coded.expect_err("a refusal");
        assert!(reason.starts_with("the FHIR visit cannot be read: Bundle.entry"), "{reason}");
        assert!(answer.contains(r#""violations":[{"field":"Bundle.entry","description":"#), "{answer}");
    }
}
