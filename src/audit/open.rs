//! Billed lines that the record neither supports nor contradicts, because it lacks a fact.

use super::Case;
use super::compare::{Claimed, Comparison, Remarked, Rest, compare};
use crate::domain::code::HcpcsCode;
use crate::domain::field::Field;
use crate::domain::finding::Severity;
use crate::engine::trail::Note;
use crate::rules::Rule;

/// What the record lacks, and the rule that needs it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Why {
    pub rule: &'static Rule,
    pub note: Note,
}

/// The differences, apart by whether a missing fact stands behind them.
#[derive(Debug, Default)]
pub(super) struct Open {
    pub unsupported: Vec<(Rest, Why)>,
    /// Lines with a modifier that only an answer supports.
    pub unsupported_modifiers: Vec<(Remarked, Why)>,
    pub remarked: Vec<Remarked>,
    pub excess: Vec<Rest>,
    pub shortage: Vec<Rest>,
}

/// Sets apart what would be no difference under some answer to an open question.
///
/// For each question the answer that fits the claim best is taken. What is billed beyond the present
/// lines and not beyond that answer's lacks only the fact, and so does a modifier that only that answer supports; what
/// is short of the present lines, or lacks a modifier of theirs, and not of that answer's is no mistake of the claim.
pub(super) fn find(case: &Case<'_>, now: &Comparison, claimed: &[Claimed], unread: &[HcpcsCode]) -> Open {
    let Comparison { remarked, excess, shortage } = now.clone();
    let mut open = Open { remarked, excess, shortage, ..Open::default() };
    for question in &case.result.questions {
        let answers = question.answers.iter().map(|answer| {
            let lines = answer.lines.iter().enumerate();
            let supported: Vec<Claimed> = lines.map(|(at, line)| Claimed::supported(line, at)).collect();
            compare(claimed, &supported, unread, case.policy)
        });
        let Some(best) = answers.min_by_key(size) else { continue };
        if size(&best) >= size(now) {
            continue;
        }
        let why = Why { rule: question.rule, note: question.note };
        let (kept, settled): (Vec<Rest>, Vec<Rest>) =
            open.excess.into_iter().partition(|rest| is_among(rest, &best.excess));
        open.excess = kept;
        open.unsupported.extend(settled.into_iter().map(|rest| (rest, why)));
        open.shortage.retain(|rest| is_among(rest, &best.shortage));
        let (kept, settled): (Vec<Remarked>, Vec<Remarked>) = open
            .remarked
            .into_iter()
            .partition(|pair| best.remarked.iter().any(|other| other.key == pair.key));
        open.remarked = kept;
        let attests = settled.into_iter().filter(|pair| pair.is_beyond_support(case.policy));
        open.unsupported_modifiers.extend(attests.map(|pair| (pair, why)));
    }
    open
}

/// The finding that withholds the line which a billed code stands for.
pub(super) fn blocked(case: &Case<'_>, rest: &Rest) -> Option<Why> {
    let is_administration = case.policy.audit.is_administration(rest.key.code);
    let withholds = |field: Field| match field {
        Field::Drug(a, d, _) | Field::Container(a, d, _, _) => {
            let drug = case.encounter.administrations.get(usize::from(a))?.drugs.get(usize::from(d))?;
            Some(!is_administration && drug.code == Some(rest.key.code) && !rest.is_shared)
        }
        Field::Administration(a, _) => {
            let has_line =
                case.result.lines.iter().any(|line| line.drug.is_none() && line.administrations.contains(&a));
            Some(is_administration && !has_line)
        }
        Field::Encounter(_) => None,
    };
    let blocks = case.result.findings.iter().filter(|finding| finding.severity == Severity::Block);
    let mut standing = blocks.filter(|finding| withholds(finding.field) == Some(true));
    standing.next().map(|finding| Why { rule: finding.rule, note: finding.note })
}

/// How many differences there are.
fn size(comparison: &Comparison) -> usize {
    comparison.excess.len() + comparison.shortage.len() + comparison.remarked.len()
}

fn is_among(rest: &Rest, others: &[Rest]) -> bool {
    others.iter().any(|other| other.key == rest.key)
}
