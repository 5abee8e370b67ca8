//! The explanation of an answer: for each line the decisions behind it, with facts and sources.
//!
//! One model; the service puts it on the wire, and the text and HTML reports render it.

use serde::Serialize;

use super::note;
use crate::domain::encounter::Encounter;
use crate::engine::CodingResult;
use crate::engine::reasons::Reasons;
use crate::engine::trail::{NotedFact, Outcome, Source, Step, Subject};
use crate::policy::{Citation, Citations};

/// Why every line stands, and what was decided about the visit as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation<'a> {
    /// In the order of the answer's lines.
    pub lines: Vec<Vec<ExplainedStep<'a>>>,
    /// Decisions that no single line stands for.
    pub visit: Vec<ExplainedStep<'a>>,
}

/// One decision in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExplainedStep<'a> {
    pub rule_id: &'static str,
    pub rule_title: &'static str,
    /// How solid the rule's source is.
    pub basis: &'static str,
    /// The alternative was considered, and this rule declined it.
    pub declined: bool,
    /// The administration's id or the drug's name; the visit itself for a decision about all of it.
    pub subject: String,
    pub text: String,
    pub facts: Vec<ExplainedFact>,
    pub citations: Vec<CitedSource<'a>>,
}

/// A fact that a decision used, and how it is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExplainedFact {
    pub name: &'static str,
    pub value: String,
    /// `given`, `assumed`, `missing`, `derived`, `catalog` or `parameter`.
    pub source: &'static str,
    /// Key of the policy parameter; empty for other facts.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub parameter: &'static str,
    /// First date of service the parameter's value holds for (ISO); empty for other facts.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub parameter_from: String,
}

/// A source with its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CitedSource<'a> {
    pub id: &'a str,
    pub title: &'a str,
    pub section: &'a str,
    /// Empty where no public address is known.
    pub url: &'a str,
}

/// Explains an answer. `citations` are those of the policy book that the answer was coded under.
pub fn explain<'a>(
    encounter: &Encounter,
    result: &CodingResult,
    citations: &'a Citations,
) -> Explanation<'a> {
    let in_words = |step: &Step| in_words(step, encounter, result, citations);
    let reasons = Reasons::of(encounter, result);
    let lines =
        result.lines.iter().map(|line| reasons.steps_of(line).map(|(_, step)| in_words(step)).collect());
    let about_visit = |step: &&Step| step.subject == Subject::Visit;
    Explanation {
        lines: lines.collect(),
        visit: result.trail.steps.iter().filter(about_visit).map(in_words).collect(),
    }
}

/// One step in words.
fn in_words<'a>(
    step: &Step,
    encounter: &Encounter,
    result: &CodingResult,
    citations: &'a Citations,
) -> ExplainedStep<'a> {
    let facts = result.trail.facts(&step.note);
    ExplainedStep {
        rule_id: step.rule.id,
        rule_title: step.rule.title,
        basis: step.rule.basis.as_str(),
        declined: step.outcome == Outcome::Declined,
        subject: note::named(step.subject.field(), encounter),
        text: note::render(&step.note, &result.trail, encounter),
        facts: facts.iter().map(|fact| explained_fact(fact, encounter)).collect(),
        citations: step.rule.citations.iter().filter_map(|key| cited(key, citations)).collect(),
    }
}

/// The source of a key; nothing when the book does not hold it.
pub fn cited<'a>(key: &'a str, citations: &'a Citations) -> Option<CitedSource<'a>> {
    let Citation { title, section, url } = citations.get(key)?;
    Some(CitedSource { id: key, title, section, url })
}

/// A noted fact in words.
fn explained_fact(fact: &NotedFact, encounter: &Encounter) -> ExplainedFact {
    let (source, parameter, parameter_from) = match fact.source {
        Source::Given => ("given", "", String::new()),
        Source::Assumed => ("assumed", "", String::new()),
        Source::Missing => ("missing", "", String::new()),
        Source::Derived => ("derived", "", String::new()),
        Source::Catalog => ("catalog", "", String::new()),
        Source::Parameter { key, from } => ("parameter", key, from.to_string()),
    };
    ExplainedFact { name: fact.name, value: note::value(fact, encounter), source, parameter, parameter_from }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::claim::{Line, Track};
    use crate::domain::code::HcpcsCode;
    use crate::domain::encounter::{Administration, Setting};
    use crate::domain::time::date;
    use crate::engine::trail::{Value, fact};
    use crate::rules::rule;

    rule! {
        pub static EXAMPLE: "EXAMPLE-1", "An example",
        basis: Primary, cites: ["BOOK"],
        says: "Says.", why: "Why.", example: "Example.", exceptions: "None.",
    }

    const FIRST_HOUR: HcpcsCode = HcpcsCode::of("96413");
    const FURTHER_HOURS: HcpcsCode = HcpcsCode::of("96415");

    fn coded() -> (Encounter, CodingResult) {
        let day = date(2025, 11, 3);
        let mut visit = Encounter::new(Setting::PhysicianOffice, day);
        let bag = Administration { id: "a1".to_owned(), ..Administration::default() };
        visit.administrations.push(bag);
        let mut result = CodingResult::default();
        for code in [FIRST_HOUR, FURTHER_HOURS] {
            let mut line = Line::new(Track::Administration, code, 1, day);
            line.add_administration(0);
            result.lines.push(line);
        }
        (visit, result)
    }

    fn explained(note: impl Fn(&mut CodingResult)) -> Vec<Vec<String>> {
        let (visit, mut result) = coded();
        note(&mut result);
        let book = "[BOOK]\ntitle = \"A book\"\nsection = \"1\"\nurl = \"https://example.org\"\n";
        let citations = Citations::parse("citations.toml", book).expect("citations");
        let explanation = explain(&visit, &result, &citations);
        let text = |steps: Vec<ExplainedStep<'_>>| steps.into_iter().map(|step| step.text).collect();
        explanation.lines.into_iter().chain([explanation.visit]).map(text).collect()
    }

    #[test]
    fn a_step_stands_by_the_lines_it_decided() {
        let subject = Subject::Administration(0);
        let texts = explained(|result| {
            let code = |code| [fact::derived("code", Value::Code(code))];
            result.trail.fired(
                &EXAMPLE,
                subject,
                "ran {minutes}",
                &[fact::derived("minutes", Value::Minutes(95))],
            );
            result.trail.fired(&EXAMPLE, subject, "hours: {code}", &code(FURTHER_HOURS));
            result.trail.declined(&EXAMPLE, subject, "not {code}", &code(HcpcsCode::of("96417")));
            result.trail.fired(&EXAMPLE, Subject::Visit, "initial: {code}", &code(FIRST_HOUR));
            result.trail.fired(&EXAMPLE, Subject::Administration(7), "of another", &[]);
        });
        assert_eq!(texts[0], ["ran 95 min", "not 96417", "initial: 96413"]);
        assert_eq!(texts[1], ["ran 95 min", "hours: 96415", "not 96417"]);
        assert_eq!(texts[2], ["initial: 96413"]);
    }

    #[test]
    fn sources_and_parameters_are_named_with_their_dates() {
        let (visit, mut result) = coded();
        let source = Source::Parameter { key: "administration.hour_floor", from: date(2006, 1, 1) };
        let threshold = NotedFact { name: "floor", value: Value::Minutes(31), source };
        result.trail.fired(&EXAMPLE, Subject::Administration(0), "over {floor}", &[threshold]);
        let book = "[BOOK]\ntitle = \"A book\"\n";
        let citations = Citations::parse("citations.toml", book).expect("citations");
        let explanation = explain(&visit, &result, &citations);
        let step = &explanation.lines[0][0];
        assert_eq!((step.text.as_str(), step.subject.as_str(), step.declined), ("over 31 min", "a1", false));
        assert_eq!(step.facts[0].parameter_from, "2006-01-01");
        assert_eq!((step.citations[0].id, step.citations[0].title), ("BOOK", "A book"));
    }
}
