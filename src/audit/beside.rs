//! Billed services of another kind: what NCCI pairs with an administration, or what the administration includes.

use super::compare::Key;
use super::{Case, Detail, Discrepancy, Kind, Side, product, unknown};
use crate::catalog::EditKind;
use crate::domain::billed::BilledLine;
use crate::domain::claim::{Line, MODIFIERS_PER_LINE_MAX, Modifiers, Track};
use crate::domain::code::Modifier;
use crate::domain::encounter::{Encounter, OtherService};
use crate::domain::finding::{Finding, Severity};
use crate::domain::quantity::Decimal;
use crate::engine::trail::Value;
use crate::policy::Policy;
use crate::rules::Rule;
use crate::rules::administration::CHM_8;
use crate::rules::checks::{G_08, MOD_2};

/// Adds what was billed beside drugs and their administration to the other services of the visit, so that the
/// edits of the claim are those of the whole claim.
pub fn add_other_services(encounter: &mut Encounter, billed: &[BilledLine], policy: &Policy) {
    for line in billed.iter().filter(|line| !line.is_unread && !super::is_of_track(policy, line.code)) {
        let date = Some(line.service_date.unwrap_or(encounter.service_date));
        let is_known =
            |known: &OtherService| known.code == line.code && (known.date.is_none() || known.date == date);
        if !encounter.other_services.iter().any(is_known) {
            // The edits ask whether a service is there, and not how often.
            let BilledLine { code, modifiers, .. } = line;
            encounter.other_services.push(OtherService {
                code: *code,
                modifiers: modifiers.to_vec(),
                units: 1,
                date,
            });
        }
    }
}

/// Judges the services of another kind that a finding of the edits speaks of; gives the places of the others.
pub(super) fn judge(
    case: &Case<'_>,
    billed: &[BilledLine],
    not_judged: Vec<usize>,
    found: &mut Vec<Discrepancy>,
) -> Vec<usize> {
    let (named, others): (Vec<usize>, Vec<usize>) = not_judged
        .into_iter()
        .partition(|at| !billed[*at].is_unread && finding_of(case, &billed[*at]).is_some());
    let others = check_modifiers(case, billed, others, found);
    let (unknown, others): (Vec<usize>, Vec<usize>) = others.into_iter().partition(|at| {
        let line = &billed[*at];
        let date = line.service_date.unwrap_or(case.encounter.service_date);
        !line.is_unread && unknown::is_unknown(case, line.code, date)
    });
    for at in unknown {
        let (side, _) = product::sides(case, billed, at);
        let amounts = (side.units, Decimal::ZERO);
        let fault = case.discrepancy(Kind::UnknownCode, (Some(side), None), amounts, unknown::RULE);
        found.push(Discrepancy { detail: Some(Detail::UnknownCode), ..fault });
    }
    for at in named {
        let line = &billed[at];
        let Some(finding) = finding_of(case, line) else { continue };
        let date = line.service_date.unwrap_or(case.encounter.service_date);
        let modifiers = line.modifiers.clone();
        let side = Side { line: at, date, code: line.code, units: line.units, modifiers };
        // A pair that a modifier bypasses stands once the record says that the services were distinct.
        let is_open = finding.rule.id == MOD_2.id && finding.severity != Severity::Block;
        let kind = match finding.rule.id {
            id if id == G_08.id => Kind::Included,
            _ if is_open => Kind::Unsupported,
            _ => Kind::ExtraLine,
        };
        let detail = is_open.then_some(Detail::Lacking(finding.note));
        let amounts = (line.units, Decimal::ZERO);
        found.push(Discrepancy {
            detail,
            ..case.discrepancy(kind, (Some(side), None), amounts, finding.rule)
        });
    }
    others
}

/// Names the services that lack the modifier which the record gives them, and which their pair with a line of the date
/// asks for (rule MOD-2); gives the places of the others.
fn check_modifiers(
    case: &Case<'_>,
    billed: &[BilledLine],
    places: Vec<usize>,
    found: &mut Vec<Discrepancy>,
) -> Vec<usize> {
    let distinct = &case.policy.audit.interchangeable_modifiers;
    let marks = |modifiers: &[Modifier]| modifiers.iter().any(|modifier| distinct.contains(modifier));
    let is_facility = case.encounter.setting.is_facility();
    let kind = if is_facility { EditKind::OutpatientHospital } else { EditKind::Practitioner };
    let mut others = Vec::new();
    for at in places {
        let line = &billed[at];
        let date = line.service_date.unwrap_or(case.encounter.service_date);
        let is_it = |known: &&OtherService| {
            known.code == line.code && known.date.is_none_or(|day| day == date) && marks(&known.modifiers)
        };
        let recorded = case.encounter.other_services.iter().find(is_it);
        let is_paired = |own: &Line| {
            let pair = |one, other| case.catalog.procedure_pair(one, other, kind, date).is_some();
            own.service_date == date && (pair(own.code, line.code) || pair(line.code, own.code))
        };
        let lacking = recorded.filter(|_| !line.is_unread && !marks(&line.modifiers));
        match lacking.filter(|_| case.result.lines.iter().any(is_paired)) {
            Some(recorded) => {
                let side = Side {
                    line: at,
                    date,
                    code: line.code,
                    units: line.units,
                    modifiers: line.modifiers.clone(),
                };
                let modifiers: Modifiers =
                    recorded.modifiers.iter().copied().take(MODIFIERS_PER_LINE_MAX).collect();
                let sides = (Some(side.clone()), Some(Side { modifiers, ..side }));
                let amounts = (Decimal::ZERO, Decimal::ZERO);
                found.push(case.discrepancy(Kind::WrongModifier, sides, amounts, &MOD_2));
            }
            None => others.push(at),
        }
    }
    others
}

/// The rule by which the services of a date include a billed one that is no service of another kind: the flush of a
/// line, and in an office what flushes it (rule CHM-8, row G-08).
pub(super) fn including(case: &Case<'_>, key: Key) -> Option<&'static Rule> {
    let parameters = &case.policy.administration;
    let rule: &'static Rule = if key.code == parameters.pump_codes.flush {
        &CHM_8
    } else if parameters.flush_codes.contains(&key.code) && !case.encounter.setting.is_facility() {
        &G_08
    } else {
        return None;
    };
    let is_beside = |line: &Line| {
        line.track == Track::Administration && line.service_date == key.date && line.code != key.code
    };
    case.result.lines.iter().any(is_beside).then_some(rule)
}

/// The finding that a service is not paid beside what the record supports on its date.
fn finding_of<'a>(case: &Case<'a>, billed: &BilledLine) -> Option<&'a Finding> {
    let (code, date) = (billed.code, billed.service_date.unwrap_or(case.encounter.service_date));
    let is_beside = |line: &Line| line.track == Track::Administration && line.service_date == date;
    if !case.result.lines.iter().any(is_beside) {
        return None;
    }
    // Of a pair the second code is the one that is denied.
    let speaks_of = |finding: &&Finding, name: &str| {
        let facts = case.result.trail.facts(&finding.note);
        facts.iter().any(|fact| fact.name == name && fact.value == Value::Code(code))
    };
    case.result.findings.iter().find(|finding| match finding.rule.id {
        id if id == MOD_2.id => speaks_of(finding, "second"),
        id if id == G_08.id => speaks_of(finding, "code"),
        _ => false,
    })
}
