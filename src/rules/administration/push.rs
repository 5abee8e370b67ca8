//! Pushes: the initial one, a new drug, the same drug again (rules REP-1 to REP-3, SEQ-3, CONC-6).

use super::course::{self, REP_5};
use super::infusion_time::TIME_5;
use super::initial::{INIT_1, INIT_2};
use super::lines::{self, Place};
use super::sequence::{CHM_3, codes};
use super::timeline::TIME_7;
use super::visit::{Family, Kind, Service, Visit};
use super::{unnamed, when};
use crate::domain::encounter::Route;
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::engine::Coding;
use crate::engine::trail::{Subject, Value, fact};
use crate::rules::{Rule, Status, rule};

rule! {
    pub static REP_1: "REP-1", "A push of a new drug",
    basis: Primary, cites: ["AOC", "AHIMA"],
    says: "A push after the initial service takes the additional push code when its drug is new to the encounter.",
    why: "A new drug is prepared and given anew.",
    example: "Ondansetron pushed beside chemotherapy is an additional push.",
    exceptions: "The same drug again follows REP-2.",
}

rule! {
    pub static REP_2: "REP-2", "The same drug pushed again",
    basis: Primary, cites: ["AOC", "MUE", "AHIMA", "SC-CPTA"],
    says: "A further push of the same drug is reported by facilities only, and only when more than 30 minutes have passed since the reported one. An office reports nothing for it.",
    why: "The unit limit for practitioners is zero, and pushes close together are one.",
    example: "Ondansetron twice, 45 minutes apart: two pushes in a hospital, one in an office.",
    exceptions: "None.",
}

rule! {
    pub static REP_3: "REP-3", "A bolus right before its infusion",
    basis: Secondary, cites: ["AHIMA"],
    says: "A push that is followed or preceded at once by an infusion of the same drug is part of the infusion.",
    why: "The bolus begins the infusion.",
    example: "Heparin pushed at 09:00 and infused from 09:05 is the infusion alone.",
    exceptions: "More than 30 minutes apart, a facility may report the push again (REP-2); while the infusion runs, the minutes count from its start and from the latest push.",
}

rule! {
    pub static SEQ_3: "SEQ-3", "A further chemotherapy push",
    basis: Primary, cites: ["AOC"],
    says: "Each further chemotherapy drug that is pushed takes the additional chemotherapy push, after an initial chemotherapy push or infusion.",
    why: "Each drug is prepared and given by itself.",
    example: "Doxorubicin and vincristine pushed beside rituximab are two additional chemotherapy pushes.",
    exceptions: "The same drug pushed again has no code.",
}

rule! {
    pub static CONC_6: "CONC-6", "A push is never concurrent",
    basis: Secondary, cites: ["HAU1"],
    status: Status::Informational,
    says: "A push given while an infusion runs stays a push; there is no concurrent push and no concurrent injection.",
    why: "The concurrent code is for infusions.",
    example: "Dexamethasone pushed while rituximab runs is an additional push.",
    exceptions: "None.",
}

pub(super) static RULES: &[&Rule] = &[&REP_1, &REP_2, &REP_3, &SEQ_3, &CONC_6];

/// Bills the first push of the initial course.
pub(super) fn initial(coding: &mut Coding<'_>, visit: &Visit<'_>, course: usize) {
    let family = visit.courses[course].family;
    let code = codes(coding, family).push;
    if let Some((_, first)) = visit.members(course).find(|(_, service)| service.kind == Kind::Push) {
        let rule = match family {
            Family::Chemotherapy => &CHM_3,
            _ if coding.encounter.setting.is_facility() => &INIT_2,
            _ => &INIT_1,
        };
        let facts = [fact::derived("code", Value::Code(code))];
        let text = "The one initial service of this access line is a push: {code}.";
        coding.result.trail.fired(rule, Subject::Administration(first.index), text, &facts);
        lines::bill(coding, visit, first, code, 1, Place::Initial);
    }
}

/// Codes the other pushes of an access line, in order of time.
pub(super) fn others(coding: &mut Coding<'_>, visit: &Visit<'_>, group: usize, initial: usize) {
    for at in 0..visit.services.len() {
        let service = &visit.services[at];
        if service.kind != Kind::Push || service.group != group {
            continue;
        }
        if service.first_bag != service.index {
            goes_on(coding, service);
            continue;
        }
        match reported_before(coding, visit, at, initial) {
            Some(earlier) if earlier.index == service.index => {}
            Some(earlier) if unnamed::may_differ(coding, visit, service, earlier) => {
                unnamed::ask(coding, service.index, earlier.index);
            }
            Some(earlier) => again(coding, visit, service, earlier),
            None => match given_elsewhere(coding, visit, at) {
                Some(earlier) => again(coding, visit, service, earlier),
                None => new_drug(coding, visit, service, initial),
            },
        }
    }
}

/// The latest earlier push of the drug through another access line of the visit: a drug is new once an encounter, and a
/// second line earns its initial service alone (rule REP-1).
fn given_elsewhere<'v>(coding: &Coding<'_>, visit: &'v Visit<'_>, at: usize) -> Option<&'v Service> {
    let service = &visit.services[at];
    if visit.groups.len() < 2 {
        return None;
    }
    let is_same = |other: &&Service| {
        other.kind == Kind::Push
            && other.group != service.group
            && other.visit == service.visit
            && other.order < service.order
            && course::is_same(coding, visit, service, other)
    };
    visit.services[..at].iter().rfind(is_same)
}

/// A further bag of a flow that is a push as a whole goes with the first one (rule TIME-7).
pub(super) fn goes_on(coding: &mut Coding<'_>, service: &Service) {
    let mut is_named = false;
    for line in &mut coding.result.lines {
        if line.administrations.contains(&service.first_bag) {
            line.add_administration(service.index);
            is_named = true;
        }
    }
    if !is_named {
        let facts = [fact::derived("first", Value::Of(Field::Administration(service.first_bag, "")))];
        let text = "The flow goes on from {first}, which earns no line of its own.";
        coding.not_billed(Field::Administration(service.index, ""), &TIME_7, text, &facts);
    }
}

/// What was reported of the drug so far: its infusion, or its latest push on a line.
///
/// The push itself is returned when it is the initial service.
fn reported_before<'v>(
    coding: &Coding<'_>,
    visit: &'v Visit<'_>,
    at: usize,
    initial: usize,
) -> Option<&'v Service> {
    let service = &visit.services[at];
    // A drug that is given once is reported before only as the initial service.
    if visit.courses[service.course].members == 1 {
        return (service.course == initial).then_some(service);
    }
    let is_on_line = |service: &Service| {
        coding.result.lines.iter().any(|line| line.administrations.contains(&service.index))
    };
    if is_on_line(service) {
        return Some(service);
    }
    let course = || visit.members(service.course);
    let infusion = course().filter(|(_, other)| other.kind == Kind::Infusion && is_on_line(other));
    let pushes = course().take_while(|(place, _)| *place < at);
    let latest = pushes.filter(|(_, other)| other.kind == Kind::Push && is_on_line(other)).last();
    let nearest = infusion.min_by_key(|(_, other)| gap_seconds(other, service).unwrap_or(i64::MIN));
    match (nearest, latest) {
        (Some((_, infusion)), Some((_, push))) => {
            let closer = gap_seconds(infusion, service) <= gap_seconds(push, service);
            Some(if closer { infusion } else { push })
        }
        (infusion, push) => infusion.or(push).map(|(_, service)| service),
    }
}

/// Seconds between two services of one drug; zero when one was given during the other.
fn gap_seconds(earlier: &Service, service: &Service) -> Option<i64> {
    let is_infusion = earlier.kind == Kind::Infusion;
    let (from, to) = (earlier.flow.start?, service.flow.start?);
    // A push before the infusion: the gap runs to the start of the infusion.
    if to < from {
        return Some(from - to);
    }
    let end = if is_infusion { earlier.flow.stop? } else { from };
    Some((to - end).max(0))
}

/// Minutes from the start of the infusion of a drug, and from its latest push, to a push of it while the infusion runs;
/// nothing where it did not run then, or where a time is missing.
fn minutes_into(visit: &Visit<'_>, service: &Service, earlier: &Service) -> Option<i64> {
    let (pushed, start, stop) = (service.flow.start?, earlier.flow.start?, earlier.flow.stop?);
    if earlier.kind != Kind::Infusion || pushed <= start || pushed >= stop {
        return None;
    }
    let others = visit.members(service.course).filter(|(_, other)| other.kind == Kind::Push);
    let pushes = others.filter_map(|(_, other)| other.flow.start).filter(|other| *other < pushed);
    Some((pushed - pushes.fold(start, i64::max)) / 60)
}

fn again(coding: &mut Coding<'_>, visit: &Visit<'_>, service: &Service, earlier: &Service) {
    // By what the push itself held: the bag before it may have held a drug of another family as well.
    let codes = codes(coding, service.family);
    let subject = Subject::Administration(service.index);
    let what = Field::Administration(service.index, "");
    let limit = &coding.policy.administration.repeat_push_after_minutes;
    let (true, Some(code)) = (coding.encounter.setting.is_facility(), codes.repeat_push) else {
        let text = "The same drug was given before: a further push of it has no code here.";
        let is_close = gap_seconds(earlier, service).is_none_or(|seconds| seconds / 60 <= **limit);
        let rule = match earlier.kind {
            Kind::Infusion if is_close => &REP_3,
            // A test dose, well before the infusion that leads the course.
            Kind::Infusion if service.order < earlier.order => &REP_5,
            _ => &REP_2,
        };
        coding.not_billed(what, rule, text, &[]);
        return;
    };
    let limit_fact = fact::parameter("limit", Value::Minutes(**limit), limit);
    if let Some(minutes) = minutes_into(visit, service, earlier).filter(|minutes| minutes > &**limit) {
        let facts = [fact::derived("minutes", Value::Minutes(minutes)), limit_fact];
        let text = "The same drug again, {minutes} minutes into its own infusion, more than {limit} minutes: a repeated push. Leave it out where the bag itself gave it.";
        coding.result.trail.fired(&REP_2, subject, text, &facts);
        coding.find(Severity::Warn, Reason::DocumentationGap, what, &REP_3, text, &facts);
        lines::bill(coding, visit, service, code, 1, Place::AddOn);
        return;
    }
    match gap_seconds(earlier, service).map(|seconds| seconds / 60) {
        Some(minutes) if minutes > **limit => {
            let facts = [fact::derived("minutes", Value::Minutes(minutes)), limit_fact];
            let text =
                "The same drug again after {minutes} minutes, more than {limit} minutes: a repeated push.";
            coding.result.trail.fired(&REP_2, subject, text, &facts);
            lines::bill(coding, visit, service, code, 1, Place::AddOn);
        }
        Some(minutes) => {
            let facts = [fact::derived("minutes", Value::Minutes(minutes)), limit_fact];
            let rule = if earlier.kind == Kind::Infusion { &REP_3 } else { &REP_2 };
            let text = if minutes == 0 && earlier.kind == Kind::Infusion {
                "The same drug during its own infusion, or without a break before or after it: not reported again."
            } else {
                "The same drug after {minutes} minutes, no more than {limit} minutes: not reported again."
            };
            coding.not_billed(what, rule, text, &facts);
        }
        None => {
            let text = "The same drug was pushed again, and the time between is not documented, so no repeated push is chosen. Give both times.";
            let field = Field::Administration(service.index, "startTime");
            coding.find(Severity::Block, Reason::MissingStartTime, field, &REP_2, text, &[limit_fact]);
            coding.not_billed(what, &REP_2, "Waits for the time since the drug was last given.", &[]);
            when::ask_gap(coding, service, earlier);
        }
    }
}

fn new_drug(coding: &mut Coding<'_>, visit: &Visit<'_>, service: &Service, initial: usize) {
    let family = visit.courses[service.course].family;
    let rule = if family == Family::Chemotherapy { &SEQ_3 } else { &REP_1 };
    let leading = visit.courses[initial];
    let facts = [
        fact::derived("family", Value::Label(leading.family.label())),
        fact::derived("technique", Value::Label(leading.technique.label())),
    ];
    let text = "A new drug is pushed beside the initial {family} {technique}: an additional push.";
    coding.result.trail.fired(rule, Subject::Administration(service.index), text, &facts);
    if visit.administration(service).route == Some(Route::IvInfusion) {
        let facts = [fact::given("minutes", Value::Minutes(service.flow.seconds / 60))];
        let text = "{minutes} minutes are too short for the sequential code, so the further drug is a push.";
        coding.result.trail.declined(&TIME_5, Subject::Administration(service.index), text, &facts);
    }
    let codes = codes(coding, family);
    lines::bill(coding, visit, service, codes.additional_push, 1, Place::AddOn);
}
