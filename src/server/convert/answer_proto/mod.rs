//! The answer as protobuf, written from the engine's result without making the messages.
//!
//! The full trail repeats many texts. What does not depend on the visit is encoded when the program starts, a step is put
//! into words once however many lines it stands behind, and the rest is appended where it belongs.

mod cited;
mod fields;
mod parts;
mod wire;

use prost::Message;

use super::answer::Answering;
use super::rule::rules_version;
use crate::domain::field::Field;
use crate::engine::reasons::Reasons;
use crate::engine::trail::{Step, Subject};
use crate::report::figures;
use crate::server::pb::{self, Detail};

pub use cited::CitedRules;
use fields::{item, items, provenance, step};
use wire::{Size, Tag};

/// Where an answer holds its parts.
struct Layout {
    encounter_id: Option<Tag>,
    lines: Tag,
    not_billed: Tag,
    findings: Tag,
    questions: Tag,
    steps: Option<Tag>,
    provenance: Tag,
    /// Whether places are those of a drug without a visit.
    of_drug_alone: bool,
}

/// `CodeEncounterResponse`
const VISIT: Layout = Layout {
    encounter_id: Some(Tag::bytes(1)),
    lines: Tag::bytes(2),
    not_billed: Tag::bytes(3),
    findings: Tag::bytes(4),
    questions: Tag::bytes(5),
    steps: Some(Tag::bytes(6)),
    provenance: Tag::bytes(7),
    of_drug_alone: false,
};

/// `CalculateDrugLinesResponse`
const DRUG: Layout = Layout {
    encounter_id: None,
    lines: Tag::bytes(1),
    not_billed: Tag::bytes(2),
    findings: Tag::bytes(3),
    questions: Tag::bytes(4),
    steps: None,
    provenance: Tag::bytes(5),
    of_drug_alone: true,
};

/// Bytes of an answer besides its lines and steps, and of a line and a step, as far as they can be foreseen.
const ANSWER_BYTES: usize = 2_048;
const LINE_BYTES: usize = 256;
const STEP_BYTES: usize = 640;

impl Answering<'_> {
    /// Appends the answer to a visit.
    pub fn write_visit(&self, output: &mut Vec<u8>) {
        Writer::new(self, &VISIT).answer(output);
    }

    /// The answer to a visit as a message.
    pub fn visit(&self) -> pb::CodeEncounterResponse {
        decoded(|output| self.write_visit(output))
    }

    /// The answer to one drug without a visit as a message; its places are those of that request.
    pub fn drug(&self) -> pb::CalculateDrugLinesResponse {
        decoded(|output| Writer::new(self, &DRUG).answer(output))
    }
}

/// The message that was written.
fn decoded<M: Message + Default>(write: impl FnOnce(&mut Vec<u8>)) -> M {
    let mut bytes = Vec::new();
    write(&mut bytes);
    // What is written here is a message: tests decode every kind of it. A fault of the program must not become an
    // answer that says nothing.
    M::decode(bytes.as_slice()).expect("the bytes that were written are the message")
}

/// Appends an item of a batch or a stream, as the field of either answer. `response` appends the answer to the
/// visit, or leaves nothing and tells why there is none.
pub fn write_item(
    output: &mut Vec<u8>,
    number: u32,
    response: impl FnOnce(&mut Vec<u8>) -> Result<(), pb::ItemError>,
) {
    wire::message(output, items::ITEM, Size::Long, |output| {
        wire::number(output, item::ITEM_NUMBER, u64::from(number));
        let mut answered = Ok(());
        let before = output.len();
        wire::message(output, item::RESPONSE, Size::Long, |output| answered = response(output));
        if let Err(error) = answered {
            output.truncate(before);
            wire::delimited(output, item::ERROR, &error.encode_to_vec());
        }
    });
}

struct Writer<'a> {
    answering: &'a Answering<'a>,
    layout: &'static Layout,
    /// Nothing where no reasons are asked for.
    reasons: Option<Reasons<'a>>,
    /// The steps that were put into words, one after the other.
    steps: Vec<u8>,
    /// Where each step of the trail begins and ends among them.
    places: Vec<Option<(usize, usize)>>,
}

impl<'a> Writer<'a> {
    fn new(answering: &'a Answering<'a>, layout: &'static Layout) -> Self {
        let (encounter, result) = (answering.encounter, answering.result);
        let is_explained = answering.detail != Detail::Lines;
        Self {
            answering,
            layout,
            reasons: is_explained.then(|| Reasons::of(encounter, result)),
            steps: Vec::new(),
            places: vec![None; if is_explained { result.trail.steps.len() } else { 0 }],
        }
    }

    fn answer(mut self, output: &mut Vec<u8>) {
        let (layout, result) = (self.layout, self.answering.result);
        self.reserve(output);
        if let Some(tag) = layout.encounter_id {
            wire::text(output, tag, &self.answering.encounter.id);
        }
        for line in &result.lines {
            wire::message(output, layout.lines, Size::Long, |output| self.line(output, line, true));
        }
        for item in &result.not_billed {
            wire::message(output, layout.not_billed, Size::Long, |output| self.not_billed(output, item));
        }
        for finding in &result.findings {
            wire::message(output, layout.findings, Size::Long, |output| self.finding(output, finding));
        }
        for question in &result.questions {
            wire::message(output, layout.questions, Size::Long, |output| self.question(output, question));
        }
        if let (Some(tag), true) = (layout.steps, self.reasons.is_some()) {
            for (at, step) in result.trail.steps.iter().enumerate() {
                if self.is_on_no_line(step) {
                    self.step(output, tag, at, step);
                }
            }
        }
        wire::message(output, layout.provenance, Size::Long, |output| self.provenance(output));
    }

    fn reserve(&mut self, output: &mut Vec<u8>) {
        let result = self.answering.result;
        let steps = if self.answering.is_full() { result.trail.steps.len() * STEP_BYTES } else { 0 };
        self.steps.reserve(steps);
        // Most steps stand behind more than one line.
        output.reserve(ANSWER_BYTES + result.lines.len() * LINE_BYTES + 2 * steps);
    }

    /// Whether a step speaks of the visit, or of an administration that no line names.
    fn is_on_no_line(&self, step: &Step) -> bool {
        match step.subject {
            Subject::Visit => true,
            Subject::Administration(index) | Subject::Drug(index, _) => {
                !self.answering.result.lines.iter().any(|line| line.administrations.contains(&index))
            }
        }
    }

    /// Appends a step of the trail.
    fn step(&mut self, output: &mut Vec<u8>, tag: Tag, at: usize, step: &Step) {
        let (begin, end) = match self.places[at] {
            Some(place) => place,
            None => {
                let begin = self.steps.len();
                let mut steps = std::mem::take(&mut self.steps);
                self.words(&mut steps, step);
                let place = (begin, steps.len());
                self.steps = steps;
                self.places[at] = Some(place);
                place
            }
        };
        wire::delimited(output, tag, &self.steps[begin..end]);
    }

    fn words(&self, output: &mut Vec<u8>, step: &Step) {
        let Answering { cited, citations, .. } = self.answering;
        cited.with(step.rule, citations, |rule| {
            output.extend_from_slice(rule.head(step.outcome));
            if self.answering.is_full() {
                self.text(output, step::TEXT, &step.note);
                self.facts(output, step::FACTS, &step.note);
                output.extend_from_slice(&rule.of_step);
            }
        });
    }

    fn provenance(&self, output: &mut Vec<u8>) {
        let rests_on = &self.answering.result.provenance;
        wire::text(output, provenance::CATALOG_RELEASE, &rests_on.catalog_release);
        wire::text(output, provenance::PAYER, &rests_on.payer);
        wire::text(output, provenance::POLICY_VERSION, &rests_on.policy_version);
        wire::text(output, provenance::RULES_VERSION, rules_version());
        wire::text(output, provenance::ENGINE_VERSION, env!("CARGO_PKG_VERSION"));
        wire::text(output, provenance::INPUT_DIGEST, &self.answering.input_digest);
    }

    /// Appends a field of the request by its path.
    fn path(&self, output: &mut Vec<u8>, tag: Tag, field: Field) {
        wire::made(output, tag, Size::Short, |output| {
            let begin = output.len();
            figures::path(output, field);
            if self.layout.of_drug_alone {
                let place = place_of_drug_alone(&output[begin..]);
                output.splice(begin.., place);
            }
        });
    }
}

/// The drug of a request without a visit was read as the only one of its only administration.
fn place_of_drug_alone(path: &[u8]) -> Vec<u8> {
    let Some(rest) = path.strip_prefix(b"administrations[0]") else { return path.to_vec() };
    match rest.strip_prefix(b".drugs[0]") {
        Some(rest) => [b"drug", rest].concat(),
        None => rest.strip_prefix(b".").unwrap_or(rest).to_vec(),
    }
}
