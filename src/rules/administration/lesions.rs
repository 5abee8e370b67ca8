//! Chemotherapy into lesions (rule CHM-2).

use super::lines::{self, Place};
use super::visit::{Family, Kind, Service, Visit};
use super::{course, what_if};
use crate::domain::encounter::Route;
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::engine::Coding;
use crate::engine::trail::{Subject, Value, fact};
use crate::rules::{Rule, rule};

rule! {
    pub static CHM_2: "CHM-2", "Chemotherapy into lesions",
    basis: Primary, cites: ["MUE"],
    says: "Up to seven lesions take the lower code and more take the higher one, once and never both. The lesions of one session are added, whatever the drug; a lesion that got two drugs counts once.",
    why: "The codes count the work by the number of lesions, and not by injections or drugs.",
    example: "Eight lesions are the higher code alone. Three lesions with one drug and two with another are the lower code, once.",
    exceptions: "Without the number of lesions no code is chosen; neither is one where two drugs may have met in some lesions, and the code depends on it.",
}

pub(super) static RULES: &[&Rule] = &[&CHM_2];

/// What the record tells of the lesions of a session.
struct Count {
    /// Where every administration went into lesions of its own; an uncounted one into one.
    most: u32,
    /// Where the drugs went into the same lesions.
    least: u32,
    is_complete: bool,
    drugs_differ: bool,
}

/// Codes an injection into lesions, together with the others of its session.
pub(super) fn code(coding: &mut Coding<'_>, visit: &Visit<'_>, at: usize) {
    let service = &visit.services[at];
    let session: Vec<&Service> = visit.services.iter().filter(|s| is_of_session(visit, s, service)).collect();
    let count = count(coding, visit, &session);
    let few = *coding.policy.administration.lesions_few_max;
    // A drug of which the session has no other gives its own number; several may have met in some lesions.
    let is_open = match (count.is_complete, count.drugs_differ) {
        (_, true) => count.least <= few && (count.most > few || !count.is_complete),
        (is_complete, false) => !is_complete && count.most <= few,
    };
    if visit.administration(service).lesion_count == Some(0) {
        let severity = if is_open { Severity::Block } else { Severity::Warn };
        let field = Field::Administration(service.index, "lesionCount");
        let text = "A drug was injected and no lesion is counted. Correct the number of lesions.";
        coding.find(severity, Reason::NoCleanCode, field, &CHM_2, text, &[]);
    }
    // What is known is enough for the code: the least where that is beyond the lower one, else the most.
    let known = if count.least > few { count.least } else { count.most };
    match session.first() {
        _ if is_open => hold(coding, visit, service, &session, &count),
        Some(first) if first.index != service.index => join_session(coding, visit, service, first),
        _ => bill(coding, visit, service, known),
    }
}

/// Whether a service went into lesions on the occasion of another one.
fn is_of_session(visit: &Visit<'_>, other: &Service, service: &Service) -> bool {
    other.kind == Kind::Cavity
        && other.family == Family::Chemotherapy
        && other.visit == service.visit
        && visit.administration(other).route == Some(Route::Intralesional)
        && visit.date(other) == visit.date(service)
}

/// The lesions of an injection; none is no number, for something was injected.
fn stated(visit: &Visit<'_>, service: &Service) -> Option<u32> {
    visit.administration(service).lesion_count.filter(|count| *count > 0)
}

fn count(coding: &Coding<'_>, visit: &Visit<'_>, session: &[&Service]) -> Count {
    // Where something was injected there is a lesion, so the uncounted ones may be enough for the higher code.
    let at_least = |service: &&Service| stated(visit, service).unwrap_or(1);
    let sum = |total: u32, count: u32| total.saturating_add(count);
    let is_same = |one: &Service, other: &Service| {
        one.index == other.index || course::is_same(coding, visit, one, other)
    };
    let of_drug = |one: &&Service| {
        let alike = session.iter().filter(|other| is_same(one, other));
        alike.map(at_least).fold(0, sum)
    };
    Count {
        most: session.iter().map(at_least).fold(0, sum),
        least: session.iter().map(of_drug).max().unwrap_or(0),
        is_complete: session.iter().all(|service| stated(visit, service).is_some()),
        drugs_differ: session.iter().skip(1).any(|other| !is_same(session[0], other)),
    }
}

/// Ties a further injection to the line that counts the lesions of its session.
fn join_session(coding: &mut Coding<'_>, visit: &Visit<'_>, service: &Service, first: &Service) {
    let codes = &coding.policy.administration.cavity_codes;
    for code in [codes.lesions_few, codes.lesions_many] {
        lines::name(coding, visit, service, first.index, code);
    }
    let facts = [fact::derived("first", Value::Of(Field::Administration(first.index, "")))];
    if lines::is_on_line(coding, service.index) {
        let text = "Its lesions are counted with those of {first}.";
        coding.result.trail.fired(&CHM_2, Subject::Administration(service.index), text, &facts);
    } else {
        refuse_second_code(coding, service);
    }
}

fn refuse_second_code(coding: &mut Coding<'_>, service: &Service) {
    let what = Field::Administration(service.index, "");
    coding.not_billed(what, &CHM_2, "Lesions are reported once a session.", &[]);
}

/// Keeps an injection back until the lesions of its session are known, and asks for them.
fn hold(coding: &mut Coding<'_>, visit: &Visit<'_>, service: &Service, session: &[&Service], count: &Count) {
    let what = Field::Administration(service.index, "");
    coding.not_billed(what, &CHM_2, "Waits for the number of lesions of the session.", &[]);
    let few = *coding.policy.administration.lesions_few_max;
    let field = Field::Administration(service.index, "lesionCount");
    if visit.administration(service).lesion_count.is_none() {
        let text = "The number of lesions is not given, so no code is chosen.";
        coding.find(Severity::Block, Reason::NoCleanCode, field, &CHM_2, text, &[]);
    }
    if !count.drugs_differ {
        if stated(visit, service).is_none() {
            what_if::ask_lesions(coding, service.index, few - count.most + 1);
        }
        return;
    }
    if session.first().is_none_or(|first| first.index != service.index) {
        return;
    }
    if count.is_complete {
        let facts = [
            fact::derived("least", Value::Count(i64::from(count.least))),
            fact::derived("most", Value::Count(i64::from(count.most))),
            fact::derived("few", Value::Count(i64::from(few))),
        ];
        let text = "Several drugs went into lesions, {least} to {most} as they met in them or not. Give drugs that went into the same lesions as one administration, and count each lesion once; where the session had more than {few}, give that number with one of them.";
        coding.find(Severity::Block, Reason::NoCleanCode, field, &CHM_2, text, &facts);
    }
    let session: Vec<u16> = session.iter().map(|service| service.index).collect();
    what_if::ask_lesions_of_session(coding, &session, few);
}

fn bill(coding: &mut Coding<'_>, visit: &Visit<'_>, service: &Service, count: u32) {
    let parameters = &coding.policy.administration;
    let few = &parameters.lesions_few_max;
    let (lower, higher) = (parameters.cavity_codes.lesions_few, parameters.cavity_codes.lesions_many);
    let facts = [
        fact::derived("count", Value::Count(i64::from(count))),
        fact::parameter("few", Value::Count(i64::from(**few)), few),
    ];
    let text = "{count} lesion(s), the lower code reaching to {few}.";
    coding.result.trail.fired(&CHM_2, Subject::Administration(service.index), text, &facts);
    let date = visit.date(service);
    let mut lines = coding.result.lines.iter().filter(|line| line.service_date == date);
    if lines.any(|line| line.code == lower || line.code == higher) {
        refuse_second_code(coding, service);
    } else {
        let code = if count <= **few { lower } else { higher };
        lines::bill(coding, visit, service, code, 1, Place::Own);
    }
}
