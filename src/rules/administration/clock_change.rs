//! Times of the night on which the clock was changed: some occurred twice, and some never (rule DOC-3).

use super::timeline::DOC_3;
use super::visit::Visit;
use crate::domain::encounter::Administration;
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::domain::time::{LocalTime, Shown};
use crate::engine::Coding;

/// Start and stop on the visit's clock; only the start where the readings of the times differ in minutes and
/// no documented duration tells which one holds.
pub(super) fn span(
    coding: &mut Coding<'_>,
    visit: &Visit<'_>,
    index: u16,
    start: LocalTime,
    stop: LocalTime,
) -> Result<(i64, i64), i64> {
    let spans = visit.clock.spans(start, stop);
    let [only] = *spans else {
        let Some(documented) = documented(visit, index, &spans) else {
            return if spans.is_empty() { Ok(visit.clock.span(start, stop)) } else { Err(spans[0].0) };
        };
        return Ok(documented);
    };
    let times = [(start, "startTime"), (stop, "stopTime")];
    for (_, field) in times.into_iter().filter(|(time, _)| visit.clock.shown(*time) == Shown::Never) {
        never(coding, index, field);
    }
    Ok(only)
}

/// The span whose flow lasts as long as the record says.
fn documented(visit: &Visit<'_>, index: u16, spans: &[(i64, i64)]) -> Option<(i64, i64)> {
    let administration = &visit.encounter.administrations[usize::from(index)];
    let minutes = i64::from(administration.duration_minutes?);
    let paused = paused(visit, administration);
    spans.iter().copied().find(|(start, stop)| (stop - start - paused) / 60 == minutes)
}

fn paused(visit: &Visit<'_>, administration: &Administration) -> i64 {
    let spans = administration.interruptions.iter().map(|pause| visit.clock.span(pause.start, pause.stop));
    spans.map(|(start, stop)| (stop - start).max(0)).sum()
}

/// The minutes of flow that each reading of the times gives, the fewest first.
pub(super) fn readings(visit: &Visit<'_>, index: u16) -> Vec<i64> {
    let administration = &visit.encounter.administrations[usize::from(index)];
    let (Some(start), Some(stop)) = (administration.start, administration.stop) else { return Vec::new() };
    let paused = paused(visit, administration);
    let minutes = |(start, stop): (i64, i64)| (stop - start - paused).max(0) / 60;
    visit.clock.spans(start, stop).into_iter().map(minutes).collect()
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
