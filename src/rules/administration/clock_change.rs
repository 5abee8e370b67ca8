//! Times of the night on which the clock was changed: some occurred twice, and some never (rule DOC-3).

use super::timeline::{self, DOC_3};
use super::visit::{Segment, Segments, Visit};
use crate::domain::encounter::{Administration, Interruption};
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::domain::time::{LocalTime, Shown};
use crate::engine::Coding;

/// One way to read the times of an administration: when it ran, and when it paused.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    pub(super) span: (i64, i64),
    pub(super) pauses: Vec<(i64, i64)>,
}

impl Reading {
    /// Whole minutes of flow, the pauses left out.
    fn minutes(&self) -> i64 {
        let mut left = Segments::from_iter([Segment { start: self.span.0, stop: self.span.1 }]);
        for &(start, stop) in &self.pauses {
            timeline::subtract(&mut left, 0, Segment { start, stop });
        }
        left.iter().map(|segment| segment.stop - segment.start).sum::<i64>() / 60
    }
}

/// The times on the visit's clock; only the start where their readings differ in minutes and no documented
/// duration tells which one holds.
pub(super) fn read(
    coding: &mut Coding<'_>,
    visit: &Visit<'_>,
    index: u16,
    start: LocalTime,
    stop: LocalTime,
) -> Result<Reading, i64> {
    let administration = &visit.encounter.administrations[usize::from(index)];
    let mut readings = every_reading(visit, administration, start, stop);
    if readings.len() > 1 {
        let first = readings[0].span.0;
        let documented = administration.duration_minutes.map(i64::from);
        let documented = readings.into_iter().find(|reading| Some(reading.minutes()) == documented);
        return documented.ok_or(first);
    }
    let Some(only) = readings.pop() else {
        // The stop lies before the start in every reading, which is asked about elsewhere.
        return Ok(Reading { span: visit.clock.span(start, stop), pauses: Vec::new() });
    };
    let pauses = administration.interruptions.iter().flat_map(|pause| [pause.start, pause.stop]).flatten();
    let times = [(start, "startTime"), (stop, "stopTime")].into_iter();
    let mut times = times.chain(pauses.map(|time| (time, "interruptions")));
    let mut last = "";
    for (_, field) in times.by_ref().filter(|(time, _)| visit.clock.shown(*time) == Shown::Never) {
        // Several pauses are one field, of which one finding speaks.
        if field != last {
            never(coding, index, field);
        }
        last = field;
    }
    Ok(only)
}

/// The readings of an administration's times, of each number of minutes one, the fewest first.
fn every_reading(
    visit: &Visit<'_>,
    administration: &Administration,
    start: LocalTime,
    stop: LocalTime,
) -> Vec<Reading> {
    let spans = visit.clock.spans(start, stop).into_iter();
    distinct(spans.flat_map(|span| paused(visit, administration, span)).collect())
}

/// The readings of the pauses of a span, each pause lying within it where it can.
fn paused(visit: &Visit<'_>, administration: &Administration, span: (i64, i64)) -> Vec<Reading> {
    let mut readings = vec![Reading { span, pauses: Vec::new() }];
    for (start, stop) in administration.interruptions.iter().filter_map(Interruption::span) {
        let mut within = visit.clock.spans(start, stop);
        within.retain(|(start, stop)| *start >= span.0 && *stop <= span.1);
        if within.is_empty() {
            within.push(visit.clock.span(start, stop));
        }
        let with = |reading: Reading| {
            within.clone().into_iter().map(move |pause| {
                let pauses = reading.pauses.iter().copied().chain([pause]).collect();
                Reading { pauses, ..reading }
            })
        };
        // Pauses by the dozen would multiply, so what gives the same minutes is kept once at each step.
        readings = distinct(readings.into_iter().flat_map(with).collect());
    }
    readings
}

fn distinct(mut readings: Vec<Reading>) -> Vec<Reading> {
    readings.sort_by_key(Reading::minutes);
    readings.dedup_by_key(|reading| reading.minutes());
    readings
}

/// The minutes of flow that each reading of the times gives, the fewest first.
pub(super) fn readings(visit: &Visit<'_>, index: u16) -> Vec<i64> {
    let administration = &visit.encounter.administrations[usize::from(index)];
    let (Some(start), Some(stop)) = (administration.start, administration.stop) else { return Vec::new() };
    every_reading(visit, administration, start, stop).iter().map(Reading::minutes).collect()
}

/// The seconds that the pauses took together in each reading of their times, the fewest first.
pub(super) fn pauses(visit: &Visit<'_>, administration: &Administration) -> Vec<i64> {
    let mut totals = vec![0];
    for (start, stop) in administration.interruptions.iter().filter_map(Interruption::span) {
        let mut lengths: Vec<i64> = visit.clock.spans(start, stop).iter().map(|(a, b)| b - a).collect();
        // A pause that runs backwards took no time.
        if lengths.is_empty() {
            lengths.push(0);
        }
        totals = totals.iter().flat_map(|total| lengths.iter().map(move |length| total + length)).collect();
        totals.sort_unstable();
        totals.dedup();
    }
    totals
}

/// Says how a time is read that stands alone, so that no minutes rest on it.
pub(super) fn note(coding: &mut Coding<'_>, visit: &Visit<'_>, index: u16) {
    let administration = &visit.encounter.administrations[usize::from(index)];
    for (time, name) in [(administration.start, "startTime"), (administration.stop, "stopTime")] {
        match time.map_or(Shown::Once, |time| visit.clock.shown(time)) {
            Shown::Once => {}
            Shown::Twice => {
                let text = "The clock was set back that night and showed this time twice; the first one is used, and no minutes of this service rest on it.";
                let field = Field::Administration(index, name);
                coding.find(Severity::Info, Reason::ContradictoryTimes, field, &DOC_3, text, &[]);
            }
            Shown::Never => never(coding, index, name),
        }
    }
}

fn never(coding: &mut Coding<'_>, index: u16, field: &'static str) {
    let text = "The clock was set forward that night and never showed this time. Correct the record.";
    let field = Field::Administration(index, field);
    coding.find(Severity::Warn, Reason::ContradictoryTimes, field, &DOC_3, text, &[]);
}
