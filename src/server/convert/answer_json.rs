//! The answer of a file of visits: the JSON of the message, written without making the message.
//!
//! At the detail of lines most of the cost of an answer is the text copied into a message only to be printed.
//! A test holds this writer equal, byte for byte, to the message's own JSON.

use std::fmt::Display;
use std::io::Write as _;

use super::answer::Answering;
use super::enums::Counterpart;
use super::rule::rules_version;
use crate::domain::claim::{Line, NdcQualifier, NdcReport};
use crate::domain::field::Field;
use crate::domain::finding::{Answer, Finding, NotBilled, Question};
use crate::domain::quantity::Decimal;
use crate::engine::trail::Note;
use crate::report::{figures, note};
use crate::server::json::WireEnum;
use crate::server::pb::{self, Detail};

impl Answering<'_> {
    /// Appends the answer to a visit as one line of JSON, without its end.
    pub fn write_json(&self, output: &mut Vec<u8>) {
        if self.detail == Detail::Lines {
            let service_date = self.encounter.service_date.to_string();
            Writer { answering: self, output, service_date, scratch: Vec::new() }.visit();
        } else {
            // Writing to memory cannot fail, and a message has no key that JSON could not hold.
            let _ = serde_json::to_writer(output, &self.visit());
        }
    }
}

struct Writer<'a> {
    answering: &'a Answering<'a>,
    output: &'a mut Vec<u8>,
    /// The date of service as text, which nearly every line repeats.
    service_date: String,
    /// Holds one text while it is put together.
    scratch: Vec<u8>,
}

/// The elements of the answer, in the order of the message's fields.
impl Writer<'_> {
    fn visit(&mut self) {
        let result = self.answering.result;
        self.raw("{");
        self.text_field("encounterId", &self.answering.encounter.id);
        self.objects("lines", &result.lines, Self::line);
        self.objects("notBilled", &result.not_billed, Self::not_billed);
        self.objects("findings", &result.findings, Self::finding);
        self.objects("questions", &result.questions, Self::question);
        self.name("steps");
        self.raw("[]");
        self.provenance();
        self.raw("}");
    }

    fn line(&mut self, line: &Line) {
        self.enum_field::<pb::Track>("track", line.track.to_wire());
        self.text_field("code", line.code.as_str());
        self.name("units");
        self.number(line.units);
        self.list("modifiers", &line.modifiers, |writer, modifier| writer.text(modifier.as_str()));
        if line.service_date == self.answering.encounter.service_date {
            let date = std::mem::take(&mut self.service_date);
            self.text_field("serviceDate", &date);
            self.service_date = date;
        } else {
            self.name("serviceDate");
            self.quoted(line.service_date);
        }
        let administrations = &self.answering.encounter.administrations;
        let known = line.administrations.iter().filter_map(|index| administrations.get(usize::from(*index)));
        self.name("administrationIds");
        self.raw("[");
        for administration in known {
            self.separate();
            self.text(&administration.id);
        }
        self.raw("]");
        self.text_field("description", &self.answering.description(line));
        if let Some(report) = &line.ndc {
            self.name("ndc");
            self.braced(|writer| writer.ndc_report(report));
        } else if let Some((quantity, qualifier)) = line.unnamed_quantity {
            self.name("ndc");
            self.braced(|writer| writer.ndc_quantity(quantity, qualifier));
        }
        self.text_field("narrative", line.narrative.as_deref().unwrap_or_default());
        self.name("steps");
        self.raw("[]");
        self.objects("furtherNdcs", &line.further_ndcs, Self::ndc_report);
    }

    fn ndc_report(&mut self, report: &NdcReport) {
        self.text_field("ndc", report.ndc.as_str());
        self.ndc_quantity(report.quantity, report.qualifier);
    }

    fn ndc_quantity(&mut self, quantity: Decimal, qualifier: NdcQualifier) {
        self.text_field("qualifier", qualifier.as_str());
        self.name("quantity");
        self.quoted(quantity);
    }

    fn not_billed(&mut self, item: &NotBilled) {
        self.path_field(item.what);
        self.text_field("administrationId", self.answering.administration_id(item.what));
        self.text_field("description", &self.answering.described(item.what));
        self.text_field("ruleId", item.rule.id);
        self.note(&item.note);
        self.no_facts();
    }

    fn finding(&mut self, finding: &Finding) {
        self.enum_field::<pb::Severity>("severity", finding.severity.to_wire());
        self.text_field("reason", finding.reason.as_str());
        self.path_field(finding.field);
        self.text_field("ruleId", finding.rule.id);
        self.note(&finding.note);
        self.no_facts();
    }

    fn question(&mut self, question: &Question) {
        self.path_field(question.field);
        self.text_field("ruleId", question.rule.id);
        self.note(&question.note);
        self.objects("answers", &question.answers, Self::answer);
    }

    fn answer(&mut self, answer: &Answer) {
        self.text_field("label", &answer.label);
        self.objects("lines", &answer.lines, Self::line);
    }

    fn provenance(&mut self) {
        let rests_on = &self.answering.result.provenance;
        self.name("provenance");
        self.raw("{");
        self.text_field("catalogRelease", &rests_on.catalog_release);
        self.text_field("payer", &rests_on.payer);
        self.text_field("policyVersion", &rests_on.policy_version);
        self.text_field("rulesVersion", rules_version());
        self.text_field("engineVersion", env!("CARGO_PKG_VERSION"));
        self.text_field("inputDigest", &self.answering.input_digest);
        self.raw("}");
    }
}

/// The parts that JSON is made of. An empty text and an unspecified value are left out, as in the message's
/// own form; a list never is.
impl Writer<'_> {
    fn raw(&mut self, text: &str) {
        self.output.extend_from_slice(text.as_bytes());
    }

    /// A comma, unless the first element of an object or a list follows.
    fn separate(&mut self) {
        if !matches!(self.output.last(), Some(b'{' | b'[')) {
            self.output.push(b',');
        }
    }

    fn name(&mut self, name: &str) {
        self.separate();
        self.output.push(b'"');
        self.raw(name);
        self.raw("\":");
    }

    fn text_field(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.name(name);
            self.text(text);
        }
    }

    fn text(&mut self, text: &str) {
        // Looking at every byte, without stopping at the first, is what the processor does many at a time.
        let special = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
        if text.bytes().fold(false, |found, byte| found | special(byte)) {
            // Writing a text to memory cannot fail.
            let _ = serde_json::to_writer(&mut *self.output, text);
        } else {
            self.output.push(b'"');
            self.raw(text);
            self.output.push(b'"');
        }
    }

    /// A value whose text holds nothing to escape.
    fn quoted(&mut self, value: impl Display) {
        // Writing to memory cannot fail.
        let _ = write!(self.output, "\"{value}\"");
    }

    fn number(&mut self, number: u32) {
        // Writing to memory cannot fail.
        let _ = write!(self.output, "{number}");
    }

    fn enum_field<E: WireEnum>(&mut self, name: &str, number: i32) {
        if let Some(value) = E::short_name(number).filter(|_| number != 0) {
            self.name(name);
            self.text(value);
        }
    }

    fn path_field(&mut self, field: Field) {
        self.made_field("field", |text, _| figures::path(text, field));
    }

    fn note(&mut self, note: &Note) {
        self.made_field("text", |text, answering| {
            note::render_into(text, note, &answering.result.trail, answering.encounter);
        });
    }

    /// A text that is put together on the spot.
    fn made_field(&mut self, name: &str, make: impl FnOnce(&mut Vec<u8>, &Answering<'_>)) {
        let mut text = std::mem::take(&mut self.scratch);
        text.clear();
        make(&mut text, self.answering);
        self.text_field(name, &String::from_utf8_lossy(&text));
        self.scratch = text;
    }

    fn no_facts(&mut self) {
        self.raw(r#","facts":[],"citations":[]"#);
    }

    fn list<T>(&mut self, name: &str, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        self.name(name);
        self.raw("[");
        for item in items {
            self.separate();
            write(self, item);
        }
        self.raw("]");
    }

    fn objects<T>(&mut self, name: &str, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        self.list(name, items, |writer, item| writer.braced(|writer| write(writer, item)));
    }

    fn braced(&mut self, write: impl FnOnce(&mut Self)) {
        self.raw("{");
        write(self);
        self.raw("}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::server::coder::Coder;
    use crate::server::json;

    /// The six example visits, and what is odd in other ways.
    const VISITS: [&str; 9] = [
        include_str!("../../../examples/r-chop.json"),
        include_str!("../../../examples/trastuzumab-biosimilar.json"),
        include_str!("../../../examples/folfox-pump-start.json"),
        include_str!("../../../examples/rituximab-rheumatoid-arthritis.json"),
        include_str!("../../../examples/iron-with-hydration.json"),
        include_str!("../../../examples/missing-stop-time.json"),
        // Texts to be escaped; a drug nobody knows; nothing that could be billed.
        r#"{"encounterId": "a\"b\\c é", "setting": "PHYSICIAN_OFFICE", "serviceDate": "2025-11-03",
            "administrations": [{"administrationId": "x\"", "route": "IV_PUSH", "drugs": [{"name": "\"new\" drug"}]}]}"#,
        // Two drugs in one bag, an unclassified code with its narrative, an NDC.
        r#"{"setting": "HOSPITAL_OUTPATIENT", "serviceDate": "2025-11-03", "administrations": [{"route": "IV_INFUSION",
            "startTime": "2025-11-03T09:00", "stopTime": "2025-11-03T10:31", "accessSite": "port", "drugs": [
            {"hcpcsCode": "J3490", "name": "newdrug", "ndc": "50242-0053-06", "doseAdministered": {"value": "5.5", "unit": "mg"}},
            {"hcpcsCode": "J9312", "ndc": "50242-0053-06", "doseAdministered": {"value": "700", "unit": "mg"}}]}]}"#,
        // Neither a route nor a time.
        r#"{"setting": "PHYSICIAN_OFFICE", "serviceDate": "2025-11-03", "administrations": [{"drugs": [{"hcpcsCode": "J1200"}]}]}"#,
    ];

    #[test]
    fn the_json_is_that_of_the_message() {
        let policies = crate::config::policy_book(None).expect("the embedded policies");
        let coder = Coder::on(Catalog::embedded(), std::sync::Arc::new(policies));
        for visit in VISITS {
            for detail in [Detail::Lines, Detail::Rules] {
                let request = || {
                    let mut request = json::read_request(visit).expect("a request");
                    request.set_detail(detail);
                    request
                };
                let coded = coder.code(request()).unwrap_or_else(|refusal| panic!("{refusal}: {visit}"));
                let mut output = Vec::new();
                coder.code_to_json(&(&request()).into(), &mut output).expect("an answer");
                let message = serde_json::to_string(&coded.response).expect("JSON");
                assert_eq!(String::from_utf8_lossy(&output), message);
            }
        }
    }
}
