//! Which decisions stand behind a line: what an explanation shows, and what an audit names.

use crate::domain::claim::{Line, Track};
use crate::domain::code::HcpcsCode;
use crate::domain::encounter::Encounter;
use crate::engine::CodingResult;
use crate::engine::trail::{Step, Subject, Value};
use crate::rules;

/// The steps behind a line, in the order they were taken.
///
/// A line rests on the decisions about its administrations, or about its drug, and on decisions about
/// the visit that name its code. Several lines may share one administration (a first hour and its
/// further hours): a decision that names the code of another of them, and not this line's, is left to
/// that other line.
pub fn steps_of<'r>(
    line: &'r Line,
    encounter: &'r Encounter,
    result: &'r CodingResult,
) -> impl Iterator<Item = &'r Step> {
    result.trail.steps.iter().filter(move |step| {
        let names = |code| names_code(step, result, code);
        match step.subject {
            Subject::Visit => names(line.code),
            _ => {
                speaks_of(step, line, encounter)
                    && (names(line.code) || !siblings(line, result).any(|sibling| names(sibling.code)))
            }
        }
    })
}

/// Whether a step is about the administrations or the drug of a line.
///
/// How a drug is classed decides which administration code it earns, so a step about a drug belongs
/// to the track of its rule.
fn speaks_of(step: &Step, line: &Line, encounter: &Encounter) -> bool {
    match (step.subject, line.track) {
        (Subject::Administration(a), Track::Administration) => line.administrations.contains(&a),
        (Subject::Drug(a, _), Track::Administration) => {
            line.administrations.contains(&a) && rules::is_about_administration(step.rule)
        }
        (Subject::Drug(a, d), Track::Drug) => {
            line.administrations.contains(&a)
                && is_drug_of(line, a, d, encounter)
                && !rules::is_about_administration(step.rule)
        }
        _ => false,
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

fn names_code(step: &Step, result: &CodingResult, code: HcpcsCode) -> bool {
    result.trail.facts(&step.note).iter().any(|fact| fact.value == Value::Code(code))
}
