//! The answer of a file of visits: the JSON of the message, written without making the message.
//!
//! At the detail of lines most of the cost of an answer is the text copied into a message only to be printed.
//! A test holds this writer equal, byte for byte, to the message's own JSON.

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
            Writer { answering: self, output }.visit();
        } else {
            // Writing to memory cannot fail, and a message has no key that JSON could not hold.
            let _ = serde_json::to_writer(output, &self.visit());
        }
    }
}

struct Writer<'a> {
    answering: &'a Answering<'a>,
    output: &'a mut Vec<u8>,
}

/// The name of a field as it is written: between quotation marks, with a comma before it and its colon after it.
macro_rules! key {
    ($name:literal) => {
        concat!(",\"", $name, "\":")
    };
}

/// What an object without facts or steps of its own ends with.
const NO_FACTS: &str = r#","facts":[],"citations":[]"#;
const NO_STEPS: &str = r#","steps":[]"#;
const NO_FURTHER_NDCS: &str = r#","furtherNdcs":[]"#;

/// The elements of the answer, in the order of the message's fields.
impl Writer<'_> {
    fn visit(&mut self) {
        let result = self.answering.result;
        self.raw("{");
        self.text_field(key!("encounterId"), &self.answering.encounter.id);
        self.objects(key!("lines"), &result.lines, Self::line);
        self.objects(key!("notBilled"), &result.not_billed, Self::not_billed);
        self.objects(key!("findings"), &result.findings, Self::finding);
        self.objects(key!("questions"), &result.questions, Self::question);
        self.raw(NO_STEPS);
        self.provenance();
        self.raw("}");
    }

    fn line(&mut self, line: &Line) {
        self.enum_field::<pb::Track>(key!("track"), line.track.to_wire());
        self.plain_field(key!("code"), line.code.as_str());
        self.name(key!("units"));
        figures::whole(self.output, i64::from(line.units));
        self.list(key!("modifiers"), &line.modifiers, |writer, modifier| writer.plain(modifier.as_str()));
        self.name(key!("serviceDate"));
        self.quoted(|text| figures::date(text, line.service_date));
        let administrations = &self.answering.encounter.administrations;
        self.list(key!("administrationIds"), &line.administrations, |writer, index| {
            // The engine names administrations of this encounter only.
            let administration = administrations.get(usize::from(*index));
            writer.text(administration.map_or("", |administration| &administration.id));
        });
        self.text_field(key!("description"), &self.answering.description(line));
        if let Some(report) = &line.ndc {
            self.name(key!("ndc"));
            self.braced(|writer| writer.ndc_report(report));
        } else if let Some((quantity, qualifier)) = line.unnamed_quantity {
            self.name(key!("ndc"));
            self.braced(|writer| writer.ndc_quantity(quantity, qualifier));
        }
        self.text_field(key!("narrative"), line.narrative.as_deref().unwrap_or_default());
        self.raw(NO_STEPS);
        if line.further_ndcs.is_empty() {
            self.raw(NO_FURTHER_NDCS);
        } else {
            self.objects(key!("furtherNdcs"), &line.further_ndcs, Self::ndc_report);
        }
    }

    fn ndc_report(&mut self, report: &NdcReport) {
        self.plain_field(key!("ndc"), report.ndc.as_str());
        self.ndc_quantity(report.quantity, report.qualifier);
    }

    fn ndc_quantity(&mut self, quantity: Decimal, qualifier: NdcQualifier) {
        self.plain_field(key!("qualifier"), qualifier.as_str());
        self.name(key!("quantity"));
        self.quoted(|text| figures::decimal(text, quantity));
    }

    fn not_billed(&mut self, item: &NotBilled) {
        self.path_field(item.what);
        self.text_field(key!("administrationId"), self.answering.administration_id(item.what));
        self.text_field(key!("description"), &self.answering.described(item.what));
        self.plain_field(key!("ruleId"), item.rule.id);
        self.note(&item.note);
        self.raw(NO_FACTS);
    }

    fn finding(&mut self, finding: &Finding) {
        self.enum_field::<pb::Severity>(key!("severity"), finding.severity.to_wire());
        self.plain_field(key!("reason"), finding.reason.as_str());
        self.path_field(finding.field);
        self.plain_field(key!("ruleId"), finding.rule.id);
        self.note(&finding.note);
        self.raw(NO_FACTS);
    }

    fn question(&mut self, question: &Question) {
        self.path_field(question.field);
        self.plain_field(key!("ruleId"), question.rule.id);
        self.note(&question.note);
        self.objects(key!("answers"), &question.answers, Self::answer);
    }

    fn answer(&mut self, answer: &Answer) {
        self.text_field(key!("label"), &answer.label);
        self.objects(key!("lines"), &answer.lines, Self::line);
    }

    fn provenance(&mut self) {
        let rests_on = &self.answering.result.provenance;
        self.name(key!("provenance"));
        self.raw("{");
        self.text_field(key!("catalogRelease"), &rests_on.catalog_release);
        self.text_field(key!("payer"), &rests_on.payer);
        self.text_field(key!("policyVersion"), &rests_on.policy_version);
        self.plain_field(key!("rulesVersion"), rules_version());
        self.plain_field(key!("engineVersion"), env!("CARGO_PKG_VERSION"));
        self.plain_field(key!("inputDigest"), &self.answering.input_digest);
        self.raw("}");
    }
}

/// The parts that JSON is made of. An empty text and an unspecified value are left out, as in the message's
/// own form; a list never is.
impl Writer<'_> {
    #[inline]
    fn raw(&mut self, text: &str) {
        self.output.extend_from_slice(text.as_bytes());
    }

    /// Whether the first element of an object or a list follows, which no comma comes before.
    #[inline]
    fn is_first(&self) -> bool {
        matches!(self.output.last(), Some(b'{' | b'['))
    }

    /// The name of a field, made by `key!`.
    #[inline]
    fn name(&mut self, key: &'static str) {
        // Two copies of a known length each cost less than one that leaves out a first byte or not.
        if self.is_first() {
            self.raw(&key[1..]);
        } else {
            self.raw(key);
        }
    }

    #[inline]
    fn text_field(&mut self, key: &'static str, text: &str) {
        if !text.is_empty() {
            self.name(key);
            self.text(text);
        }
    }

    /// A field whose text is one of ours, or made of letters and digits.
    #[inline]
    fn plain_field(&mut self, key: &'static str, text: &str) {
        if !text.is_empty() {
            self.name(key);
            self.plain(text);
        }
    }

    fn text(&mut self, text: &str) {
        if is_plain(text.as_bytes()) {
            self.plain(text);
        } else {
            // Writing a text to memory cannot fail.
            let _ = serde_json::to_writer(&mut *self.output, text);
        }
    }

    /// A text that holds nothing to escape.
    #[inline]
    fn plain(&mut self, text: &str) {
        self.raw("\"");
        self.raw(text);
        self.raw("\"");
    }

    /// A value that is put together on the spot and holds nothing to escape.
    #[inline]
    fn quoted(&mut self, append: impl FnOnce(&mut Vec<u8>)) {
        self.raw("\"");
        append(self.output);
        self.raw("\"");
    }

    #[inline]
    fn enum_field<E: WireEnum>(&mut self, key: &'static str, number: i32) {
        if let Some(value) = E::short_name(number).filter(|_| number != 0) {
            self.plain_field(key, value);
        }
    }

    fn path_field(&mut self, field: Field) {
        self.made_field(key!("field"), |text, _| figures::path(text, field));
    }

    fn note(&mut self, note: &Note) {
        self.made_field(key!("text"), |text, answering| {
            note::render_into(text, note, &answering.result.trail, answering.encounter);
        });
    }

    /// A text that is put together on the spot.
    #[inline]
    fn made_field(&mut self, key: &'static str, make: impl FnOnce(&mut Vec<u8>, &Answering<'_>)) {
        let before = self.output.len();
        self.name(key);
        self.raw("\"");
        let start = self.output.len();
        make(self.output, self.answering);
        let made = &self.output[start..];
        if made.is_empty() {
            self.output.truncate(before);
        } else if is_plain(made) {
            self.raw("\"");
        } else {
            let made = String::from_utf8_lossy(made).into_owned();
            self.output.truncate(start - 1);
            self.text(&made);
        }
    }

    fn list<T>(&mut self, key: &'static str, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        self.name(key);
        self.raw("[");
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.raw(",");
            }
            write(self, item);
        }
        self.raw("]");
    }

    fn objects<T>(&mut self, key: &'static str, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        self.list(key, items, |writer, item| writer.braced(|writer| write(writer, item)));
    }

    #[inline]
    fn braced(&mut self, write: impl FnOnce(&mut Self)) {
        self.raw("{");
        write(self);
        self.raw("}");
    }
}

/// Whether a text holds nothing to escape.
fn is_plain(text: &[u8]) -> bool {
    // Looking at every byte, without stopping at the first, is what the processor does many at a time.
    !text.iter().fold(false, |found, byte| found | (*byte < b' ' || matches!(byte, b'"' | b'\\')))
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
