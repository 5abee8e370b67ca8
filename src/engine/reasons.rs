//! Which decisions stand behind a line: what an explanation shows, and what an audit names.

use crate::domain::claim::{Line, Track};
use crate::domain::code::HcpcsCode;
use crate::domain::encounter::Encounter;
use crate::engine::CodingResult;
use crate::engine::trail::{Step, Subject, Value};
use crate::rules;

/// The decisions of one answer, ready to be asked for by line: what does not depend on the line is looked up once.
pub struct Reasons<'r> {
    encounter: &'r Encounter,
    result: &'r CodingResult,
    steps: Vec<Decision<'r>>,
    /// The codes that the steps name, those of one step together.
    codes: Vec<HcpcsCode>,
}

struct Decision<'r> {
    step: &'r Step,
    is_about_administration: bool,
    /// Where its codes begin and end in the list of all.
    codes: (usize, usize),
}

impl<'r> Reasons<'r> {
    /// The decisions of an answer.
    pub fn of(encounter: &'r Encounter, result: &'r CodingResult) -> Self {
        let mut codes = Vec::new();
        let mut steps = Vec::with_capacity(result.trail.steps.len());
        for step in &result.trail.steps {
            let first = codes.len();
            codes.extend(result.trail.facts(&step.note).iter().filter_map(|fact| match fact.value {
                Value::Code(code) => Some(code),
                _ => None,
            }));
            steps.push(Decision {
                step,
                is_about_administration: rules::is_about_administration(step.rule),
                codes: (first, codes.len()),
            });
        }
        Self { encounter, result, steps, codes }
    }

    /// The steps behind a line, each with its place on the trail, in the order they were taken.
    ///
    /// A line rests on the decisions about its administrations, or about its drug, and on decisions about
    /// the visit that name its code. Several lines may share one administration (a first hour and its
    /// further hours): a decision that names the code of another of them, and not this line's, is left to
    /// that other line.
    pub fn steps_of(&self, line: &'r Line) -> impl Iterator<Item = (usize, &'r Step)> {
        let behind = move |decision: &Decision<'r>| {
            let named = &self.codes[decision.codes.0..decision.codes.1];
            match decision.step.subject {
                Subject::Visit => named.contains(&line.code),
                _ => self.speaks_of(decision, line) && (named.is_empty() || self.is_its_own(line, named)),
            }
        };
        let steps = self.steps.iter().enumerate();
        steps.filter(move |(_, decision)| behind(decision)).map(|(at, decision)| (at, decision.step))
    }

    /// Whether a decision that names codes is the line's: it names the line's own, or that of no sibling.
    fn is_its_own(&self, line: &Line, named: &[HcpcsCode]) -> bool {
        named.contains(&line.code)
            || !siblings(line, self.result).any(|sibling| named.contains(&sibling.code))
    }

    /// Whether a step is about the administrations or the drug of a line.
    ///
    /// How a drug is classed decides which administration code it earns, so a step about a drug belongs
    /// to the track of its rule.
    fn speaks_of(&self, decision: &Decision<'_>, line: &Line) -> bool {
        match (decision.step.subject, line.track) {
            (Subject::Administration(a), Track::Administration) => line.administrations.contains(&a),
            (Subject::Drug(a, _), Track::Administration) => {
                decision.is_about_administration && line.administrations.contains(&a)
            }
            (Subject::Drug(a, d), Track::Drug) => {
                !decision.is_about_administration
                    && line.administrations.contains(&a)
                    && is_drug_of(line, a, d, self.encounter)
            }
            _ => false,
        }
    }
}

/// Whether a drug is the line's own, or the same drug in another of the line's administrations.
fn is_drug_of(line: &Line, a: u16, d: u16, encounter: &Encounter) -> bool {
    let (Some(&first), Some(own)) = (line.administrations.first(), line.drug) else { return true };
    let drug = |a: u16, d: u16| encounter.administrations.get(usize::from(a))?.drugs.get(usize::from(d));
    match (drug(first, own), drug(a, d)) {
        _ if (a, d) == (first, own) => true,
        (Some(own), Some(other)) if a != first => own.code == other.code && own.name == other.name,
        _ => false,
    }
}

/// Other lines that stand on an administration of this one, on the same track.
fn siblings<'r>(line: &'r Line, result: &'r CodingResult) -> impl Iterator<Item = &'r Line> {
    result.lines.iter().filter(move |other| {
        other.track == line.track
            && other.code != line.code
            && other.administrations.iter().any(|a| line.administrations.contains(a))
    })
}
