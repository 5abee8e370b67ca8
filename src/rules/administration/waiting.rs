//! Lines that wait beside a service that waits for a fact: what an answer would change is not shown as settled (DOC-1).

use super::admit::DOC_1;
use super::lines;
use crate::domain::claim::{Line, Track};
use crate::domain::field::Field;
use crate::domain::finding::{Answer, Finding, Question, Severity};
use crate::engine::Coding;

/// Withholds each line that an answer to a question of a blocking finding would not bill: with other modifiers, under
/// another code, or not at all.
pub(super) fn withhold(coding: &mut Coding<'_>) {
    let result = &coding.result;
    let is_open = |question: &Question| {
        let is_of_it =
            |finding: &Finding| finding.severity == Severity::Block && finding.field == question.field;
        result.findings.iter().any(is_of_it)
    };
    let open: Vec<&Question> = result.questions.iter().filter(|question| is_open(question)).collect();
    let stands = |line: &Line| {
        open.iter().flat_map(|question| &question.answers).all(|answer| bills(answer, &result.lines, line))
            || line.track != Track::Administration
    };
    let mut waiting: Vec<usize> = (0..result.lines.len()).filter(|at| !stands(&result.lines[*at])).collect();
    let mut withheld = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        for at in waiting.drain(..).rev() {
            withheld.push(coding.result.lines.remove(at));
        }
        // An add-on does not stand without its parent, though every answer bills it.
        let lines = &coding.result.lines;
        waiting.extend((0..lines.len()).filter(|at| !lines::may_stand(coding, &lines[*at])));
    }
    for index in withheld.iter().flat_map(|line| line.administrations.iter().copied()) {
        let what = Field::Administration(index, "");
        let is_told = coding.result.not_billed.iter().any(|other| other.what == what);
        if !is_told && !lines::is_on_line(coding, index) {
            let text = "Waits for the answer to a question about another service, which may change its code or its modifier.";
            coding.not_billed(what, &DOC_1, text, &[]);
        }
    }
}

/// Whether an answer bills a line as it stands, and each other line that is alike; it may add units to them.
fn bills(answer: &Answer, shown: &[Line], line: &Line) -> bool {
    let is_alike = |other: &&Line| {
        other.track == line.track
            && other.code == line.code
            && other.service_date == line.service_date
            && other.modifiers == line.modifiers
    };
    let units = |lines: &[Line]| lines.iter().filter(is_alike).map(|line| u64::from(line.units)).sum::<u64>();
    units(&answer.lines) >= units(shown)
}
