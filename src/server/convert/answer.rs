//! The answer, from domain to message: the trail is put into words by the detail asked for.

use std::borrow::Cow;

use super::enums::{Counterpart, reason};
use super::rule::rules_version;
use crate::catalog::Catalog;
use crate::domain::claim::{Line, NdcQualifier, NdcReport, Track};
use crate::domain::encounter::Encounter;
use crate::domain::field::Field;
use crate::domain::finding::{Answer, Finding, NotBilled, Question};
use crate::domain::quantity::Decimal;
use crate::engine::CodingResult;
use crate::engine::trail::{Note, Step, Subject};
use crate::policy::Citations;
use crate::report::explanation::{self, CitedSource, ExplainedFact, ExplainedStep};
use crate::report::note;
use crate::rules::Rule;
use crate::server::pb::{self, Detail};

/// A coded visit on its way into a message.
pub struct Answering<'a> {
    pub encounter: &'a Encounter,
    pub result: &'a CodingResult,
    pub catalog: &'a Catalog,
    pub citations: &'a Citations,
    pub detail: Detail,
    /// SHA-256 of the request's encounter, in hexadecimal.
    pub input_digest: String,
}

impl Answering<'_> {
    /// The answer to a visit.
    pub fn visit(&self) -> pb::CodeEncounterResponse {
        let result = self.result;
        pb::CodeEncounterResponse {
            encounter_id: self.encounter.id.clone(),
            lines: result.lines.iter().map(|line| self.line_with_steps(line)).collect(),
            not_billed: result.not_billed.iter().map(|item| self.not_billed(item)).collect(),
            findings: result.findings.iter().map(|finding| self.finding(finding)).collect(),
            questions: result.questions.iter().map(|question| self.question(question)).collect(),
            steps: self.steps(result.trail.steps.iter().filter(|step| is_on_no_line(step, result))),
            provenance: Some(self.provenance()),
        }
    }

    /// The answer to one drug without a visit; its places are those of that request.
    pub fn drug(&self) -> pb::CalculateDrugLinesResponse {
        let mut answer = self.visit();
        let fields = answer.findings.iter_mut().map(|finding| &mut finding.field);
        let fields = fields.chain(answer.not_billed.iter_mut().map(|item| &mut item.field));
        for field in fields.chain(answer.questions.iter_mut().map(|question| &mut question.field)) {
            *field = place_of_drug_alone(field);
        }
        pb::CalculateDrugLinesResponse {
            lines: answer.lines,
            not_billed: answer.not_billed,
            findings: answer.findings,
            questions: answer.questions,
            provenance: answer.provenance,
        }
    }

    fn line_with_steps(&self, line: &Line) -> pb::Line {
        let steps = explanation::steps_of(line, self.encounter, self.result);
        pb::Line { steps: self.steps(steps), ..self.line(line) }
    }

    fn line(&self, line: &Line) -> pb::Line {
        let ids = line.administrations.iter();
        let ids = ids.filter_map(|index| self.encounter.administrations.get(usize::from(*index)));
        pb::Line {
            track: line.track.to_wire(),
            code: line.code.to_string(),
            units: line.units,
            modifiers: line.modifiers.iter().map(ToString::to_string).collect(),
            service_date: line.service_date.to_string(),
            administration_ids: ids.map(|administration| administration.id.clone()).collect(),
            description: self.description(line).into_owned(),
            ndc: line.ndc.as_ref().map(ndc_report).or_else(|| line.unnamed_quantity.map(unnamed_quantity)),
            further_ndcs: line.further_ndcs.iter().map(ndc_report).collect(),
            narrative: line.narrative.as_deref().unwrap_or_default().to_owned(),
            steps: Vec::new(),
        }
    }

    /// The drug of a drug line; each drug of an administration line once.
    pub(super) fn description(&self, line: &Line) -> Cow<'_, str> {
        let Some(&first) = line.administrations.first() else { return Cow::Borrowed("") };
        if let (Track::Drug, Some(drug)) = (line.track, line.drug) {
            return self.drug_name(first, drug);
        }
        let mut names = vec![self.administration_name(first)];
        for name in line.administrations.iter().skip(1).map(|index| self.administration_name(*index)) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        if names.len() == 1 { names.swap_remove(0) } else { Cow::Owned(names.join("; ")) }
    }

    /// The name in the request, or the catalog's where the request gives only a code.
    fn drug_name(&self, administration: u16, drug: u16) -> Cow<'_, str> {
        let encounter = self.encounter;
        let given = encounter.administrations.get(usize::from(administration));
        let given = given.and_then(|administration| administration.drugs.get(usize::from(drug)));
        if let Some(name) = given.and_then(|drug| drug.name.as_deref()) {
            return Cow::Borrowed(name);
        }
        let version = given.and_then(|drug| self.catalog.codes.get(&drug.code?)?.first());
        match version {
            Some(version) if !version.name.is_empty() => Cow::Borrowed(&version.name),
            _ => Cow::Owned(note::named(Field::Drug(administration, drug, ""), encounter)),
        }
    }

    fn administration_name(&self, index: u16) -> Cow<'_, str> {
        let given = self.encounter.administrations.get(usize::from(index));
        match given.map_or(0, |given| given.drugs.len()) {
            0 => Cow::Borrowed(""),
            1 => self.drug_name(index, 0),
            count => {
                let drugs: Vec<_> = (0..count).map(|drug| self.drug_name(index, drug as u16)).collect();
                Cow::Owned(drugs.join(", "))
            }
        }
    }

    /// What a field of the request speaks of.
    pub(super) fn described(&self, field: Field) -> Cow<'_, str> {
        match field {
            Field::Encounter(_) => Cow::Borrowed(""),
            Field::Administration(a, _) => self.administration_name(a),
            Field::Drug(a, d, _) | Field::Container(a, d, _, _) => self.drug_name(a, d),
        }
    }

    pub(super) fn administration_id(&self, field: Field) -> &str {
        let (Field::Administration(index, _) | Field::Drug(index, _, _) | Field::Container(index, _, _, _)) =
            field
        else {
            return "";
        };
        let given = self.encounter.administrations.get(usize::from(index));
        given.map_or("", |administration| &administration.id)
    }

    fn not_billed(&self, item: &NotBilled) -> pb::NotBilled {
        pb::NotBilled {
            field: item.what.to_string(),
            administration_id: self.administration_id(item.what).to_owned(),
            description: self.described(item.what).into_owned(),
            rule_id: item.rule.id.to_owned(),
            text: self.text(&item.note),
            facts: self.facts(&item.note),
            citations: self.citations(item.rule),
        }
    }

    fn finding(&self, finding: &Finding) -> pb::Finding {
        pb::Finding {
            severity: finding.severity.to_wire(),
            reason: reason(finding.reason),
            field: finding.field.to_string(),
            rule_id: finding.rule.id.to_owned(),
            text: self.text(&finding.note),
            facts: self.facts(&finding.note),
            citations: self.citations(finding.rule),
        }
    }

    fn question(&self, question: &Question) -> pb::Question {
        let answer = |answer: &Answer| pb::Answer {
            label: answer.label.clone(),
            lines: answer.lines.iter().map(|line| self.line(line)).collect(),
        };
        pb::Question {
            field: question.field.to_string(),
            rule_id: question.rule.id.to_owned(),
            text: self.text(&question.note),
            answers: question.answers.iter().map(answer).collect(),
        }
    }

    fn steps<'s>(&self, steps: impl Iterator<Item = &'s Step>) -> Vec<pb::Step> {
        match self.detail {
            Detail::Lines => Vec::new(),
            Detail::Rules => steps.map(rule_only).collect(),
            Detail::Full | Detail::Unspecified => steps.map(|step| self.full_step(step)).collect(),
        }
    }

    fn full_step(&self, step: &Step) -> pb::Step {
        let ExplainedStep { text, facts, citations, .. } =
            explanation::in_words(step, self.encounter, self.result, self.citations);
        pb::Step {
            text,
            facts: facts.into_iter().map(fact).collect(),
            citations: citations.into_iter().map(citation).collect(),
            ..rule_only(step)
        }
    }

    fn text(&self, note: &Note) -> String {
        note::render(note, &self.result.trail, self.encounter)
    }

    fn facts(&self, note: &Note) -> Vec<pb::Fact> {
        if !self.is_full() {
            return Vec::new();
        }
        let facts = self.result.trail.facts(note).iter();
        facts.map(|noted| fact(explanation::explained_fact(noted, self.encounter))).collect()
    }

    fn citations(&self, rule: &Rule) -> Vec<pb::Citation> {
        if !self.is_full() {
            return Vec::new();
        }
        let cited = rule.citations.iter().filter_map(|key| explanation::cited(key, self.citations));
        cited.map(citation).collect()
    }

    pub(super) const fn is_full(&self) -> bool {
        matches!(self.detail, Detail::Full | Detail::Unspecified)
    }

    fn provenance(&self) -> pb::Provenance {
        let rests_on = &self.result.provenance;
        pb::Provenance {
            catalog_release: rests_on.catalog_release.to_string(),
            payer: rests_on.payer.to_string(),
            policy_version: rests_on.policy_version.to_string(),
            rules_version: rules_version().to_owned(),
            engine_version: env!("CARGO_PKG_VERSION").to_owned(),
            input_digest: self.input_digest.clone(),
        }
    }
}

/// The drug of a request without a visit was read as the only one of its only administration.
fn place_of_drug_alone(field: &str) -> String {
    let Some(rest) = field.strip_prefix("administrations[0]") else { return field.to_owned() };
    match rest.strip_prefix(".drugs[0]") {
        Some(rest) => format!("drug{rest}"),
        None => rest.trim_start_matches('.').to_owned(),
    }
}

/// Puts a source into a message.
pub(super) fn citation(source: CitedSource<'_>) -> pb::Citation {
    pb::Citation {
        id: source.id.to_owned(),
        title: source.title.to_owned(),
        section: source.section.to_owned(),
        url: source.url.to_owned(),
    }
}

/// Whether a step speaks of the visit, or of an administration that no line names.
fn is_on_no_line(step: &Step, result: &CodingResult) -> bool {
    match step.subject {
        Subject::Visit => true,
        Subject::Administration(index) | Subject::Drug(index, _) => {
            !result.lines.iter().any(|line| line.administrations.contains(&index))
        }
    }
}

fn rule_only(step: &Step) -> pb::Step {
    pb::Step { rule_id: step.rule.id.to_owned(), outcome: step.outcome.to_wire(), ..pb::Step::default() }
}

fn fact(explained: ExplainedFact) -> pb::Fact {
    use crate::server::json::WireEnum;
    let source = explained.source.to_uppercase();
    pb::Fact {
        name: explained.name.to_owned(),
        value: explained.value,
        source: pb::FactSource::number(&source).unwrap_or_default(),
        parameter: explained.parameter.to_owned(),
        parameter_from: explained.parameter_from,
    }
}

/// The quantity of an NDC that the payer wants and nobody gave.
fn unnamed_quantity((quantity, qualifier): (Decimal, NdcQualifier)) -> pb::NdcReport {
    pb::NdcReport {
        ndc: String::new(),
        qualifier: qualifier.as_str().to_owned(),
        quantity: quantity.to_string(),
    }
}

fn ndc_report(report: &NdcReport) -> pb::NdcReport {
    pb::NdcReport {
        ndc: report.ndc.to_string(),
        qualifier: report.qualifier.as_str().to_owned(),
        quantity: report.quantity.to_string(),
    }
}
