//! Lines of the administration track, and the parents that an add-on needs (rules MOD-1, CONC-2).

use smallvec::SmallVec;

use super::access::{self, INIT_8};
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
    says: "The concurrent code is reported only with one of the primary codes that the quarter's table of CMS lists for it: an initial infusion or hydration, an additional hour or a pump start, and no push. Every other add-on has its own list there. The parent is one of the same encounter: a code of another visit is none, and one of an earlier date of a hospital's encounter is.",
    why: "An add-on without its parent is denied.",
    example: "Two therapeutic infusions together, with a chemotherapy push as the initial service: the second one has no clean code.",
    exceptions: "A policy may follow the facility hierarchy instead (switch D-19).",
}

pub(super) static RULES: &[&Rule] = &[&MOD_1, &CONC_2];

const DISCONTINUED: Modifier = Modifier::of("53");

/// Dates that are held without an allocation.
const DATES_INLINE: usize = 4;

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
    let date = visit.date(service);
    // Most codes are new to the claim, and then no line is looked for again.
    let has_code = coding.result.lines.iter().any(|line| line.code == code);
    // An add-on that the encounter has already was let in with its parent.
    let is_let_in = place != Place::AddOn
        || has_code && is_billed_in_encounter(coding, visit, service, code)
        || has_parent(coding, code, date, |line| is_of_encounter(coding, visit, service, line));
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
    if !visit.is_one_visit {
        modifiers.extend(super::modifiers::of_further_visit(coding, visit, service, code, place));
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
    let may_be_same = has_code && place != Place::Initial;
    match may_be_same.then(|| lines.iter_mut().find(same)).flatten() {
        Some(other) => {
            other.units = other.units.saturating_add(units);
            other.add_administration(service.index);
        }
        None => {
            let mut line = Line::of(Track::Administration, code, units, date, service.index);
            line.modifiers = modifiers;
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
    let mut line = Line::of(Track::Administration, code, 1, visit.date(service), service.index);
    // The first modifier of a new line always has room.
    let _ = line.add_modifier(modifier);
    coding.result.lines.push(line);
}

fn group_modifier(
    coding: &Coding<'_>,
    visit: &Visit<'_>,
    service: &Service,
    place: Place,
) -> Option<Modifier> {
    let group = visit.groups.get(service.group)?;
    let modifier = group.modifier?;
    let is_apart =
        group.is_further_visit && !access::has_earlier_visit_on(visit, service.group, visit.date(service));
    let carries = match place {
        Place::Initial => true,
        Place::AddOn => *coding.policy.administration.modifier_on_add_ons,
        Place::Own => false,
    };
    (carries && !is_apart).then_some(modifier)
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

/// Whether a code stands on the claim for the encounter of a service already.
pub(super) fn is_billed_in_encounter(
    coding: &Coding<'_>,
    visit: &Visit<'_>,
    service: &Service,
    code: HcpcsCode,
) -> bool {
    let mut lines = coding.result.lines.iter();
    lines.any(|line| line.code == code && is_of_encounter(coding, visit, service, line))
}

/// Whether a line is of the encounter of a service; where all dates and visits are one, every line is.
#[inline]
fn is_of_encounter(coding: &Coding<'_>, visit: &Visit<'_>, service: &Service, line: &Line) -> bool {
    let is_named_in_encounter = || {
        let mut named = visit.services.iter().filter(|other| line.administrations.contains(&other.index));
        named.any(|other| access::is_one_encounter(coding.policy, visit, service, other))
    };
    visit.is_one_visit && visit.is_one_day || is_named_in_encounter()
}

/// Whether a line stands with the others: an add-on needs its parent among them.
pub(super) fn may_stand(coding: &Coding<'_>, line: &Line) -> bool {
    line.track != Track::Administration || has_parent(coding, line.code, line.service_date, |_| true)
}

/// Whether a line that counts has one of the primary codes that the add-on may follow (switch D-19).
fn has_parent(coding: &Coding<'_>, code: HcpcsCode, date: Date, counts: impl Fn(&Line) -> bool) -> bool {
    match *coding.policy.administration.add_on_parents {
        AddOnParents::CmsTable => has_cms_parent(coding, code, date, counts),
        AddOnParents::CptParenthetical => {
            let mut listed = coding.policy.administration.cpt_add_on_parents.iter();
            let is_parent = |parents: &[HcpcsCode], line: &Line| parents.contains(&line.code) && counts(line);
            let entry = listed.find(|entry| entry.add_on == code);
            entry.is_none_or(|entry| coding.result.lines.iter().any(|line| is_parent(&entry.parents, line)))
        }
        // The hierarchy chose an initial service, and every other code follows it (rule HIER-F2).
        AddOnParents::HierarchyOverrides => true,
    }
}

/// The lines are asked one after the other, and not the parents: the first one is the initial service, which nearly
/// every add-on may follow.
fn has_cms_parent(coding: &Coding<'_>, code: HcpcsCode, date: Date, counts: impl Fn(&Line) -> bool) -> bool {
    let Some(parents) = coding.catalog.add_on_parents(code, date) else { return true };
    let is_facility = coding.encounter.setting.is_facility();
    let is_allowed = |setting: AddOnSetting| match setting {
        AddOnSetting::Both => true,
        AddOnSetting::PractitionerOnly => !is_facility,
        AddOnSetting::FacilityOnly => is_facility,
    };
    let is_parent = |line: &Line| {
        let mut parents = parents.iter();
        parents.any(|parent| parent.code == line.code && is_allowed(parent.setting))
    };
    coding.result.lines.iter().any(|line| is_parent(line) && counts(line))
}

/// Names the dates on which an add-on stands without a parent of that date, each once.
///
/// Its parent lies on another date of its encounter: a hospital reports no initial service anew, and the edit for
/// practitioners asks for a parent of the same date.
pub(super) fn report_dates_without_parent(coding: &mut Coding<'_>) {
    let mut told: SmallVec<[Date; DATES_INLINE]> = SmallVec::new();
    for at in 0..coding.result.lines.len() {
        let Line { code, service_date: date, .. } = coding.result.lines[at];
        if told.contains(&date) || has_cms_parent(coding, code, date, |line| line.service_date == date) {
            continue;
        }
        told.push(date);
        let first = coding.result.lines[at].administrations.first().copied().unwrap_or_default();
        let field = Field::Administration(first, "");
        let facts = [fact::derived("code", Value::Code(code)), fact::derived("date", Value::Date(date))];
        let (severity, rule, text) = if coding.encounter.setting.is_facility() {
            (
                Severity::Info,
                &INIT_8,
                "{code} of {date} follows an initial service of another date of its encounter. A hospital reports no initial service anew on {date}, even where an edit by date asks for one.",
            )
        } else {
            (
                Severity::Warn,
                &CONC_2,
                "{code} of {date} follows an initial service of another date, and the edit for practitioners asks for a parent of the same date. Correct the dates, or state the visit numbers.",
            )
        };
        coding.find(severity, Reason::AddOnWithoutParent, field, rule, text, &facts);
    }
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
