//! The rule that decides what is right, read off the trail of the answer.

use super::Case;
use super::compare::{Claimed, DISCARDED, Key};
use crate::domain::code::HcpcsCode;
use crate::domain::field::Field;
use crate::domain::quantity::Decimal;
use crate::engine::reasons::Reasons;
use crate::engine::trail::{Outcome, Step, Value};
use crate::rules::Rule;
use crate::rules::audit::G_01;

/// The rule behind a supported line: the last that speaks of its units, else of its code, else the last.
pub(super) fn of_line(case: &Case<'_>, line: usize, units: Decimal) -> &'static Rule {
    let Some(supported) = case.result.lines.get(line) else { return &G_01 };
    let count = Value::Count(units.nanos() / Decimal::ONE.nanos());
    let steps = fired(case, line);
    let speaks_of = |value: Value| steps.iter().rev().find(|step| has(case, step, value));
    let step = speaks_of(count).or_else(|| speaks_of(Value::Code(supported.code))).or(steps.last());
    step.map_or(&G_01, |step| step.rule)
}

/// The rule behind the modifiers that one of two lines has and the other lacks.
pub(super) fn of_modifiers(case: &Case<'_>, billed: &Claimed, supported: &Claimed) -> &'static Rule {
    let only = |one: &Claimed, other: &Claimed| {
        let own: Vec<_> = one.modifiers.iter().filter(|m| !other.modifiers.contains(m)).copied().collect();
        own
    };
    let differing = [only(supported, billed), only(billed, supported)].concat();
    let steps = fired(case, supported.line);
    let mut speaking = differing.iter().filter_map(|modifier| {
        let named = steps.iter().rev().find(|step| has(case, step, Value::Modifier(*modifier)));
        named.or_else(|| {
            // A rule may write its modifier into its sentence.
            let is_written = |step: &&&Step| step.note.text.contains(modifier.as_str());
            steps.iter().rev().find(is_written)
        })
    });
    speaking.next().map_or_else(|| of_line(case, supported.line, supported.units), |step| step.rule)
}

/// The rule that declined a code which nothing earns; else the rule by which a part of the visit earns
/// nothing; else that every line stands on an administration.
pub(super) fn of_extra(case: &Case<'_>, code: HcpcsCode) -> &'static Rule {
    let declined = |step: &&Step| step.outcome == Outcome::Declined && has(case, step, Value::Code(code));
    if let Some(step) = case.result.trail.steps.iter().find(declined) {
        return step.rule;
    }
    let is_administration = case.policy.audit.is_administration(code);
    let of_code = |what: Field| match what {
        Field::Drug(a, d, _) | Field::Container(a, d, _, _) => {
            let drug = case.encounter.administrations.get(usize::from(a))?.drugs.get(usize::from(d))?;
            Some(!is_administration && drug.code == Some(code))
        }
        Field::Administration(..) => Some(is_administration),
        Field::Encounter(_) => None,
    };
    let not_billed = case.result.not_billed.iter().find(|item| of_code(item.what) == Some(true));
    not_billed.map_or(&G_01, |item| item.rule)
}

/// The place of the supported line of a service.
pub(super) fn line_of(case: &Case<'_>, key: Key) -> Option<usize> {
    case.result.lines.iter().position(|line| {
        line.code == key.code
            && line.service_date == key.date
            && line.modifiers.contains(&DISCARDED) == key.discarded
    })
}

fn fired<'a>(case: &Case<'a>, line: usize) -> Vec<&'a Step> {
    let Some(line) = case.result.lines.get(line) else { return Vec::new() };
    let reasons = Reasons::of(case.encounter, case.result);
    let steps = reasons.steps_of(line).map(|(_, step)| step);
    steps.filter(|step| step.outcome == Outcome::Fired).collect()
}

fn has(case: &Case<'_>, step: &Step, value: Value) -> bool {
    case.result.trail.facts(&step.note).iter().any(|fact| fact.value == value)
}
