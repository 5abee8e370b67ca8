//! How long services ran together, by the clock or by the record's word.

use super::sequence::CONC_5;
use super::timeline::subtract;
use super::visit::{Segment, Segments, Service, Visit};
use crate::domain::encounter::{Administration, Encounter};
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::domain::time::{LocalTime, plus_minutes};
use crate::engine::Coding;
use crate::engine::trail::{Value, fact};

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
