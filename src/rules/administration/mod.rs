//! The administration track: from clock times to administration codes.
//!
//! `code` reads like a table of contents: each administration is put on the table, each access line
//! finds its initial service, and what is left follows it; routes with codes of their own come after.

mod access;
mod admit;
mod arterial;
mod bags;
mod cavity;
mod clock_change;
mod concurrency;
mod course;
mod declotting;
mod electrolytes;
mod elsewhere;
mod fluid;
mod fluid_need;
mod held;
mod hydration;
mod infusion_time;
mod initial;
mod injection;
mod keep_open;
mod lesions;
mod lines;
mod long_run;
mod low_sugar;
pub(super) mod modifiers;
mod named_dose;
mod named_route;
mod not_given;
mod numbing;
mod observed;
pub(super) mod order;
mod outside;
mod overlap;
mod premedication;
mod pump;
mod pump_delivery;
mod push;
mod sequence;
mod site;
mod stated_flow;
mod subcutaneous_infusion;
mod timeline;
mod unnamed;
mod vaccine;
mod visit;
mod visit_number;
mod waiting;
mod what_if;
mod when;

pub(in crate::rules) use observed::settles_drug as settles_spray;
pub(in crate::rules) use outside::CHM_13;
pub use pump::CHM_8;

use smallvec::SmallVec;

use crate::domain::encounter::{Administration, Route};
use crate::domain::time::Date;
use crate::engine::Coding;
use crate::rules::Family;
use visit::{Courses, GROUPS_INLINE, Kind, Technique, Visit};

/// The rules of this folder.
pub static FAMILIES: &[Family] = &[
    ("Initial service", initial::RULES),
    ("Access lines", access::RULES),
    ("Time", infusion_time::RULES),
    ("Flow and missing times", timeline::RULES),
    ("Admission", admit::RULES),
    ("Sequential and concurrent", sequence::RULES),
    ("One drug", course::RULES),
    ("Pushes", push::RULES),
    ("Hydration", hydration::RULES),
    ("Injections", injection::RULES),
    ("Infusions under the skin", subcutaneous_infusion::RULES),
    ("Arteries", arterial::RULES),
    ("Cavities", cavity::RULES),
    ("Lesions", lesions::RULES),
    ("Pumps and flush", pump::RULES),
    ("Other services", outside::RULES),
    ("Modifiers", modifiers::RULES),
    ("Lines and parents", lines::RULES),
];

/// Runs the rules of this family on a visit.
pub fn code(coding: &mut Coding<'_>) {
    if outside::refuses_setting(coding) || outside::refuses_date(coding) {
        return;
    }
    let mut visit = Visit::new(coding.encounter);
    for (index, administration) in coding.encounter.administrations.iter().enumerate() {
        if !visit.is_one_day {
            coding.turn_to(coding.encounter.date_of(administration));
        }
        visit.single_drugs.push(course::single_drug(coding, administration));
        let mut service = admit::unread(&visit, index as u16, administration);
        admit::admit(coding, &mut visit, administration, &mut service);
        visit.admitted.add(service.kind);
        visit.services.push(service);
    }
    coding.turn_to(coding.encounter.service_date);
    timeline::report_early(coding, &visit);
    visit_number::assign(coding, &mut visit);
    if !visit.together.is_empty() {
        overlap::report_apart(coding, &visit);
    }
    hydration::wait_for_transfusions(coding, &mut visit);
    visit.sort_by_time();
    bags::join(coding, &mut visit);
    access::assign(coding, &mut visit);
    access::note_midnight(coding, &visit);
    course::gather(coding, &mut visit);
    code_access_lines(coding, &mut visit);
    // Many visits use a vein and nothing else, and then none of these has anything to say.
    if !visit.admitted.are_of_access_line()
        && !visit.services.iter().all(|service| service.kind.is_of_access_line())
    {
        code_other_routes(coding, &visit);
    }
    modifiers::add(coding, &visit);
    if !visit.is_one_day {
        lines::report_dates_without_parent(coding);
    }
    // The lines of a trial are what an answer bills; nothing is asked there.
    if coding.asking {
        // What follows says nothing of a line that waits.
        withhold_what_waits(coding);
        elsewhere::doubt_operation(coding);
        premedication::doubt_before_transfusion(coding, &visit);
        fluid_need::check(coding, &visit);
        overlap::doubt_order(coding, &visit);
    }
}

/// Withholds the lines that an answer to a question asked so far would change; the drug track asks questions too.
pub fn withhold_what_waits(coding: &mut Coding<'_>) {
    if !coding.result.questions.is_empty() {
        waiting::withhold(coding);
    }
}

/// Whether an administration flushes or locks the line, by its route or by what was given.
pub(in crate::rules) fn is_flush(coding: &Coding<'_>, administration: &Administration) -> bool {
    match administration.route {
        Some(Route::LineFlush) => true,
        Some(route @ (Route::IvPush | Route::IvInfusion)) => pump::is_flush(coding, administration, route),
        _ => false,
    }
}

/// Codes the services that have codes of their own beside those of the access lines.
fn code_other_routes(coding: &mut Coding<'_>, visit: &Visit<'_>) {
    pump::starts(coding, visit);
    injection::code(coding, visit);
    subcutaneous_infusion::code(coding, visit);
    arterial::code(coding, visit);
    cavity::code(coding, visit);
    outside::code(coding, visit);
    pump::refills(coding, visit);
    pump::flushes(coding, visit);
}

/// An access line with its courses by rank.
struct AccessLine {
    group: usize,
    ranked: Courses,
    /// The course that is the initial service, where one can be reported.
    initial: Option<usize>,
    /// Whether a main reason of its visit is among its courses.
    has_reason: bool,
    /// Whether a service that waits for a fact may be the initial one, so that nothing is billed.
    is_held_back: bool,
}

/// Codes every access line: the leading one first, so that the others carry the modifier.
fn code_access_lines(coding: &mut Coding<'_>, visit: &mut Visit<'_>) {
    let mut lines: SmallVec<[AccessLine; GROUPS_INLINE]> = SmallVec::new();
    for group in 0..visit.groups.len() {
        lines.push(choose_initial(coding, visit, group));
    }
    lines.sort_by(|one, other| {
        let number = |line: &AccessLine| (visit.groups[line.group].visit, visit.groups[line.group].day);
        let reason = |line: &AccessLine| line.initial.is_none_or(|course| !holds_reason(visit, course));
        number(one).cmp(&number(other)).then_with(|| reason(one).cmp(&reason(other))).then_with(|| {
            match (one.initial, other.initial) {
                (Some(a), Some(b)) => visit.courses[a].rank.cmp(&visit.courses[b].rank),
                (a, b) => b.is_some().cmp(&a.is_some()),
            }
        })
    });
    if lines.len() > 1 {
        let order: SmallVec<[(usize, bool, Date); GROUPS_INLINE]> = lines
            .iter()
            .filter_map(|line| {
                let initial = &visit.services[visit.courses[line.initial?].first];
                Some((line.group, line.is_held_back, visit.date(initial)))
            })
            .collect();
        access::mark(coding, visit, &order);
    }
    for line in lines {
        let group = line.group;
        match line.initial {
            _ if line.is_held_back => hold_line(coding, visit, group),
            Some(initial) => code_access_line(coding, visit, line, initial),
            None => {}
        }
        settle_short_hydration(coding, visit, group);
    }
}

/// Chooses the initial service of an access line, and notes it where the line is billed.
fn choose_initial(coding: &mut Coding<'_>, visit: &Visit<'_>, group: usize) -> AccessLine {
    let ranked = ranked(visit, group);
    let primary = initial::primary_course(visit, &ranked);
    let initial = initial::choose(coding, visit, &ranked, primary);
    let is_held_back = initial::is_held_back(coding, visit, group, initial);
    if is_held_back {
        initial::ask_for_reason(coding, visit, group, &ranked, true);
    } else {
        initial::note_choice(coding, visit, group, &ranked, primary);
    }
    AccessLine { group, ranked, initial, has_reason: primary.is_some(), is_held_back }
}

/// Whether an office visit's primary reason lies in a course.
fn holds_reason(visit: &Visit<'_>, course: usize) -> bool {
    visit.reasons().any(|service| service.course == course)
}

/// The courses of an access line that can be reported, the highest rank first.
fn ranked(visit: &Visit<'_>, group: usize) -> Courses {
    let mut ranked = Courses::new();
    for (place, course) in visit.courses.iter().enumerate() {
        if course.group == group && course.is_reportable {
            ranked.push(place);
        }
    }
    ranked.sort_unstable_by(|one, other| visit.courses[*one].rank.cmp(&visit.courses[*other].rank));
    ranked
}

fn code_access_line(coding: &mut Coding<'_>, visit: &Visit<'_>, line: AccessLine, initial: usize) {
    let AccessLine { group, mut ranked, has_reason, .. } = line;
    if let Some(at) = ranked.iter().position(|course| *course == initial) {
        ranked[..=at].rotate_right(1);
    }
    let before = coding.result.not_billed.len();
    let leading = visit.courses[initial];
    let is_hydration = leading.family == visit::Family::Hydration;
    if is_hydration {
        hydration::bill(coding, visit, initial, true);
    } else if leading.technique == Technique::Push {
        push::initial(coding, visit, initial);
    }
    sequence::infusions(coding, visit, &ranked, initial);
    push::others(coding, visit, group, initial);
    for &course in ranked.iter().filter(|course| **course != initial) {
        if visit.courses[course].family == visit::Family::Hydration {
            hydration::bill(coding, visit, course, false);
        }
    }
    if has_reason {
        initial::offer_other_reasons(coding, visit, &ranked, before);
    }
}

/// Says why hydration that is too short, or covered, is not reported.
fn settle_short_hydration(coding: &mut Coding<'_>, visit: &Visit<'_>, group: usize) {
    for course in 0..visit.courses.len() {
        if visit.courses[course].group == group && !visit.courses[course].is_reportable {
            hydration::bill(coding, visit, course, false);
        }
    }
}

/// Holds a whole access line back, because the service that waits may be its initial one.
fn hold_line(coding: &mut Coding<'_>, visit: &Visit<'_>, group: usize) {
    let text = "Waits for another service of this access line, which may turn out to be the initial one.";
    for service in visit.services.iter().filter(|service| service.group == group) {
        let is_reportable = visit.courses.get(service.course).is_none_or(|course| course.is_reportable);
        if service.kind.is_ranked() && is_reportable && service.kind != Kind::Held {
            let what = crate::domain::field::Field::Administration(service.index, "");
            coding.not_billed(what, &initial::INIT_3, text, &[]);
        }
    }
}
