//! From documented times to seconds of flow (rules TIME-6, TIME-7, DOC-3, D-1).

use super::clock_change::{self, Reading};
use super::stated_flow;
use super::visit::{Flow, Segment, Segments, Visit};
use super::what_if;
use crate::domain::encounter::{Administration, Interruption};
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::domain::quantity::Measure;
use crate::engine::Coding;
use crate::engine::trail::{Subject, Value, fact};
use crate::policy::parameters::MissingStop;
use crate::rules::{Rule, rule};

rule! {
    pub static TIME_6: "TIME-6", "The clock runs on drug flow only",
    basis: Secondary, cites: ["SELH"],
    says: "Only the minutes in which the drug flows count. Starting the line, set-up, teaching, observation and flushing do not, and a pause is subtracted.",
    why: "The time of the codes is infusion time; what surrounds it is part of the service.",
    example: "Rituximab from 11:20 to 16:40 with a pause from 12:40 to 13:55 ran 245 minutes.",
    exceptions: "A duration in place of clock times is taken as time of flow; where pauses stand beside it, a finding asks whether it leaves them out. A pause whose end or beginning the record leaves out is asked about, with what the minutes between the clock times can bill. Clock times count before a duration that differs, and before a volume at its rate; that is a finding, and where the lines differ a question (of volume and rate, only what is some minutes apart).",
}

rule! {
    pub static TIME_7: "TIME-7", "A change of bag does not stop the clock",
    basis: Secondary, cites: ["SELH", "HC-0609", "RCA-MIDNIGHT"],
    says: "Where one bag follows another of the same drug without a break, the flow is one. One that goes on past midnight is reported whole on the date on which it began.",
    why: "The drug goes on flowing; the bag is packaging. The nurse's service is the one that was begun, so its hours have one date. What a bag holds is another matter: CMS wants each service on the day on which it was provided, and a drug is provided when its bag is hung.",
    example: "Two bags of one antibiotic, 09:00 to 09:40 and 09:40 to 10:20, are 80 minutes of one infusion.",
    exceptions: "A break between the bags is left out like any pause. A break at midnight leaves two flows, each with the hours of its own date, so that closing it may earn an hour less. The drug line of a bag that was hung after midnight keeps its own date (L-01), also where its hours stand on the date before. What was given before the date of service of the request is reported as a contradiction.",
}

rule! {
    pub static DOC_3: "DOC-3", "An infusion needs its start and stop",
    basis: Quoted, cites: ["QHR", "HC-10", "ML-STOP", "RCA-STOP"],
    says: "Without a start and a stop, or a documented duration, no code that rests on minutes is chosen; the record is queried. A policy may instead compute the minutes from the nursing record's volume and rate, or report a push.",
    why: "The time is what the code pays for, and missing times are the leading audit failure. Sources disagree on what may replace them, so the choice is a switch (D-1).",
    example: "A drug started at 10:00 with no stop earns nothing yet; the question shows what 15, 16 or 91 minutes would bill.",
    exceptions: "Pushes and injections need no stop time. Times without any flow between them are queried like missing ones, and so is a time that the clock showed twice or never on the night on which it was changed, unless a documented duration tells which reading holds.",
}

const DAY_SECONDS: i64 = 24 * 60 * 60;

/// Why the minutes of a service are not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    NoStop,
    NoStart,
    NoTimes,
    Backwards,
    /// The record does not say when a pause ended, or when it began.
    OpenPause,
    /// A pause stops before it starts, so what it took is not known.
    BackwardsPause,
    /// The times are so many days apart that one of them is of another date.
    TooLong,
    /// The times or the pauses leave no flow.
    NoFlow,
    /// The clock showed a time twice or never, and the readings differ in minutes.
    ClockChange,
}

impl Gap {
    /// Whether a time is missing, which a policy may make up for; a contradiction it may not.
    const fn is_missing(self) -> bool {
        matches!(self, Self::NoStop | Self::NoStart | Self::NoTimes)
    }
}

/// Reads the flow of an administration, or says what is missing for it.
pub(super) fn flow(coding: &mut Coding<'_>, visit: &mut Visit<'_>, index: u16) -> Result<Flow, (Gap, Flow)> {
    let administration = &visit.encounter.administrations[usize::from(index)];
    let (Some(start), Some(stop)) = (administration.start, administration.stop) else {
        if visit.clock.crosses_change() {
            clock_change::note(coding, visit, index);
        }
        return without_clock(visit, administration);
    };
    let reading = if visit.clock.crosses_change() {
        match clock_change::read(coding, visit, index, start, stop) {
            Ok(reading) => reading,
            Err(start) => {
                return Err((Gap::ClockChange, Flow { start: Some(start), ..Flow::default() }));
            }
        }
    } else {
        let pauses = administration.interruptions.iter().filter_map(Interruption::span);
        let pauses = pauses.map(|(start, stop)| visit.clock.span(start, stop)).collect();
        Reading { span: visit.clock.span(start, stop), pauses }
    };
    let (start, stop) = reading.span;
    if stop < start {
        return Err((Gap::Backwards, Flow { start: Some(start), ..Flow::default() }));
    }
    if administration.interruptions.iter().any(|pause| pause.span().is_none()) {
        return Err((Gap::OpenPause, Flow { start: Some(start), ..Flow::default() }));
    }
    if reading.pauses.iter().any(|(start, stop)| stop < start) {
        return Err((Gap::BackwardsPause, Flow { start: Some(start), ..Flow::default() }));
    }
    let first_segment = visit.segments.len();
    let paused = split_at_pauses(coding, visit, index, &reading);
    let segments = visit.segments.len() - first_segment;
    let seconds = visit.segments[first_segment..].iter().map(|s| s.stop - s.start).sum();
    let flow = Flow { start: Some(start), stop: Some(stop), seconds, first_segment, segments };
    let longest = i64::from(*coding.policy.administration.infusion_days_max) * DAY_SECONDS;
    if seconds > longest && administration.pump.is_none() {
        visit.segments.truncate(first_segment);
        return Err((Gap::TooLong, Flow { start: Some(start), ..Flow::default() }));
    }
    if paused > 0 {
        coding.result.trail.fired(
            &TIME_6,
            Subject::Administration(index),
            "{paused} minutes without flow are left out; {minutes} minutes count.",
            &[
                fact::given("paused", Value::Minutes(paused / 60)),
                fact::derived("minutes", Value::Minutes(seconds / 60)),
            ],
        );
    }
    stated_flow::compare(coding, index, administration, seconds);
    Ok(flow)
}

/// Warns of what began before the date of service, which is the day on which the encounter begins.
pub(super) fn report_early(coding: &mut Coding<'_>, visit: &Visit<'_>) {
    if visit.is_one_day {
        return;
    }
    let date = coding.encounter.service_date;
    for (index, administration) in coding.encounter.administrations.iter().enumerate() {
        let Some(time) = coding.encounter.began(administration) else { continue };
        let field = if administration.start.is_some() { "startTime" } else { "stopTime" };
        if time.date() < date {
            let facts =
                [fact::given("day", Value::Date(time.date())), fact::given("date", Value::Date(date))];
            let field = Field::Administration(index as u16, field);
            let text = "This was given on {day}, before the date of service {date}, and its line has its own date. Correct one of them, or give the day on which the encounter began as the date of service.";
            coding.find(Severity::Warn, Reason::ContradictoryTimes, field, &TIME_7, text, &facts);
        }
    }
}

/// A documented duration stands in for the clock time that is missing; with neither clock time it is all there is.
fn without_clock(visit: &mut Visit<'_>, administration: &Administration) -> Result<Flow, (Gap, Flow)> {
    let start = administration.start.map(|time| visit.clock.seconds(time));
    let stop = administration.stop.map(|time| visit.clock.seconds(time));
    let flow = Flow { start, stop, ..Flow::default() };
    match administration.duration_minutes.map(|minutes| i64::from(minutes) * 60) {
        Some(seconds) => {
            let Some(from) = start.or(stop.map(|stop| stop - seconds)) else {
                return Ok(Flow { seconds, ..flow });
            };
            let segment = Segment { start: from, stop: from + seconds };
            let first_segment = visit.segments.len();
            visit.segments.push(segment);
            let (start, stop) = (Some(segment.start), Some(segment.stop));
            Ok(Flow { start, stop, seconds, first_segment, segments: 1 })
        }
        None if start.is_some() => Err((Gap::NoStop, flow)),
        None if stop.is_some() => Err((Gap::NoStart, flow)),
        None => Err((Gap::NoTimes, flow)),
    }
}

/// Adds the stretches between the pauses to the visit's segments, and returns the seconds left out.
fn split_at_pauses(coding: &mut Coding<'_>, visit: &mut Visit<'_>, index: u16, reading: &Reading) -> i64 {
    let whole = Segment { start: reading.span.0, stop: reading.span.1 };
    let first = visit.segments.len();
    visit.segments.push(whole);
    if reading.pauses.is_empty() {
        return 0;
    }
    for &(start, stop) in &reading.pauses {
        if start < whole.start || stop > whole.stop {
            coding.find(
                Severity::Warn,
                Reason::ContradictoryTimes,
                Field::Administration(index, "interruptions"),
                &TIME_6,
                "A pause does not lie within the infusion; only the part inside it is left out. Correct the record.",
                &[],
            );
        }
        subtract(&mut visit.segments, first, Segment { start, stop });
    }
    let left: i64 = visit.segments[first..].iter().map(|s| s.stop - s.start).sum();
    whole.stop - whole.start - left
}

/// Takes a stretch of time out of the segments from `first` on.
pub(super) fn subtract(segments: &mut Segments, first: usize, taken: Segment) {
    let mut at = first;
    while at < segments.len() {
        let Segment { start, stop } = segments[at];
        if taken.start >= stop || taken.stop <= start || taken.stop <= taken.start {
            at += 1;
            continue;
        }
        segments.swap_remove(at);
        // The pieces go to the end and are met again, where they no longer touch what was taken.
        if start < taken.start {
            segments.push(Segment { start, stop: taken.start });
        }
        if taken.stop < stop {
            segments.push(Segment { start: taken.stop, stop });
        }
    }
}

/// Warns where pauses stand beside a duration that is all there is, for it may leave them out or not.
pub(super) fn doubt_duration(coding: &mut Coding<'_>, visit: &Visit<'_>, index: u16) {
    let administration = &visit.encounter.administrations[usize::from(index)];
    let has_clock = administration.start.is_some() && administration.stop.is_some();
    let Some(documented) = administration.duration_minutes.filter(|_| !has_clock) else { return };
    let minutes = |seconds: i64| u32::try_from(seconds / 60).unwrap_or(u32::MAX);
    let mut paused: Vec<u32> = clock_change::pauses(visit, administration).into_iter().map(minutes).collect();
    // Pauses as long as the whole duration cannot be part of it.
    paused.retain(|paused| *paused > 0 && *paused < documented);
    let (Some(&least), Some(&most)) = (paused.first(), paused.last()) else { return };
    let facts = [
        fact::given("documented", Value::Minutes(i64::from(documented))),
        fact::given("paused", Value::Minutes(i64::from(least))),
        fact::given("most", Value::Minutes(i64::from(most))),
    ];
    let (text, facts) = if least == most {
        let text = "The record does not say whether the duration of {documented} minutes leaves the pauses of {paused} minutes out; it is taken as time of flow. State the start and the stop.";
        (text, &facts[..2])
    } else {
        let text = "The record does not say whether the duration of {documented} minutes leaves the pauses out, which took {paused} or {most} minutes in the night on which the clock was changed; it is taken as time of flow. State the start and the stop.";
        (text, &facts[..])
    };
    let field = Field::Administration(index, "durationMinutes");
    coding.find(Severity::Warn, Reason::ContradictoryTimes, field, &TIME_6, text, facts);
    what_if::ask_duration(coding, index, documented, &paused);
}

/// What the policy makes of missing minutes.
pub(super) enum Settled {
    /// The minutes are taken from the nursing record.
    Flow(Flow),
    /// The service is reported as a push.
    Push,
    /// Nothing is reported until the record is settled.
    Held,
}

/// Applies switch D-1 to an infusion without minutes, and says so.
pub(super) fn settle(
    coding: &mut Coding<'_>,
    visit: &Visit<'_>,
    index: u16,
    gap: Gap,
    flow: Flow,
) -> Settled {
    let administration = &visit.encounter.administrations[usize::from(index)];
    let switch = &coding.policy.administration.missing_stop;
    let (reason, field, text) = missing(administration, gap);
    let field = Field::Administration(index, field);
    match (**switch, documented_seconds(administration)) {
        (MissingStop::CalculateFromNursingRateVolume, Some(seconds)) if gap.is_missing() => {
            let minutes = fact::assumed("minutes", Value::Minutes(seconds / 60));
            let text = "No stop time: the nursing record's volume and rate give {minutes} minutes, which this policy accepts.";
            coding.find(Severity::Warn, reason, field, &DOC_3, text, &[minutes]);
            Settled::Flow(Flow { seconds, ..flow })
        }
        (MissingStop::DowncodeToPush, _) if gap.is_missing() => {
            let text = "The minutes of the infusion are not documented: this policy reports it as a push.";
            coding.find(Severity::Warn, reason, field, &DOC_3, text, &[]);
            Settled::Push
        }
        _ => {
            let switch = fact::parameter("policy", Value::Label("hold for query"), switch);
            coding.find(Severity::Block, reason, field, &DOC_3, text, &[switch]);
            Settled::Held
        }
    }
}

/// The reason, the field and the finding of a service whose minutes are not known.
fn missing(administration: &Administration, gap: Gap) -> (Reason, &'static str, &'static str) {
    match gap {
        Gap::NoStop => (
            Reason::MissingStopTime,
            "stopTime",
            "The infusion has no stop time, so no code is chosen. Complete the record, then code again.",
        ),
        Gap::NoStart => (
            Reason::MissingStartTime,
            "startTime",
            "The infusion has no start time, so no code is chosen. Complete the record, then code again.",
        ),
        Gap::NoTimes => (
            Reason::MissingStartTime,
            "startTime",
            "The infusion has neither clock times nor a duration, so no code is chosen. Complete the record, then code again.",
        ),
        Gap::Backwards => (
            Reason::ContradictoryTimes,
            "stopTime",
            "The stop lies before the start, so no code is chosen. Correct the times, with their dates, then code again.",
        ),
        Gap::TooLong => (
            Reason::ContradictoryTimes,
            "stopTime",
            "The stop lies more days after the start than an infusion of a visit takes, so no code is chosen. Correct the dates of the times, then code again.",
        ),
        Gap::OpenPause => (
            Reason::MissingStopTime,
            "interruptions",
            "The record does not say when a pause began or when it ended, so the minutes of flow are not known and no code is chosen. Complete the pause, then code again.",
        ),
        Gap::BackwardsPause => (
            Reason::ContradictoryTimes,
            "interruptions",
            "A pause stops before it starts, so the minutes of flow are not known and no code is chosen. Correct the pause, then code again.",
        ),
        Gap::NoFlow => (
            Reason::ContradictoryTimes,
            flow_field(administration),
            "The record leaves no minute in which the drug flowed, so no code is chosen. Correct the times or the pauses, then code again.",
        ),
        Gap::ClockChange => (
            Reason::ContradictoryTimes,
            "durationMinutes",
            "The clock was changed that night and showed a time of this infusion twice, or never, so its minutes are not known and no code is chosen. State the duration, then code again.",
        ),
    }
}

/// The field that says how long a drug flowed.
pub(super) fn flow_field(administration: &Administration) -> &'static str {
    if !administration.interruptions.is_empty() {
        "interruptions"
    } else if administration.stop.is_some() {
        "stopTime"
    } else {
        "durationMinutes"
    }
}

/// Seconds that the documented volume and rate give, whole minutes rounded **down**.
pub(super) fn documented_seconds(administration: &Administration) -> Option<i64> {
    let volume = administration.volume_infused.filter(|v| v.unit.measure() == Measure::Volume)?;
    let rate = administration.rate_ml_per_hour.filter(|rate| rate.nanos() > 0)?;
    // Both sides in billionths of a microlitre, an hour holding sixty minutes.
    let minutes = volume.in_base() * 60 / (i128::from(rate.nanos()) * 1_000);
    i64::try_from(minutes).ok()?.checked_mul(60)
}

/// The record of the rules of this file.
pub(super) static RULES: &[&Rule] = &[&TIME_6, &TIME_7, &DOC_3];

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(taken: &[(i64, i64)]) -> Segments {
        let mut segments = Segments::from_iter([Segment { start: 0, stop: 100 }]);
        for &(start, stop) in taken {
            subtract(&mut segments, 0, Segment { start, stop });
        }
        segments.sort_by_key(|segment| segment.start);
        segments
    }

    #[test]
    fn a_pause_splits_the_flow() {
        let left = |segments: &[(i64, i64)]| -> Segments {
            segments.iter().map(|&(start, stop)| Segment { start, stop }).collect()
        };
        assert_eq!(cut(&[(40, 60)]), left(&[(0, 40), (60, 100)]));
        assert_eq!(cut(&[(0, 100)]), left(&[]));
        assert_eq!(cut(&[(-5, 10), (95, 200)]), left(&[(10, 95)]));
        assert_eq!(cut(&[(50, 50), (60, 40)]), left(&[(0, 100)]));
        assert_eq!(cut(&[(10, 30), (20, 40)]), left(&[(0, 10), (40, 100)]));
    }
}
