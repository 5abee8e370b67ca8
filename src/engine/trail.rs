//! The trail: which rules decided, on which facts, and which alternatives were declined.
//!
//! Steps and their facts lie in two flat lists, so that recording never formats text and allocates
//! only when a list grows. Text is rendered at the edge, from the static template of each note.

use crate::domain::code::{HcpcsCode, Modifier, Ndc};
use crate::domain::field::Field;
use crate::domain::quantity::{Decimal, Quantity};
use crate::domain::time::{Date, LocalTime};
use crate::rules::Rule;

/// What a rule did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The rule decided.
    Fired,
    /// The rule was the nearest alternative and was declined.
    Declined,
}

/// Where a fact came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// The request states it.
    Given,
    /// A policy rule supplied it.
    Assumed,
    /// Nobody said.
    Missing,
    /// Computed from other facts.
    Derived,
    /// The code catalog states it.
    Catalog,
    /// A policy parameter: its key, and the date from which the value holds.
    Parameter { key: &'static str, from: Date },
}

/// The value of a noted fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    None,
    Count(i64),
    Minutes(i64),
    Flag(bool),
    Decimal(Decimal),
    /// An amount of dollars.
    Dollars(Decimal),
    Quantity(Quantity),
    Code(HcpcsCode),
    Modifier(Modifier),
    Ndc(Ndc),
    Date(Date),
    Time(LocalTime),
    Label(&'static str),
    /// A field of the request, printed as the administration's id or the drug's name.
    Of(Field),
}

/// A fact that a step, a finding or a question speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotedFact {
    /// The name between braces in the template.
    pub name: &'static str,
    pub value: Value,
    pub source: Source,
}

/// Shorthand constructors, so that a rule's note reads as one sentence.
pub mod fact {
    use super::{NotedFact, Source, Value};
    use crate::policy::Param;

    /// A fact of the request.
    #[inline]
    pub const fn given(name: &'static str, value: Value) -> NotedFact {
        NotedFact { name, value, source: Source::Given }
    }

    /// A computed fact.
    #[inline]
    pub const fn derived(name: &'static str, value: Value) -> NotedFact {
        NotedFact { name, value, source: Source::Derived }
    }

    /// A fact of the code catalog.
    #[inline]
    pub const fn catalog(name: &'static str, value: Value) -> NotedFact {
        NotedFact { name, value, source: Source::Catalog }
    }

    /// A fact that a policy rule supplied.
    #[inline]
    pub const fn assumed(name: &'static str, value: Value) -> NotedFact {
        NotedFact { name, value, source: Source::Assumed }
    }

    /// A fact that nobody stated.
    #[inline]
    pub const fn missing(name: &'static str) -> NotedFact {
        NotedFact { name, value: Value::None, source: Source::Missing }
    }

    /// A policy parameter with its date.
    #[inline]
    pub fn parameter<T>(name: &'static str, value: Value, parameter: &Param<T>) -> NotedFact {
        NotedFact { name, value, source: Source::Parameter { key: parameter.key, from: parameter.from } }
    }
}

/// A template with the facts that fill it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Note {
    /// Our own wording; `{name}` stands for the fact of that name.
    pub text: &'static str,
    first_fact: u32,
    fact_count: u16,
}

/// What a step is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    Visit,
    Administration(u16),
    Drug(u16, u16),
}

impl Subject {
    /// The place in the request that the subject is.
    pub const fn field(self) -> Field {
        match self {
            Self::Visit => Field::Encounter(""),
            Self::Administration(a) => Field::Administration(a, ""),
            Self::Drug(a, d) => Field::Drug(a, d, ""),
        }
    }
}

/// One decision.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    pub rule: &'static Rule,
    pub outcome: Outcome,
    pub subject: Subject,
    pub note: Note,
}

/// Every decision of one coding, in order.
#[derive(Debug, Clone, Default)]
pub struct Trail {
    pub steps: Vec<Step>,
    facts: Vec<NotedFact>,
    kept: Kept,
}

/// How much of its reasons a coding keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kept {
    /// Every step, and what findings and questions say.
    #[default]
    Everything,
    /// What findings and questions say: the caller asked for lines without their steps.
    Findings,
    /// Nothing: only the lines are wanted.
    Nothing,
}

impl Trail {
    /// A trail with room for a visit of this many administrations and drugs.
    pub fn with_capacity(kept: Kept, administrations: usize, drugs: usize) -> Self {
        const STEPS_EACH: usize = 6;
        const FACTS_EACH: usize = 3;
        let services = administrations + drugs + 1;
        let (steps, facts) = match kept {
            Kept::Everything => (services * STEPS_EACH, services * STEPS_EACH * FACTS_EACH),
            Kept::Findings => (0, services * FACTS_EACH),
            Kept::Nothing => (0, 0),
        };
        Self { steps: Vec::with_capacity(steps), facts: Vec::with_capacity(facts), kept }
    }

    /// Records that a rule decided.
    #[inline]
    pub fn fired(&mut self, rule: &'static Rule, subject: Subject, text: &'static str, facts: &[NotedFact]) {
        self.record(rule, Outcome::Fired, subject, text, facts);
    }

    /// Records the nearest alternative, and the rule that declined it.
    #[inline]
    pub fn declined(
        &mut self,
        rule: &'static Rule,
        subject: Subject,
        text: &'static str,
        facts: &[NotedFact],
    ) {
        self.record(rule, Outcome::Declined, subject, text, facts);
    }

    /// Keeps a template with its facts, for a finding or a question.
    #[inline]
    pub fn note(&mut self, text: &'static str, facts: &[NotedFact]) -> Note {
        if self.kept == Kept::Nothing {
            return Note { text, first_fact: 0, fact_count: 0 };
        }
        let first_fact = self.facts.len() as u32;
        self.facts.extend_from_slice(facts);
        Note { text, first_fact, fact_count: facts.len() as u16 }
    }

    /// The facts of a note.
    pub fn facts(&self, note: &Note) -> &[NotedFact] {
        let first = note.first_fact as usize;
        self.facts.get(first..first + note.fact_count as usize).unwrap_or(&[])
    }

    #[inline]
    fn record(
        &mut self,
        rule: &'static Rule,
        outcome: Outcome,
        subject: Subject,
        text: &'static str,
        facts: &[NotedFact],
    ) {
        if self.kept == Kept::Everything {
            let note = self.note(text, facts);
            self.steps.push(Step { rule, outcome, subject, note });
        }
    }
}
