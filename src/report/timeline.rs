//! The visit as a picture: access sites as lanes, bags as bars, pushes as ticks, on one clock.
//!
//! Places are whole numbers in the units of the picture, so the picture is the same everywhere.

use crate::domain::encounter::{Administration, Encounter, Interruption, Route};
use crate::domain::time::{LocalTime, minutes_between, plus_minutes};

/// When an administration took place, in minutes from the beginning of the picture's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub start: i64,
    /// Nothing for a push or an injection, and where the stop time is missing.
    pub stop: Option<i64>,
}

/// How the times of a visit are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// From the record; the picture begins at this time.
    From(LocalTime),
    /// Only durations are documented: bags stand in the order of the list.
    OrderOnly,
}

/// The times of a visit on one axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Times {
    pub clock: Clock,
    /// Length of the axis in minutes.
    pub length: i64,
    /// One an administration; nothing where no time is known.
    pub spans: Vec<Option<Span>>,
}

/// A stretch of an access site in which nothing ran, or more than one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    pub start: i64,
    pub stop: i64,
}

/// Minutes to which the beginning of the axis is rounded **down** and its end **up**.
const AXIS_STEP_MINUTES: i64 = 15;
/// Minutes of the axis that a pump, which runs on after the visit, may take.
const PUMP_MINUTES_SHOWN: i64 = 45;
/// Minutes for which a bag without a stop time is drawn.
pub const OPEN_MINUTES_SHOWN: i64 = 20;

/// Places the administrations of a visit on one axis; nothing when no time at all is documented.
pub fn times(visit: &Encounter) -> Option<Times> {
    let first = visit.administrations.iter().filter_map(|administration| administration.start).min();
    match first {
        Some(first) => Some(on_the_clock(visit, first)),
        None => in_order(visit),
    }
}

/// Pauses of an administration as spans of the axis.
pub fn pauses(administration: &Administration, times: &Times, visit: &Encounter) -> Vec<Stretch> {
    let Clock::From(origin) = times.clock else { return Vec::new() };
    let at = |time| minutes_between(origin, time, visit.time_zone.as_ref());
    let pauses = administration.interruptions.iter().filter_map(Interruption::span);
    pauses.map(|(start, stop)| Stretch { start: at(start), stop: at(stop) }).collect()
}

/// Stretches between the first start and the last stop of a site in which nothing ran.
pub fn gaps(spans: &[Span]) -> Vec<Stretch> {
    let mut sorted: Vec<(i64, i64)> = spans.iter().map(closed).collect();
    sorted.sort_unstable();
    let mut gaps = Vec::new();
    let Some(&(_, mut busy_until)) = sorted.first() else { return gaps };
    for (start, stop) in sorted {
        if start > busy_until {
            gaps.push(Stretch { start: busy_until, stop: start });
        }
        busy_until = busy_until.max(stop);
    }
    gaps
}

/// Stretches in which two or more bags of a site ran together.
pub fn overlaps(spans: &[Span]) -> Vec<Stretch> {
    let mut edges: Vec<(i64, i64)> = Vec::new();
    for (start, stop) in spans.iter().map(closed).filter(|(start, stop)| stop > start) {
        edges.extend([(start, 1), (stop, -1)]);
    }
    // At one minute a stop sorts before a start, so that bags end to end do not overlap.
    edges.sort_unstable();
    let (mut running, mut since, mut overlaps) = (0, None, Vec::new());
    for (at, change) in edges {
        running += change;
        match since {
            None if running >= 2 => since = Some(at),
            Some(start) if running < 2 => {
                overlaps.push(Stretch { start, stop: at });
                since = None;
            }
            _ => {}
        }
    }
    overlaps
}

fn closed(span: &Span) -> (i64, i64) {
    (span.start, span.stop.unwrap_or(span.start).max(span.start))
}

fn on_the_clock(visit: &Encounter, first: LocalTime) -> Times {
    let zone = visit.time_zone.as_ref();
    let past_step = i64::from(first.minute()) % AXIS_STEP_MINUTES;
    let origin = plus_minutes(first, -past_step);
    let at = |time| minutes_between(origin, time, zone);
    let spans: Vec<Option<Span>> = visit
        .administrations
        .iter()
        .map(|administration| {
            let start = at(administration.start?);
            let minutes = administration.duration_minutes.map(i64::from);
            let stop = administration.stop.map(at).or(minutes.map(|minutes| start + minutes));
            Some(Span { start, stop })
        })
        .collect();
    let end = |(administration, span): (&Administration, &Option<Span>)| {
        let span = (*span)?;
        let runs_on = administration.route == Some(Route::PumpStart);
        let drawn = if runs_on { span.start + PUMP_MINUTES_SHOWN } else { i64::MAX };
        Some(span.stop.unwrap_or(span.start + OPEN_MINUTES_SHOWN).min(drawn))
    };
    let last = visit.administrations.iter().zip(&spans).filter_map(end).max().unwrap_or_default();
    Times { clock: Clock::From(origin), length: axis_length(last), spans }
}

/// Durations one after the other; what ran together with another begins with it.
fn in_order(visit: &Encounter) -> Option<Times> {
    visit
        .administrations
        .iter()
        .any(|administration| administration.duration_minutes.is_some())
        .then_some(())?;
    let mut now = 0;
    let mut spans: Vec<Option<Span>> = Vec::with_capacity(visit.administrations.len());
    for administration in &visit.administrations {
        let together = visit.administrations.iter().zip(&spans).find_map(|(other, span)| {
            administration.concurrent_with.contains(&other.id).then_some(*span).flatten()
        });
        let start = together.map_or(now, |span: Span| span.start);
        let stop = administration.duration_minutes.map(|minutes| start + i64::from(minutes));
        now = now.max(stop.unwrap_or(start));
        spans.push(Some(Span { start, stop }));
    }
    Some(Times { clock: Clock::OrderOnly, length: axis_length(now), spans })
}

fn axis_length(last: i64) -> i64 {
    let steps =
        last.max(1).div_euclid(AXIS_STEP_MINUTES) + i64::from(last.rem_euclid(AXIS_STEP_MINUTES) != 0);
    steps.max(2) * AXIS_STEP_MINUTES
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: i64, stop: i64) -> Span {
        Span { start, stop: (stop > start).then_some(stop) }
    }

    #[test]
    fn bags_end_to_end_neither_overlap_nor_leave_a_gap() {
        let spans = [span(0, 30), span(30, 60)];
        assert!(overlaps(&spans).is_empty() && gaps(&spans).is_empty());
    }

    #[test]
    fn stretches_are_found_whatever_the_order() {
        let spans = [span(50, 90), span(0, 30), span(20, 40), span(95, 95)];
        assert_eq!(overlaps(&spans), [Stretch { start: 20, stop: 30 }]);
        assert_eq!(gaps(&spans), [Stretch { start: 40, stop: 50 }, Stretch { start: 90, stop: 95 }]);
    }
}
