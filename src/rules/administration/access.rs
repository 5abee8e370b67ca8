//! Access lines: one initial service each, where a second line or visit is warranted (rules INIT-4 to INIT-8).

use super::site::{is_same_site, refers_to_another};
use super::visit::{Group, Kind, Service, Visit};
use super::what_if;
use crate::domain::claim::Line;
use crate::domain::code::Modifier;
use crate::domain::encounter::AccessReason;
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::domain::time::Date;
use crate::engine::Coding;
use crate::engine::trail::{Subject, Value, fact};
use crate::policy::parameters::{Midnight, ModifierStyle, Policy};
use crate::rules::{Rule, rule};

rule! {
    pub static INIT_4: "INIT-4", "A second access site must be needed",
    basis: Primary, cites: ["NOR-INIT", "HAU2", "HC-0912"],
    says: "A second initial code takes a different access site that the protocol or the patient's condition required, and the record says so. Convenience does not qualify, and neither does silence: sites that were used one after the other count as one until the need is stated.",
    why: "One line is the rule; a second one is paid only when it was necessary.",
    example: "Two incompatible antibiotics through two arms earn two initial codes, the second with a modifier.",
    exceptions: "Sites that were in use at the same time are two lines, and a finding asks for the reason.",
}

rule! {
    pub static INIT_5: "INIT-5", "Lumens of one catheter are one site",
    basis: Secondary, cites: ["HAU2"],
    says: "The access site is the place where the vein is entered; lumens of one catheter are one site, and so are two spellings of one place. Where several sites are in use, each service must name its own.",
    why: "The initial code pays for the access, and a catheter is entered once.",
    example: "Two drugs through two lumens of one port have one initial service.",
    exceptions: "None.",
}

rule! {
    pub static INIT_6: "INIT-6", "A separate visit of the day has its own initial service",
    basis: Secondary, cites: ["RAC71"],
    says: "A patient who left and came back on the same day has a second encounter, whose lines carry 59 or XE. A stated visit number counts within its date of service; a visit with a service that runs past midnight goes on under its number, and so does one of a hospital that states its number again on the next date.",
    why: "The work of an encounter is done again.",
    example: "Chemotherapy in the morning and an unplanned antiemetic push in the afternoon are two initial services.",
    exceptions: "A pause within one visit is none (INIT-7). A hospital's stay over several dates is one encounter (INIT-2), so a number repeated on the next date is asked about, unless observation or inpatient care on the claim shows the stay; numbers that run on through the dates, or a date with a second visit, tell the visits apart. A visit on another date needs no modifier. Visits that overlap in time are no separate ones, and a finding says so.",
}

rule! {
    pub static INIT_7: "INIT-7", "A restarted line is no new initial service",
    basis: Inferred, cites: ["NOR-INIT"],
    says: "Loss and restart of a line during one encounter does not earn a second initial service.",
    why: "The encounter is still the same one.",
    example: "An infiltrated line that is replaced in the other arm stays one access for the initial code: the request names one site, or gives the restarted line as the reason for the second.",
    exceptions: "None.",
}

rule! {
    pub static INIT_8: "INIT-8", "Midnight does not begin a new encounter",
    basis: Secondary, cites: ["SC-CPTA", "IOM4", "RCA-MIDNIGHT", "HC-0609"],
    says: "An encounter that runs past midnight has one initial service; what follows is sequential or repeated, on its own date, and is never made initial for want of a parent on that date.",
    why: "The encounter decides, and not the calendar.",
    example: "A push at 22:00 is initial, and the same drug at 02:00 is a repeated push.",
    exceptions: "Switch D-11 lets a policy begin anew at midnight. Stated visit numbers begin anew on each date (INIT-6); where there are none, each date of an office with a night before it is a visit of its own; an office is asked for them where less than a night lies between, and a hospital where a whole date does. A hospital is asked too where many hours lie between the services of adjoining dates (the policy says how many, by our measure), for patients of daily visits sleep at home: not where observation or inpatient care on the claim, an infusion past midnight or a service within the night shows a stay.",
}

pub(super) static RULES: &[&Rule] = &[&INIT_4, &INIT_5, &INIT_6, &INIT_7, &INIT_8];

/// Assigns every intravenous service to its access line.
pub(super) fn assign(coding: &mut Coding<'_>, visit: &mut Visit<'_>) {
    let mut is_site_unnamed = false;
    // Within one visit of one day a service goes where the one before it went that named the same site.
    let is_one_visit = visit.is_one_visit && visit.is_one_day;
    let mut before: Option<(&str, usize)> = None;
    for at in 0..visit.services.len() {
        let service = &visit.services[at];
        if !takes_part(service.kind) {
            continue;
        }
        let Some(site) = site_of(visit, service) else {
            is_site_unnamed = true;
            continue;
        };
        let group = match before {
            Some((known, group)) if is_one_visit && known == site => group,
            _ => group(coding, visit, at, Some(site)),
        };
        visit.services[at].group = group;
        before = Some((site, group));
    }
    if is_site_unnamed {
        assign_unnamed(coding, visit);
    }
    if visit.groups.len() > 1 {
        join_unneeded_sites(coding, visit);
    }
}

/// Assigns the services that name no site to the only one that they can have used.
fn assign_unnamed(coding: &mut Coding<'_>, visit: &mut Visit<'_>) {
    let is_unnamed = |service: &&Service| takes_part(service.kind) && service.group == usize::MAX;
    let is_one = visit.services.iter().filter(is_unnamed).count() == 1;
    for at in 0..visit.services.len() {
        let service = &visit.services[at];
        if takes_part(service.kind) && service.group == usize::MAX {
            match only_site(visit, service.visit) {
                Err(sites) if is_one && make_no_difference(coding, service.index, &sites) => {
                    visit.services[at].group = group(coding, visit, at, sites.first().copied());
                }
                Ok(site) => visit.services[at].group = group(coding, visit, at, site),
                Err(sites) => {
                    hold_for_site(coding, &mut visit.services[at], &sites);
                }
            }
        }
    }
}

const fn takes_part(kind: Kind) -> bool {
    kind.is_ranked() || matches!(kind, Kind::Held | Kind::PumpStart)
}

fn site_of<'a>(visit: &Visit<'a>, service: &Service) -> Option<&'a str> {
    let is_blank = |site: &str| {
        let begins_with_word = site.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric);
        !begins_with_word && site.trim().is_empty()
    };
    let names_one = |site: &&str| !is_blank(site) && !refers_to_another(site);
    visit.administration(service).access_site.as_deref().filter(names_one)
}

/// Whether two services are of one encounter, which ends at midnight where the policy says so (switch D-11).
pub(super) fn is_one_encounter(policy: &Policy, visit: &Visit<'_>, one: &Service, other: &Service) -> bool {
    let ends_at_midnight = *policy.administration.midnight == Midnight::NewInitial;
    one.visit == other.visit && (!ends_at_midnight || visit.date(one) == visit.date(other))
}

/// The place of a service's access line, added where it is new.
fn group<'a>(coding: &Coding<'_>, visit: &mut Visit<'a>, at: usize, site: Option<&'a str>) -> usize {
    let begins_anew = *coding.policy.administration.midnight == Midnight::NewInitial;
    let service = &visit.services[at];
    let (number, day) = (service.visit, begins_anew.then(|| visit.date(service)));
    let is_same = |group: &Group<'_>| {
        let is_same_site = || match (group.site, site) {
            (Some(one), Some(other)) => one == other || is_same_site(one, other),
            (one, other) => one.is_none() && other.is_none(),
        };
        group.visit == number && group.day == day && is_same_site()
    };
    visit.groups.iter().position(is_same).unwrap_or_else(|| {
        visit.groups.push(Group { visit: number, site, day, modifier: None, is_further_visit: false });
        visit.groups.len() - 1
    })
}

/// The site that an unnamed service of a visit must have used; the sites to choose from otherwise.
fn only_site<'a>(visit: &Visit<'a>, number: u32) -> Result<Option<&'a str>, Vec<&'a str>> {
    let mut sites: Vec<&'a str> = Vec::new();
    for site in visit.groups.iter().filter(|group| group.visit == number).filter_map(|group| group.site) {
        if !sites.iter().any(|known| is_same_site(known, site)) {
            sites.push(site);
        }
    }
    if sites.len() > 1 { Err(sites) } else { Ok(sites.first().copied()) }
}

/// Whether the visit bills alike through whichever of some sites a service went.
fn make_no_difference(coding: &Coding<'_>, index: u16, sites: &[&str]) -> bool {
    let at = |site: &&str| {
        let site = (*site).to_owned();
        let answer =
            what_if::answer(coding, "", index, |administration| administration.access_site = Some(site));
        // Which services a line rests on is no part of the claim.
        let shape = |line: Line| (line.track, line.service_date, line.code, line.modifiers, line.units);
        let mut lines: Vec<_> = answer.lines.into_iter().map(shape).collect();
        lines.sort_unstable_by(|one, other| one.2.cmp(&other.2).then_with(|| one.cmp(other)));
        lines
    };
    let mut lines = sites.iter().map(at);
    let first = lines.next();
    lines.all(|other| Some(&other) == first.as_ref())
}

fn hold_for_site(coding: &mut Coding<'_>, service: &mut Service, sites: &[&str]) {
    if service.kind == Kind::Held {
        // It waits for another fact already; the site is asked for once that is known.
        service.kind = Kind::Settled;
        return;
    }
    service.kind = Kind::Settled;
    let index = service.index;
    let field = Field::Administration(index, "accessSite");
    let text = "Several access sites were in use, and this service names none, so no code is chosen.";
    coding.find(Severity::Block, Reason::MissingAccessSite, field, &INIT_5, text, &[]);
    let what = Field::Administration(index, "");
    coding.not_billed(what, &INIT_5, "Waits for its access site.", &[]);
    what_if::ask_site(coding, index, sites);
}

/// Joins a site that was only convenient, or took the place of a lost line, to another one of its visit; so too one
/// without any stated need that was never in use at the same time as the other, until the need is stated.
fn join_unneeded_sites(coding: &mut Coding<'_>, visit: &mut Visit<'_>) {
    for at in 0..visit.groups.len() {
        let stated = |reason| {
            visit.services.iter().any(|service| {
                service.group == at && visit.administration(service).access_reason == Some(reason)
            })
        };
        let is_needed = stated(AccessReason::Protocol)
            || stated(AccessReason::PatientCondition)
            || stated(AccessReason::IncompatibleDrugs);
        let is_restarted = stated(AccessReason::RestartedLine);
        let is_convenient = stated(AccessReason::Convenience);
        if is_needed {
            continue;
        }
        let own = visit.groups[at];
        let other = visit.groups.iter().enumerate().position(|(place, group)| {
            place != at && group.visit == own.visit && group.day == own.day && has_services(visit, place)
        });
        let Some(other) = other else { continue };
        if !is_restarted && !is_convenient {
            // The first site of the visit stays, and the later ones are judged beside it.
            if other < at && is_unexplained(visit, other) && !met(visit, at, other) {
                join_unexplained(coding, visit, at, other);
            }
            continue;
        }
        let first = visit.services.iter().find(|service| service.group == at).map_or(0, |s| s.index);
        for service in visit.services.iter_mut().filter(|service| service.group == at) {
            service.group = other;
        }
        if is_restarted {
            let text = "The line was lost and restarted at this site, which is no second access.";
            coding.result.trail.fired(&INIT_7, Subject::Administration(first), text, &[]);
            continue;
        }
        coding.find(
            Severity::Warn,
            Reason::SecondSiteNotSupported,
            Field::Administration(first, "accessReason"),
            &INIT_4,
            "The second access site was a convenience, so its services are coded as if they went through the first.",
            &[],
        );
    }
}

/// Whether nothing is said of why a site was used.
fn is_unexplained(visit: &Visit<'_>, group: usize) -> bool {
    let mut members = visit.services.iter().filter(|service| service.group == group);
    members.all(|service| visit.administration(service).access_reason.is_none())
}

/// Whether two sites were in use at the same time; services without times may have been.
fn met(visit: &Visit<'_>, one: usize, other: usize) -> bool {
    let of = |group| visit.services.iter().filter(move |service| service.group == group);
    let may_meet = |one: &Service, other: &Service| {
        let (Some(start), Some(other_start)) = (one.flow.start, other.flow.start) else { return true };
        let (stop, other_stop) = (one.flow.stop.unwrap_or(start), other.flow.stop.unwrap_or(other_start));
        start < other_stop && other_start < stop
            || start == other_start
            || one.kind == Kind::Held
            || other.kind == Kind::Held
    };
    of(one).any(|a| of(other).any(|b| may_meet(a, b)))
}

/// Codes a site without a stated need as if its services went through the other, and asks for the need.
fn join_unexplained(coding: &mut Coding<'_>, visit: &mut Visit<'_>, group: usize, other: usize) {
    let first = visit.services.iter().find(|service| service.group == group).map_or(0, |s| s.index);
    let site = visit.groups[group].site;
    for service in visit.services.iter_mut().filter(|service| service.group == group) {
        service.group = other;
    }
    let field = Field::Administration(first, "accessReason");
    let text = "Two access sites were in use one after the other, and nothing says that the second was needed, so its services are coded as if they went through the first. A second initial service stands only where the record says that the protocol or the patient's condition required the site.";
    // A need that changes no line is nobody's question.
    if site.is_none_or(|site| what_if::ask_second_site(coding, first, site)) {
        coding.find(Severity::Warn, Reason::SecondSiteNotSupported, field, &INIT_4, text, &[]);
    }
}

fn has_services(visit: &Visit<'_>, group: usize) -> bool {
    visit.services.iter().any(|service| service.group == group)
}

/// Says that an access line goes on past midnight (rule INIT-8).
pub(super) fn note_midnight(coding: &mut Coding<'_>, visit: &Visit<'_>) {
    if visit.is_one_day {
        return;
    }
    let switch = &coding.policy.administration.midnight;
    for group in 0..visit.groups.len() {
        let mut members = visit.services.iter().filter(|s| s.group == group && s.kind.is_ranked());
        let Some(first) = members.next().map(|service| visit.date(service)) else { continue };
        let Some(later) = members.find(|service| visit.date(service) != first) else { continue };
        let facts = [fact::parameter("policy", Value::Label("one encounter"), switch)];
        let text = "Midnight begins no new encounter: the initial service of this access line stays the one.";
        coding.result.trail.fired(&INIT_8, Subject::Administration(later.index), text, &facts);
    }
}

/// Gives the lines of a further visit or access line their modifier, the leading line being known.
///
/// Of a line that is held back nothing is billed, so nothing is said of it.
pub(super) fn mark(coding: &mut Coding<'_>, visit: &mut Visit<'_>, order: &[(usize, bool, Date)]) {
    let parameters = &coding.policy.administration;
    let is_x = *parameters.modifier_style == ModifierStyle::X;
    for (place, &(at, is_held_back, date)) in order.iter().enumerate() {
        if is_held_back {
            continue;
        }
        let group = visit.groups[at];
        let earlier = &order[..place];
        let same_day = |other: &&(usize, bool, Date)| visit.groups[other.0].day == group.day;
        let same_visit = |other: &&(usize, bool, Date)| visit.groups[other.0].visit == group.visit;
        let Some(service) = visit.services.iter().find(|service| service.group == at) else { continue };
        let (index, subject) = (service.index, Subject::Administration(service.index));
        let leading = earlier.iter().filter(same_day).find(same_visit).copied();
        if let Some((leading, ..)) = leading {
            let modifier = if is_x { *parameters.second_access_modifier } else { FIFTY_NINE };
            visit.groups[at].modifier = Some(modifier);
            let style =
                fact::parameter("style", Value::Modifier(modifier), &parameters.second_access_modifier);
            let text =
                "A second access line of the visit has an initial service of its own, with modifier {style}.";
            coding.result.trail.fired(&INIT_4, subject, text, &[style]);
            check_need(coding, visit, at, leading, index);
        } else if !earlier.is_empty() {
            let modifier = if is_x { SEPARATE_ENCOUNTER } else { FIFTY_NINE };
            visit.groups[at].modifier = Some(modifier);
            visit.groups[at].is_further_visit = true;
            if !has_earlier_visit_on(visit, at, date) {
                let text =
                    "The separate visit's initial service is alone on its date, so it needs no modifier.";
                coding.result.trail.declined(&INIT_6, subject, text, &[]);
                continue;
            }
            let style = fact::parameter("style", Value::Modifier(modifier), &parameters.modifier_style);
            let text =
                "A separate visit of the day has an initial service of its own, with modifier {style}.";
            coding.result.trail.fired(&INIT_6, subject, text, &[style]);
        }
    }
}

/// Whether a visit before that of an access line has a service of a vein on a date.
pub(super) fn has_earlier_visit_on(visit: &Visit<'_>, group: usize, date: Date) -> bool {
    let place = |group: usize| visit.groups.get(group).map(|group| (group.visit, group.day));
    let is_earlier = |other: &Service| {
        place(other.group).is_some_and(|other| Some(other) < place(group)) && visit.date(other) == date
    };
    visit.services.iter().any(is_earlier)
}

pub(super) const FIFTY_NINE: Modifier = Modifier::of("59");
pub(super) const SEPARATE_ENCOUNTER: Modifier = Modifier::of("XE");

fn check_need(coding: &mut Coding<'_>, visit: &Visit<'_>, group: usize, leading: usize, index: u16) {
    // The reason tells the two sites apart, so the record may state it at either.
    let states = |service: &Service| {
        matches!(service.group, at if at == group || at == leading)
            && visit.administration(service).access_reason.is_some()
    };
    if visit.services.iter().any(states) {
        return;
    }
    let field = Field::Administration(index, "accessReason");
    let text = "A second initial service stands only where the protocol or the patient's condition required a second access site, and the record says so. State the reason.";
    coding.find(Severity::Warn, Reason::SecondSiteNotSupported, field, &INIT_4, text, &[]);
    if let Some(site) = visit.groups[group].site {
        what_if::ask_second_site(coding, index, site);
    }
}
