//! The mechanism: one pure pipeline from an encounter to the lines of both tracks.
//!
//! The engine does no IO, reads no clock and holds no state. It reads like a table of contents;
//! what each step means is in `rules`.

pub mod reasons;
pub mod trail;

use std::cell::Cell;

use crate::catalog::Catalog;
use crate::domain::claim::Line;
use crate::domain::encounter::Encounter;
use crate::domain::field::Field;
use crate::domain::finding::{Answer, Finding, NotBilled, Question, Reason, Severity};
use crate::domain::time::Date;
use crate::policy::Policy;
use crate::rules::drug_line::package;
use crate::rules::{self, Rule};
use trail::{Kept, NotedFact, Trail};

/// Everything an answer rests on, so that it can be produced again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Provenance {
    pub catalog_release: std::sync::Arc<str>,
    pub payer: std::sync::Arc<str>,
    pub policy_version: std::sync::Arc<str>,
}

/// The answer: lines on both tracks, and why.
#[derive(Debug, Clone, Default)]
pub struct CodingResult {
    pub lines: Vec<Line>,
    pub not_billed: Vec<NotBilled>,
    pub findings: Vec<Finding>,
    pub questions: Vec<Question>,
    pub trail: Trail,
    pub provenance: Provenance,
    /// The record leaves open more than is worked out at once ([`ASKING_SERVICES_MAX`]), so the rest of the answer
    /// says too little and must not be given.
    pub asks_too_much: bool,
}

/// Most administrations and drugs that the answers to all questions of a visit are coded with, each counted once an
/// answer. Five hundred administrations of coded drugs that all lack their stop stay below, and two hundred of drugs
/// with names that nothing knows; what lies above is no visit, and would hold a processor for minutes.
pub const ASKING_SERVICES_MAX: usize = 3_000_000;

/// What a drug that is known by its name alone costs beside others, in administrations and drugs that take as long.
const NAMED_SERVICES: usize = 15;

/// One coding at work: what is known, and the answer as far as it has come.
pub struct Coding<'a> {
    pub encounter: &'a Encounter,
    pub catalog: &'a Catalog,
    /// The date of service at work: that of the visit, or that of the drug being coded.
    pub date: Date,
    /// The payer's rules on that date.
    pub policy: &'a Policy,
    /// The payer's rules from the first date of the visit on.
    rules: &'a Policy,
    pub result: CodingResult,
    /// Whether questions are worked out; off while the answers to one are tried, so that none nests.
    pub asking: bool,
    /// Whether drugs are coded without the visit they were given at.
    is_of_drugs_alone: bool,
    /// What the questions have cost so far, in administrations and drugs coded.
    spent: Cell<usize>,
}

/// Codes a visit: administration lines and drug lines, with the reason for each.
///
/// `policy` holds the payer's rules from the visit's first date on; where they change within the visit, each line
/// follows those of its own date.
pub fn code(encounter: &Encounter, catalog: &Catalog, policy: &Policy) -> CodingResult {
    coded(Kept::Everything, false, encounter, catalog, policy)
}

/// Codes a visit for a caller who reads no steps: the same lines, findings and questions, and an empty trail.
pub fn code_without_steps(encounter: &Encounter, catalog: &Catalog, policy: &Policy) -> CodingResult {
    coded(Kept::Findings, false, encounter, catalog, policy)
}

/// Codes the drugs of a visit alone, as for one drug without a visit.
pub fn code_drug(encounter: &Encounter, catalog: &Catalog, policy: &Policy) -> CodingResult {
    coded(Kept::Everything, true, encounter, catalog, policy)
}

fn coded(
    kept: Kept,
    is_of_drugs_alone: bool,
    encounter: &Encounter,
    catalog: &Catalog,
    policy: &Policy,
) -> CodingResult {
    let filled = package::filled(encounter, catalog, policy);
    let (encounter, contents) =
        filled.as_ref().map_or((encounter, &[][..]), |(filled, contents)| (filled, contents));
    let mut coding = Coding::keeping(kept, encounter, catalog, policy);
    coding.is_of_drugs_alone = is_of_drugs_alone;
    package::note(&mut coding, contents);
    coding.run();
    coding.result.asks_too_much = !coding.affords(0);
    coding.result
}

/// Room for lines beside one for each administration and drug: further hours, discarded drug.
const LINES_SPARE: usize = 4;

/// Room for findings beside one for each drug: on most records something of each drug is not written down.
const FINDINGS_SPARE: usize = 2;

/// How many administrations and drugs an encounter holds.
fn size(encounter: &Encounter) -> (usize, usize) {
    let drugs = encounter.administrations.iter().map(|administration| administration.drugs.len()).sum();
    (encounter.administrations.len(), drugs)
}

/// What an encounter costs to be coded, in administrations and drugs.
fn cost(encounter: &Encounter) -> usize {
    let (administrations, drugs) = size(encounter);
    let all = encounter.administrations.iter().flat_map(|administration| &administration.drugs);
    let named = all.filter(|drug| drug.code.is_none() && drug.name.is_some()).count();
    administrations + drugs + named * NAMED_SERVICES
}

impl<'a> Coding<'a> {
    #[cfg(test)]
    pub(crate) fn new(encounter: &'a Encounter, catalog: &'a Catalog, policy: &'a Policy) -> Self {
        Self::keeping(Kept::Everything, encounter, catalog, policy)
    }

    fn keeping(kept: Kept, encounter: &'a Encounter, catalog: &'a Catalog, policy: &'a Policy) -> Self {
        let (administrations, drugs) = size(encounter);
        let result = CodingResult {
            lines: Vec::with_capacity(administrations + drugs + LINES_SPARE),
            findings: Vec::with_capacity(drugs + FINDINGS_SPARE),
            trail: Trail::with_capacity(kept, administrations, drugs),
            provenance: Provenance {
                catalog_release: catalog.release.clone(),
                payer: policy.payer.clone(),
                policy_version: policy.version.clone(),
            },
            ..CodingResult::default()
        };
        Self::with(encounter, catalog, policy, result, true)
    }

    /// A coding for the lines alone of one possible answer to a question: nobody reads its reasons.
    fn trial(encounter: &'a Encounter, catalog: &'a Catalog, policy: &'a Policy) -> Self {
        let (administrations, drugs) = size(encounter);
        let result = CodingResult {
            lines: Vec::with_capacity(administrations + drugs + LINES_SPARE),
            trail: Trail::with_capacity(Kept::Nothing, administrations, drugs),
            ..CodingResult::default()
        };
        Self::with(encounter, catalog, policy, result, false)
    }

    fn with(
        encounter: &'a Encounter,
        catalog: &'a Catalog,
        rules: &'a Policy,
        result: CodingResult,
        asking: bool,
    ) -> Self {
        let date = encounter.service_date;
        let policy = rules.on(date);
        let (is_of_drugs_alone, spent) = (false, Cell::new(0));
        Self { encounter, catalog, date, policy, rules, result, asking, is_of_drugs_alone, spent }
    }

    /// Takes up a date of service: its code versions, its limits, and the payer's rules on it (rule L-01).
    pub fn turn_to(&mut self, date: Date) {
        if self.date != date {
            self.date = date;
            self.policy = self.rules.on(date);
        }
    }

    fn run(&mut self) {
        if self.is_of_drugs_alone {
            return rules::drug_line::code(self);
        }
        rules::administration::code(self);
        rules::drug_line::code(self);
        if self.asking {
            rules::administration::withhold_what_waits(self);
        }
        rules::documentation::check(self);
        // The checks only report, so the lines of a trial are done.
        if self.asking {
            rules::checks::check(self);
        }
    }

    /// Asks for a fact, with the lines of the whole visit under each possible answer; where there is none, nothing
    /// is asked.
    #[cold]
    pub fn ask(
        &mut self,
        field: Field,
        rule: &'static Rule,
        text: &'static str,
        facts: &[NotedFact],
        answers: impl FnOnce(&Self) -> Vec<Answer>,
    ) {
        if self.asking {
            let answers = answers(self);
            if answers.is_empty() {
                return;
            }
            let note = self.result.trail.note(text, facts);
            self.result.questions.push(Question { field, rule, note, answers });
        }
    }

    /// Whether a question may cost so much more, in administrations and drugs coded; the visit is refused otherwise.
    pub fn affords(&self, services: usize) -> bool {
        self.spent.set(self.spent.get().saturating_add(services));
        self.spent.get() <= ASKING_SERVICES_MAX
    }

    /// One answer to a question: the lines of the visit if the record said so.
    #[cold]
    pub fn answer(&self, label: impl Into<String>, change: impl FnOnce(&mut Encounter)) -> Answer {
        if !self.affords(cost(self.encounter)) {
            return Answer { label: label.into(), lines: Vec::new() };
        }
        let mut encounter = self.encounter.clone();
        change(&mut encounter);
        let mut coding = Coding::trial(&encounter, self.catalog, self.rules);
        coding.is_of_drugs_alone = self.is_of_drugs_alone;
        coding.spent.set(self.spent.get());
        coding.run();
        self.spent.set(coding.spent.get());
        Answer { label: label.into(), lines: coding.result.lines }
    }

    /// Adds a finding, unless the payer switched its rule off (`rule_off`).
    #[cold]
    pub fn find(
        &mut self,
        severity: Severity,
        reason: Reason,
        field: Field,
        rule: &'static Rule,
        text: &'static str,
        facts: &[NotedFact],
    ) {
        if severity != Severity::Block && !self.policy.applies(rule) {
            return;
        }
        let note = self.result.trail.note(text, facts);
        self.result.findings.push(Finding { severity, reason, field, rule, note });
    }

    /// Says that something earns no line, and which rule says so.
    #[cold]
    pub fn not_billed(&mut self, what: Field, rule: &'static Rule, text: &'static str, facts: &[NotedFact]) {
        let note = self.result.trail.note(text, facts);
        self.result.not_billed.push(NotBilled { what, rule, note });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::encounter::Setting;
    use crate::domain::time::date;
    use crate::policy::PolicyBook;

    #[test]
    fn a_question_beyond_what_one_visit_may_cost_is_not_worked_out() {
        let policies = PolicyBook::embedded().expect("the embedded policies load");
        let visit = Encounter::new(Setting::PhysicianOffice, date(2025, 11, 3));
        let (policy, _) = policies.choose(visit.service_date, "medicare", None).expect("the national rules");
        let catalog = Catalog::default();
        let coding = Coding::new(&visit, &catalog, policy.on(visit.service_date));
        assert!(coding.affords(ASKING_SERVICES_MAX) && !coding.affords(1));
        let mut is_tried = false;
        let answer = coding.answer("never tried", |_| is_tried = true);
        assert!(!is_tried && answer.lines.is_empty());
    }
}
