//! Infusions under the skin with a pump (rules SCI-1, SCI-2).

use super::access;
use super::infusion_time::{additional_hours, later_hours, note_hours};
use super::lines::{self, Place};
use super::overlap;
use super::sequence::{self, Parts};
use super::visit::{Kind, Service, Visit};
use super::what_if::answer;
use crate::domain::drug::DrugClass;
use crate::domain::encounter::Route;
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::domain::time::Date;
use crate::engine::Coding;
use crate::engine::trail::{Subject, Value, fact};
use crate::policy::parameters::{Policy, SubcutaneousSites};
use crate::rules::classify::Unknown;
use crate::rules::{Rule, Status, rule};

rule! {
    pub static SCI_1: "SCI-1", "Infusion under the skin",
    basis: Primary, cites: ["AOC", "MUE", "SCINF"],
    says: "The first hour includes the set-up of the pump and its sites; each further hour follows the 31-minute rule; a further pump with a new site earns one additional set-up. Up to 15 minutes is an injection. An encounter has one first hour; the hours of a later date of it are additional ones of that date. The lines of a second visit of the day carry 59 or XE, as those of a vein do (MOD-1).",
    why: "One pump may feed several sites; only a further set-up is further work.",
    example: "Immune globulin over 120 minutes with two pumps: first hour, one additional hour, one additional set-up.",
    exceptions: "Switch D-12 counts each further site. A drug that opens the tissue for the infusion, as hyaluronidase, is part of it. The codes are the same for every class of drug, so the class of an unknown one is not asked for where the minutes are known.",
}

rule! {
    pub static SCI_2: "SCI-2", "Pairs of infusion and injection",
    basis: Primary, cites: ["PTP"],
    status: Status::Informational,
    says: "The infusion under the skin and an injection on one claim are a pair of NCCI that a modifier may bypass.",
    why: "The injection could be part of the infusion.",
    example: "Immune globulin by pump and a vitamin injection: the injection carries a modifier.",
    exceptions: "None.",
}

pub(super) static RULES: &[&Rule] = &[&SCI_1, &SCI_2];

/// A class that stands for an unknown one, where the documented minutes are those of an infusion under the skin, whose
/// codes are the same for every class, and of no injection.
///
/// # Errors
/// The fact to ask for, where the class decides.
pub(super) fn any_class(
    coding: &Coding<'_>,
    visit: &Visit<'_>,
    service: &Service,
    route: Route,
    unknown: Unknown,
) -> Result<DrugClass, Unknown> {
    let administration = visit.administration(service);
    let clock = administration.start.zip(administration.stop).map(|(start, stop)| {
        let (start, stop) = visit.clock.span(start, stop);
        (stop - start) / 60
    });
    let minutes = clock.or(administration.duration_minutes.map(i64::from));
    let is_infusion = route == Route::SubcutaneousInfusion
        && administration.interruptions.is_empty()
        && minutes.is_some_and(|minutes| minutes > *coding.policy.administration.push_minutes_max);
    if is_infusion && matches!(unknown, Unknown::Class { .. }) {
        return Ok(DrugClass::Therapeutic);
    }
    Err(unknown)
}

/// Asks whether an injection under the skin that took longer than one ran in as an infusion (rule SCI-1).
pub(super) fn doubt_injection(coding: &mut Coding<'_>, visit: &Visit<'_>, service: &Service) {
    let administration = visit.administration(service);
    let minutes = service.flow.seconds / 60;
    let limit = &coding.policy.administration.push_minutes_max;
    // Who stood by gave it by hand, and what a pump on the body gives later has a code of its own.
    let is_told = administration.attended_throughout == Some(true) || administration.pump.is_some();
    if minutes <= **limit || is_told {
        return;
    }
    let field = Field::Administration(service.index, "route");
    let facts = [
        fact::given("minutes", Value::Minutes(minutes)),
        fact::parameter("limit", Value::Minutes(**limit), limit),
    ];
    let text = "This injection under the skin took {minutes} minutes by its times, more than {limit}; what runs in so long is an infusion. Correct the route, or the times.";
    coding.find(Severity::Warn, Reason::ContradictoryTimes, field, &SCI_1, text, &facts);
    let text = "Did the drug run in under the skin as an infusion?";
    coding.ask(field, &SCI_1, text, &[], |coding| {
        let ran = answer(coding, "Yes, as the times say", service.index, |a| {
            a.route = Some(Route::SubcutaneousInfusion);
        });
        let injected =
            answer(coding, "No, it was injected, and the stop is of something else", service.index, |a| {
                (a.stop, a.duration_minutes) = (None, None);
            });
        if ran.lines == injected.lines { Vec::new() } else { vec![ran, injected] }
    });
}

/// Codes the infusions under the skin, each encounter by itself.
pub(super) fn code(coding: &mut Coding<'_>, visit: &Visit<'_>) {
    for at in 0..visit.services.len() {
        let first = &visit.services[at];
        let policy = coding.policy;
        let is_part = |other: &&Service| {
            other.kind == Kind::SubcutaneousInfusion && access::is_one_encounter(policy, visit, first, other)
        };
        if is_part(&first) && !visit.services[..at].iter().any(|other| is_part(&other)) {
            let parts: Vec<&Service> = visit.services[at..].iter().filter(is_part).collect();
            code_encounter(coding, visit, first, &parts);
        }
    }
}

/// Bills one first hour for an encounter; hours and set-ups have the date on which they were.
fn code_encounter(coding: &mut Coding<'_>, visit: &Visit<'_>, first: &Service, parts: &[&Service]) {
    let parameters = &coding.policy.administration;
    let codes = &parameters.subcutaneous_infusion_codes;
    let shortest = *parameters.additional_hour_after_minutes + 1;
    let mut is_first = true;
    for (service, seconds) in days(visit, parts) {
        let (minutes, subject) = (seconds / 60, Subject::Administration(service.index));
        let facts = [fact::derived("minutes", Value::Minutes(minutes))];
        let hours = if is_first {
            let text =
                "{minutes} minutes under the skin take the first-hour code, which includes pump and sites.";
            coding.result.trail.fired(&SCI_1, subject, text, &facts);
            lines::bill(coding, visit, service, codes.first_hour, 1, Place::Own);
            additional_hours(minutes, parameters)
        } else {
            let text = "{minutes} minutes on a later date of the encounter take no first hour of their own.";
            coding.result.trail.fired(&SCI_1, subject, text, &facts);
            later_hours(minutes, shortest, parameters)
        };
        is_first = false;
        note_hours(coding, subject, minutes, hours);
        if hours > 0 {
            bill_hours(coding, visit, parts, visit.date(service), hours);
        }
        code_setups(coding, visit, first, parts, visit.date(service));
    }
    for service in parts {
        if visit.date(service) == visit.date(first) || !lines::is_on_line(coding, service.index) {
            lines::name(coding, visit, service, first.index, codes.first_hour);
        }
    }
}

/// Bills the further hours of a date; they rest on its longest infusion and on those that ran apart from it.
fn bill_hours(coding: &mut Coding<'_>, visit: &Visit<'_>, parts: &[&Service], date: Date, hours: u32) {
    let code = coding.policy.administration.subcutaneous_infusion_codes.hour;
    let of_date = || parts.iter().filter(|part| visit.date(part) == date);
    // Of two as long the first one counts.
    let Some(longest) = of_date().rev().max_by_key(|part| part.flow.seconds) else { return };
    lines::bill(coding, visit, longest, code, hours, Place::AddOn);
    for part in of_date().filter(|part| overlap::seconds(visit, longest, part) == 0) {
        lines::name(coding, visit, part, longest.index, code);
    }
}

/// The dates of an encounter, each with its leading service and its seconds of flow; what ran at once counts once.
fn days<'v>(visit: &'v Visit<'_>, parts: &[&'v Service]) -> Parts<'v> {
    let mut days = Parts::new();
    for (service, seconds) in sequence::parts_alone(visit, parts) {
        match days.last_mut() {
            Some((first, sum)) if visit.date(first) == visit.date(service) => *sum += seconds,
            _ => days.push((service, seconds)),
        }
    }
    days
}

/// Bills the further set-ups of a date, once.
fn code_setups(coding: &mut Coding<'_>, visit: &Visit<'_>, first: &Service, parts: &[&Service], date: Date) {
    let policy = coding.policy;
    let of_date = parts.iter().filter(|service| visit.date(service) == date);
    let mut further = of_date.filter(|service| is_further_setup(policy, visit, service, first));
    let Some(&leading) = further.next() else { return };
    let setups = 1 + further.count();
    let code = policy.administration.subcutaneous_infusion_codes.additional_setup;
    lines::bill(coding, visit, leading, code, 1, Place::AddOn);
    let facts = [fact::derived("setups", Value::Count(setups as i64))];
    let text = "{setups} further set-up(s): the code is reported once.";
    coding.result.trail.fired(&SCI_1, Subject::Administration(leading.index), text, &facts);
    if setups > 1 {
        let what = Field::Administration(leading.index, "pump");
        let text = "Set-ups after the first additional one are not reported.";
        coding.not_billed(what, &SCI_1, text, &facts);
    }
}

/// Applies switch D-12.
fn is_further_setup(policy: &Policy, visit: &Visit<'_>, service: &Service, first: &Service) -> bool {
    let administration = visit.administration(service);
    let is_pump = administration.pump.is_some_and(|pump| pump.additional_setup);
    let is_site = *policy.administration.sc_multi_site == SubcutaneousSites::PerSite
        && administration.access_site != visit.administration(first).access_site;
    is_pump || is_site
}
