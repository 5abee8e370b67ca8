//! The parts of an answer, field by field.

use super::Writer;
use super::fields::{answer, fact, finding, line, ndc_report, not_billed, question};
use super::wire::{self, Size, Tag};
use crate::domain::claim::{Line, NdcQualifier, NdcReport};
use crate::domain::finding::{Answer, Finding, NotBilled, Question};
use crate::domain::quantity::Decimal;
use crate::engine::trail::{Note, NotedFact, Source};
use crate::report::{figures, note};
use crate::rules::Rule;
use crate::server::convert::answer::Answering;
use crate::server::convert::enums::{Counterpart, reason};
use crate::server::pb;

impl<'a> Writer<'a> {
    /// A line; those of the answers to a question have no steps.
    pub(super) fn line(&mut self, output: &mut Vec<u8>, line: &'a Line, is_explained: bool) {
        let answering = self.answering;
        wire::choice(output, line::TRACK, line.track.to_wire());
        wire::text(output, line::CODE, line.code.as_str());
        wire::number(output, line::UNITS, u64::from(line.units));
        for modifier in &line.modifiers {
            wire::element(output, line::MODIFIERS, modifier.as_str());
        }
        wire::made(output, line::SERVICE_DATE, Size::Short, |output| {
            figures::date(output, line.service_date)
        });
        for index in &line.administrations {
            if let Some(administration) = answering.encounter.administrations.get(usize::from(*index)) {
                wire::element(output, line::ADMINISTRATION_IDS, &administration.id);
            }
        }
        wire::text(output, line::DESCRIPTION, &answering.description(line));
        if let Some(report) = &line.ndc {
            write_report(output, line::NDC, report);
        } else if let Some((quantity, qualifier)) = line.unnamed_quantity {
            write_ndc(output, line::NDC, "", qualifier, quantity);
        }
        wire::text(output, line::NARRATIVE, line.narrative.as_deref().unwrap_or_default());
        if is_explained {
            self.steps_of(output, line);
        }
        for report in &line.further_ndcs {
            write_report(output, line::FURTHER_NDCS, report);
        }
    }

    fn steps_of(&mut self, output: &mut Vec<u8>, line: &'a Line) {
        let Some(reasons) = self.reasons.take() else { return };
        for (at, step) in reasons.steps_of(line) {
            self.step(output, line::STEPS, at, step);
        }
        self.reasons = Some(reasons);
    }

    pub(super) fn not_billed(&self, output: &mut Vec<u8>, item: &NotBilled) {
        self.path(output, not_billed::FIELD, item.what);
        wire::text(output, not_billed::ADMINISTRATION_ID, self.answering.administration_id(item.what));
        wire::text(output, not_billed::DESCRIPTION, &self.answering.described(item.what));
        wire::text(output, not_billed::RULE_ID, item.rule.id);
        self.text(output, not_billed::TEXT, &item.note);
        self.sources(output, not_billed::FACTS, &item.note, item.rule);
    }

    pub(super) fn finding(&self, output: &mut Vec<u8>, found: &Finding) {
        wire::choice(output, finding::SEVERITY, found.severity.to_wire());
        wire::choice(output, finding::REASON, reason(found.reason));
        self.path(output, finding::FIELD, found.field);
        wire::text(output, finding::RULE_ID, found.rule.id);
        self.text(output, finding::TEXT, &found.note);
        self.sources(output, finding::FACTS, &found.note, found.rule);
    }

    /// With the full detail, the facts that were used and what the rule rests on.
    fn sources(&self, output: &mut Vec<u8>, facts: Tag, note: &Note, rule: &Rule) {
        let Answering { cited, citations, .. } = self.answering;
        if self.answering.is_full() {
            self.facts(output, facts, note);
            cited.with(rule, citations, |rule| output.extend_from_slice(&rule.of_finding));
        }
    }

    pub(super) fn question(&mut self, output: &mut Vec<u8>, question: &'a Question) {
        self.path(output, question::FIELD, question.field);
        wire::text(output, question::RULE_ID, question.rule.id);
        self.text(output, question::TEXT, &question.note);
        for answer in &question.answers {
            wire::message(output, question::ANSWERS, Size::Long, |output| self.possible(output, answer));
        }
    }

    fn possible(&mut self, output: &mut Vec<u8>, possible: &'a Answer) {
        wire::text(output, answer::LABEL, &possible.label);
        for line in &possible.lines {
            wire::message(output, answer::LINES, Size::Short, |output| self.line(output, line, false));
        }
    }

    pub(super) fn text(&self, output: &mut Vec<u8>, tag: Tag, note: &Note) {
        let Answering { encounter, result, .. } = self.answering;
        wire::made(output, tag, Size::Short, |output| {
            note::render_into(output, note, &result.trail, encounter);
        });
    }

    pub(super) fn facts(&self, output: &mut Vec<u8>, tag: Tag, note: &Note) {
        for noted in self.answering.result.trail.facts(note) {
            wire::message(output, tag, Size::Short, |output| self.fact(output, noted));
        }
    }

    fn fact(&self, output: &mut Vec<u8>, noted: &NotedFact) {
        let source = match noted.source {
            Source::Given => pb::FactSource::Given,
            Source::Assumed => pb::FactSource::Assumed,
            Source::Missing => pb::FactSource::Missing,
            Source::Derived => pb::FactSource::Derived,
            Source::Catalog => pb::FactSource::Catalog,
            Source::Parameter { .. } => pb::FactSource::Parameter,
        };
        wire::text(output, fact::NAME, noted.name);
        wire::made(output, fact::VALUE, Size::Short, |output| {
            note::append_value(output, noted, self.answering.encounter);
        });
        wire::choice(output, fact::SOURCE, source as i32);
        if let Source::Parameter { key, from } = noted.source {
            wire::text(output, fact::PARAMETER, key);
            wire::made(output, fact::PARAMETER_FROM, Size::Short, |output| figures::date(output, from));
        }
    }
}

fn write_report(output: &mut Vec<u8>, tag: Tag, report: &NdcReport) {
    write_ndc(output, tag, report.ndc.as_str(), report.qualifier, report.quantity);
}

/// The NDC is empty where the payer wants one and nobody gave it.
fn write_ndc(output: &mut Vec<u8>, tag: Tag, ndc: &str, qualifier: NdcQualifier, quantity: Decimal) {
    wire::message(output, tag, Size::Short, |output| {
        wire::text(output, ndc_report::NDC, ndc);
        wire::text(output, ndc_report::QUALIFIER, qualifier.as_str());
        wire::made(output, ndc_report::QUANTITY, Size::Short, |output| figures::decimal(output, quantity));
    });
}
