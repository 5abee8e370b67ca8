//! How long services ran together, by the clock or by the record's word.

use super::lines;
use super::sequence::CONC_5;
use super::timeline::subtract;
use super::visit::{Family, Kind, Segment, Segments, Service, Visit};
use super::what_if::answer;
use crate::domain::drug::DrugGiven;
use crate::domain::encounter::{Administration, Encounter, Route};
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::domain::time::{LocalTime, plus_minutes};
use crate::engine::Coding;
use crate::engine::trail::{Value, fact};
use crate::rules::classify;

/// Seconds in which two services ran at once.
pub(super) fn seconds(visit: &Visit<'_>, one: &Service, other: &Service) -> i64 {
    if one.flow.segments > 0 && other.flow.segments > 0 {
        let shared = |a: &Segment, b: &Segment| (a.stop.min(b.stop) - a.start.max(b.start)).max(0);
        let others = visit.segments_of(other);
        visit.segments_of(one).iter().flat_map(|a| others.iter().map(move |b| shared(a, b))).sum()
    } else if visit.are_together(one.index, other.index) {
        one.flow.seconds.min(other.flow.seconds)
    } else {
        0
    }
}

/// Whether the record's word alone says that two services ran together, no clock telling for how long.
pub(super) fn is_declared(visit: &Visit<'_>, one: &Service, other: &Service) -> bool {
    let has_clock = one.flow.segments > 0 && other.flow.segments > 0;
    !has_clock && seconds(visit, one, other) > 0
}

/// The pieces of a service, in seconds, that none of the covering services covers.
///
/// `pieces` is scratch space, left with the pieces; a service without clock times is one piece.
pub(super) fn alone(
    visit: &Visit<'_>,
    service: &Service,
    pieces: &mut Segments,
    covers: impl Fn(&Service) -> bool,
) -> i64 {
    pieces.clear();
    pieces.extend_from_slice(visit.segments_of(service));
    let mut declared = 0;
    for other in visit.services.iter().filter(|other| other.index != service.index && covers(other)) {
        if service.flow.segments > 0 && other.flow.segments > 0 {
            for &segment in visit.segments_of(other) {
                subtract(pieces, 0, segment);
            }
        } else {
            declared = seconds(visit, service, other).max(declared);
        }
    }
    if service.flow.segments == 0 {
        return (service.flow.seconds - declared).max(0);
    }
    let left: i64 = pieces.iter().map(|piece| piece.stop - piece.start).sum();
    (left - declared).max(0)
}

/// Whether one part of a course stands before another, so that what both cover counts with the first.
pub(super) fn is_earlier(one: &Service, other: &Service) -> bool {
    (one.order, one.rank) < (other.order, other.rank)
}

/// Warns of services that the record says ran together, while their times or their visits keep them apart.
pub(super) fn report_apart(coding: &mut Coding<'_>, visit: &Visit<'_>) {
    for &(one, other) in &visit.together {
        let [first, second] = [one, other].map(|at| &visit.encounter.administrations[usize::from(at)]);
        let number = |at| visit.services.iter().find(|s| s.index == at).map(|service| service.visit);
        let text = if is_apart(visit.encounter, first, second) {
            "This is said to have run together with {other}, and their times are apart. Clock times count, so the two are not concurrent. Correct the times, or leave the word out."
        } else if number(one) != number(other) {
            "This is said to have run together with {other}, which belongs to another visit, so the two are not concurrent. Correct the visit numbers, or leave the word out."
        } else {
            continue;
        };
        let says = |from: &Administration, to: &Administration| from.concurrent_with.contains(&to.id);
        let (from, to) = if says(second, first) { (other, one) } else { (one, other) };
        let facts = [fact::given("other", Value::Of(Field::Administration(to, "")))];
        let field = Field::Administration(from, "concurrentWith");
        coding.find(Severity::Warn, Reason::ContradictoryTimes, field, &CONC_5, text, &facts);
    }
}

/// Whether a therapeutic infusion without any time is concurrent by the record's word, and says so: it ran together with
/// chemotherapy whose minutes are known and which outranks it, so that its own minutes decide nothing.
pub(super) fn is_beside_timed(coding: &mut Coding<'_>, visit: &Visit<'_>, service: &Service) -> bool {
    if seconds_beside(coding, visit, service) == 0 {
        return false;
    }
    let field = Field::Administration(service.index, "startTime");
    let text = "The infusion has no times; the record's word that it ran together with chemotherapy makes it concurrent, which has no hours. Complete the record.";
    coding.find(Severity::Warn, Reason::MissingStartTime, field, &CONC_5, text, &[]);
    true
}

/// Seconds of the longest chemotherapy infusion that the record says a therapeutic one ran together with.
pub(super) fn seconds_beside(coding: &Coding<'_>, visit: &Visit<'_>, service: &Service) -> i64 {
    let is_complex = |drug: &DrugGiven| {
        let known = || classify::known_class(coding, drug).map(|(class, _)| class);
        drug.class.or_else(known).is_some_and(classify::is_complex)
    };
    let minutes = |one: &Administration| {
        let clock = one.start.zip(one.stop).map(|(start, stop)| visit.clock.span(start, stop));
        clock.map(|(start, stop)| (stop - start) / 60).or(one.duration_minutes.map(i64::from))
    };
    let together = visit.together.iter().filter(|(one, other)| [*one, *other].contains(&service.index));
    let others = together.map(|(one, other)| if *one == service.index { *other } else { *one });
    let others = others.map(|other| &visit.encounter.administrations[usize::from(other)]);
    let chemotherapy = others
        .filter(|other| other.route == Some(Route::IvInfusion) && other.drugs.iter().any(is_complex))
        .filter(|_| service.family == Family::Therapeutic);
    let minutes = chemotherapy.filter_map(minutes).max().unwrap_or_default();
    if minutes > *coding.policy.administration.push_minutes_max { minutes * 60 } else { 0 }
}

/// How many pairs of infusions are tried before none is asked about.
const PAIRS_TRIED: usize = 4;

/// Asks whether infusions ran together where a missing clock time leaves that open and the lines differ; until then
/// they count as one after the other.
pub(super) fn doubt_order(coding: &mut Coding<'_>, visit: &Visit<'_>) {
    let is_untimed = |service: &Service| service.kind == Kind::Infusion && service.flow.segments == 0;
    if !visit.services.iter().any(is_untimed) {
        return;
    }
    let is_billed = |service: &&Service| {
        service.kind == Kind::Infusion && service.flow.seconds > 0 && lines::is_on_line(coding, service.index)
    };
    let billed: Vec<&Service> = visit.services.iter().filter(is_billed).collect();
    let is_open = |one: &Service, other: &Service| {
        (one.flow.segments == 0 || other.flow.segments == 0)
            && (one.group, one.visit) == (other.group, other.visit)
            && one.course != other.course
            && visit.date(one) == visit.date(other)
            && !visit.are_together(one.index, other.index)
    };
    let of = |own: &'_ Service| {
        // Only a therapeutic drug is concurrent; two of them are one pair.
        let is_pair = |other: &&&Service| other.family == Family::Chemotherapy || other.rank < own.rank;
        let others: Vec<u16> =
            billed.iter().filter(is_pair).filter(|o| is_open(own, o)).map(|o| o.index).collect();
        let index = own.index;
        others.into_iter().map(move |other| (index, other))
    };
    let own = billed.iter().filter(|own| own.family == Family::Therapeutic);
    let pairs: Vec<(u16, u16)> = own.flat_map(|own| of(own)).take(PAIRS_TRIED).collect();
    for (own, other) in pairs {
        if ask_order(coding, own, other) {
            return;
        }
    }
}

/// Asks whether two infusions ran together, and warns, where the answer changes the lines; tells whether it does.
fn ask_order(coding: &mut Coding<'_>, own: u16, other: u16) -> bool {
    let field = Field::Administration(own, "concurrentWith");
    let facts = [fact::given("other", Value::Of(Field::Administration(other, "")))];
    let id = coding.encounter.administrations[usize::from(other)].id.clone();
    let before = coding.result.questions.len();
    let text = "Did this infusion run together with {other}?";
    coding.ask(field, &CONC_5, text, &facts, |coding| {
        let apart = answer(coding, "No, one after the other", own, |_| {});
        let together = answer(coding, "Yes, as long as both ran", own, |a| a.concurrent_with.push(id));
        if apart.lines == together.lines { Vec::new() } else { vec![apart, together] }
    });
    let is_asked = coding.result.questions.len() > before;
    if is_asked {
        let text = "Without clock times of both, this infusion and {other} are taken as one after the other; what ran together is concurrent. State the times, or what ran together.";
        coding.find(Severity::Warn, Reason::MissingStartTime, field, &CONC_5, text, &facts);
    }
    is_asked
}

/// Whether the known times of two administrations leave no moment in which both ran.
fn is_apart(encounter: &Encounter, one: &Administration, other: &Administration) -> bool {
    let span = |of: &Administration| -> Option<(LocalTime, LocalTime)> {
        let start = encounter.began(of)?;
        let duration = of.duration_minutes.map(|minutes| plus_minutes(start, i64::from(minutes)));
        let end = of.stop.or(duration);
        // What is infused has a length even where nobody wrote its end; a push is a moment.
        let is_moment = !of.route.is_some_and(|route| route.is_infusion());
        Some((start, end.or(is_moment.then_some(start))?))
    };
    let (Some(one), Some(other)) = (span(one), span(other)) else { return false };
    let is_before = |(start, end): (LocalTime, LocalTime), (next, last): (LocalTime, LocalTime)| {
        end < next || end == next && start < end && next < last
    };
    is_before(one, other) || is_before(other, one)
}
