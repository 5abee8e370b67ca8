//! Lines of the administration track, and the parents that an add-on needs (rules MOD-1, CONC-2).

use super::access;
use super::initial::INIT_3;
use super::modifiers::MOD_6;
use super::push::{REP_1, REP_2, SEQ_3};
use super::sequence::{SEQ_1, SEQ_2};
use super::visit::{Service, Visit};
use crate::catalog::edits::AddOnSetting;
use crate::domain::claim::{Line, Modifiers, Track};
use crate::domain::code::{HcpcsCode, Modifier};
use crate::domain::field::Field;
use crate::domain::finding::{Finding, NotBilled, Reason, Severity};
use crate::domain::time::Date;
use crate::engine::Coding;
use crate::engine::trail::{Subject, Value, fact};
use crate::policy::parameters::{AddOnParents, Discontinued};
use crate::rules::{Rule, rule};

rule! {
    pub static MOD_1: "MOD-1", "The modifier of a second initial service",
    basis: Secondary, cites: ["HC-0912", "RAC71", "T968"],
    says: "The second initial service carries XS or 59 for another access site, and XE or 59 for a separate visit; so do its own add-ons.",
    why: "Without the modifier the second initial code is denied as a duplicate of the first.",
    example: "Chemotherapy through a port and, as the protocol asks, through a peripheral line: the second line's codes carry XS.",
    exceptions: "A policy may leave the add-ons without it.",
}

rule! {
    pub static CONC_2: "CONC-2", "A concurrent infusion needs a parent that CMS allows",
    basis: Primary, cites: ["AOC"],
    says: "The concurrent code is reported only with one of the primary codes that the quarter's table of CMS lists for it: an initial infusion or hydration, an additional hour or a pump start, and no push. Every other add-on has its own list there.",
    why: "An add-on without its parent is denied.",
    example: "Two therapeutic infusions together, with a chemotherapy push as the initial service: the second one has no clean code.",
    exceptions: "A policy may follow the facility hierarchy instead (switch D-19).",
}

pub(super) static RULES: &[&Rule] = &[&MOD_1, &CONC_2];

const DISCONTINUED: Modifier = Modifier::of("53");

/// How a code stands among the others of its access line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Initial,
    /// Needs a parent.
    AddOn,
    /// Stands by itself.
    Own,
}

/// Adds units of a code; reports whether the code may stand, and refuses an add-on without a parent.
pub(super) fn bill(
    coding: &mut Coding<'_>,
    visit: &Visit<'_>,
    service: &Service,
    code: HcpcsCode,
    units: u32,
    place: Place,
) -> bool {
    // An add-on that is on the claim already was let in with its parent.
    let date = visit.date(service);
    let is_let_in = place != Place::AddOn || is_billed(coding, code) || has_parent(coding, code, date);
    if !is_let_in {
        refuse_with_finding(coding, service, code);
        return false;
    }
    // A line of this track carries three modifiers at most, so there is always room.
    let mut modifiers = Modifiers::new();
    if let Some(modifier) = group_modifier(coding, visit, service, place) {
        modifiers.push(modifier);
        let facts =
            [fact::derived("code", Value::Code(code)), fact::derived("modifier", Value::Modifier(modifier))];
        let text = "{code} carries {modifier}, as every line of this access line or visit does.";
        coding.result.trail.fired(&MOD_1, Subject::Administration(service.index), text, &facts);
    }
    if place == Place::Own {
        modifiers.extend(super::modifiers::of_other_visit(coding, visit, service, code));
    }
    if keeps_planned_code(coding, visit, service) {
        modifiers.push(DISCONTINUED);
        let subject = Subject::Administration(service.index);
        let text = "The office broke the service off: modifier 53.";
        coding.result.trail.fired(&MOD_6, subject, text, &[]);
    }
    let lines = &mut coding.result.lines;
    let same =
        |other: &&mut Line| other.code == code && other.service_date == date && other.modifiers == modifiers;
    // Two initial services that carry one modifier, as of two visits, are two lines of one unit.
    match lines.iter_mut().find(same).filter(|_| place != Place::Initial) {
        Some(other) => {
            other.units = other.units.saturating_add(units);
            other.add_administration(service.index);
        }
        None => {
            let mut line = Line { modifiers, ..Line::new(Track::Administration, code, units, date) };
            line.add_administration(service.index);
            lines.push(line);
        }
    }
    true
}

/// Adds a line with a modifier of its own.
pub(super) fn bill_with(
    coding: &mut Coding<'_>,
    visit: &Visit<'_>,
    service: &Service,
    code: HcpcsCode,
    modifier: Modifier,
) {
    let mut line = Line::new(Track::Administration, code, 1, visit.date(service));
    // The first modifier of a new line always has room.
    let _ = line.add_modifier(modifier);
    line.add_administration(service.index);
    coding.result.lines.push(line);
}

fn group_modifier(
    coding: &Coding<'_>,
    visit: &Visit<'_>,
    service: &Service,
    place: Place,
) -> Option<Modifier> {
    let modifier = visit.groups.get(service.group)?.modifier;
    let carries = match place {
        Place::Initial => true,
        Place::AddOn => *coding.policy.administration.modifier_on_add_ons,
        Place::Own => false,
    };
    modifier.filter(|_| carries)
}

fn keeps_planned_code(coding: &Coding<'_>, visit: &Visit<'_>, service: &Service) -> bool {
    *coding.policy.administration.discontinued == Discontinued::PlannedCodeWith53
        && !visit.encounter.setting.is_facility()
        && visit.administration(service).discontinued_planned_minutes.is_some()
}

/// Names a further administration on the line that holds its minutes.
pub(super) fn name(
    coding: &mut Coding<'_>,
    visit: &Visit<'_>,
    service: &Service,
    first: u16,
    code: HcpcsCode,
) {
    let date = visit.date(service);
    let lines = &mut coding.result.lines;
    let holds = |line: &Line| line.code == code && line.administrations.contains(&first);
    let same_date = lines.iter().position(|line| holds(line) && line.service_date == date);
    if let Some(at) = same_date.or_else(|| lines.iter().position(holds)) {
        lines[at].add_administration(service.index);
    }
}

/// Whether a line names an administration.
pub(super) fn is_on_line(coding: &Coding<'_>, index: u16) -> bool {
    coding.result.lines.iter().any(|line| line.administrations.contains(&index))
}

fn is_billed(coding: &Coding<'_>, code: HcpcsCode) -> bool {
    coding.result.lines.iter().any(|line| line.code == code)
}

/// Whether a code stands on the claim for the encounter of a service already.
pub(super) fn is_billed_in_encounter(
    coding: &Coding<'_>,
    visit: &Visit<'_>,
    service: &Service,
    code: HcpcsCode,
) -> bool {
    let mut lines = coding.result.lines.iter().filter(|line| line.code == code);
    lines.any(|line| {
        let mut named = visit.services.iter().filter(|other| line.administrations.contains(&other.index));
        named.any(|other| access::is_one_encounter(coding.policy, visit, service, other))
    })
}

/// Whether the claim holds a primary code that the add-on may follow (switch D-19).
fn has_parent(coding: &Coding<'_>, code: HcpcsCode, date: Date) -> bool {
    match *coding.policy.administration.add_on_parents {
        AddOnParents::CmsTable => has_cms_parent(coding, code, date),
        AddOnParents::CptParenthetical => {
            let mut listed = coding.policy.administration.cpt_add_on_parents.iter();
            let entry = listed.find(|entry| entry.add_on == code);
            entry.is_none_or(|entry| entry.parents.iter().any(|parent| is_billed(coding, *parent)))
        }
        // The hierarchy chose an initial service, and every other code follows it (rule HIER-F2).
        AddOnParents::HierarchyOverrides => true,
    }
}

fn has_cms_parent(coding: &Coding<'_>, code: HcpcsCode, date: Date) -> bool {
    let Some(parents) = coding.catalog.add_on_parents(code, date) else { return true };
    let is_facility = coding.encounter.setting.is_facility();
    parents.value.iter().any(|parent| {
        let allowed = match parent.setting {
            AddOnSetting::Both => true,
            AddOnSetting::PractitionerOnly => !is_facility,
            AddOnSetting::FacilityOnly => is_facility,
        };
        allowed && is_billed(coding, parent.code)
    })
}

fn refuse_with_finding(coding: &mut Coding<'_>, service: &Service, code: HcpcsCode) {
    let facts = [fact::derived("code", Value::Code(code))];
    let field = Field::Administration(service.index, "");
    let text = "{code} is the add-on that fits, and none of its parents is on the claim, so no code describes the service cleanly. Check which service is initial.";
    let rule = parent_rule(coding, code);
    coding.find(Severity::Block, Reason::NoCleanCode, field, rule, text, &facts);
    refuse(coding, service, code);
}

/// Says that an administration earns no line, because its add-on has no parent.
pub(super) fn refuse(coding: &mut Coding<'_>, service: &Service, code: HcpcsCode) {
    let facts = [fact::derived("code", Value::Code(code))];
    let subject = Subject::Administration(service.index);
    let rule = parent_rule(coding, code);
    coding.result.trail.declined(rule, subject, "{code} would stand without a parent.", &facts);
    let is_told =
        coding.result.not_billed.iter().any(|other| other.what == Field::Administration(service.index, ""));
    if !is_told {
        let text = "{code} would stand without a parent that the policy allows.";
        coding.not_billed(Field::Administration(service.index, ""), rule, text, &facts);
    }
}

/// The administration that something not billed speaks of, where its add-on has no parent.
pub(super) fn refused_add_on(coding: &Coding<'_>, item: &NotBilled) -> Option<u16> {
    let Field::Administration(index, _) = item.what else { return None };
    let is_refused = |finding: &Finding| {
        finding.reason == Reason::NoCleanCode
            && finding.severity == Severity::Block
            && finding.field == item.what
    };
    coding.result.findings.iter().any(is_refused).then_some(index)
}

/// The rule that names the parents of an add-on.
fn parent_rule(coding: &Coding<'_>, code: HcpcsCode) -> &'static Rule {
    let parameters = &coding.policy.administration;
    let (chemotherapy, therapeutic) = (&parameters.chemotherapy_codes, &parameters.therapeutic_codes);
    match code {
        _ if Some(code) == therapeutic.concurrent => &CONC_2,
        _ if code == chemotherapy.sequential || code == chemotherapy.hour => &SEQ_2,
        _ if code == chemotherapy.additional_push => &SEQ_3,
        _ if code == therapeutic.sequential || code == therapeutic.hour => &SEQ_1,
        _ if code == therapeutic.additional_push => &REP_1,
        _ if Some(code) == therapeutic.repeat_push => &REP_2,
        _ => &INIT_3,
    }
}
