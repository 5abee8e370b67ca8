//! How long services ran together, by the clock or by the record's word.

use super::timeline::subtract;
use super::visit::{Segment, Segments, Service, Visit};

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
    (one.order, one.index) < (other.order, other.index)
}
