//! Questions about times, and what the whole visit would bill under each answer.

use super::timeline::{DOC_3, Gap, flow_field};
use super::visit::{Kind, Service, Visit};
use super::what_if::answer;
use super::{clock_change, push};
use crate::domain::encounter::{Administration, Encounter};
use crate::domain::field::Field;
use crate::domain::finding::Answer;
use crate::domain::time::{Date, LocalTime, minutes_between, plus_minutes};
use crate::engine::Coding;

/// Additional hours that a question about minutes spells out.
const HOURS_SHOWN: i64 = 3;

/// Minutes of a day, for a stop that belongs to the next one.
const DAY_MINUTES: i64 = 24 * 60;

/// Asks for the minutes of an infusion.
pub(super) fn ask_minutes(
    coding: &mut Coding<'_>,
    visit: &Visit<'_>,
    index: u16,
    gap: Gap,
    is_hydration: bool,
) {
    let administration = &visit.encounter.administrations[usize::from(index)];
    let (field, text) = match gap {
        Gap::NoStop => ("stopTime", "When did the infusion stop?"),
        Gap::NoStart => ("startTime", "When did the infusion start?"),
        Gap::NoTimes => ("startTime", "When did the infusion start and stop?"),
        Gap::Backwards if runs_past_midnight(administration) => {
            ("stopTime", "On which day did the infusion stop?")
        }
        Gap::Backwards | Gap::TooLong => ("stopTime", "When did the infusion stop?"),
        Gap::OpenPause | Gap::BackwardsPause | Gap::NoFlow => {
            (flow_field(administration), "How long did the drug flow?")
        }
        Gap::ClockChange => {
            ("durationMinutes", "How long did the drug flow in the night on which the clock was changed?")
        }
    };
    let field = Field::Administration(index, field);
    coding.ask(field, &DOC_3, text, &[], |coding| {
        if gap == Gap::Backwards && runs_past_midnight(administration) {
            let label = "It stopped on the day after the stated one";
            return vec![answer(coding, label, index, |administration| {
                administration.stop = administration.stop.map(|stop| plus_minutes(stop, DAY_MINUTES));
            })];
        }
        if gap == Gap::ClockChange {
            let readings = clock_change::readings(visit, index).into_iter();
            return readings
                .map(|minutes| {
                    answer(coding, &format!("{minutes} minutes"), index, |a| {
                        a.duration_minutes = u32::try_from(minutes).ok();
                    })
                })
                .collect();
        }
        let most = minutes_most(visit, administration);
        minutes(coding, index, is_hydration, most)
    });
}

/// Whether a stop before its start is one of the next day: the infusion then took no more than half a day.
fn runs_past_midnight(administration: &Administration) -> bool {
    let times = administration.start.zip(administration.stop);
    times.is_some_and(|(start, stop)| {
        minutes_between(start, plus_minutes(stop, DAY_MINUTES), None) <= DAY_MINUTES / 2
    })
}

/// The spans of minutes that bill alike where nothing else of the drug was given, from the shortest on.
fn spans(coding: &Coding<'_>, is_hydration: bool) -> Vec<(i64, i64)> {
    let parameters = &coding.policy.administration;
    let hour = *parameters.hour_minutes;
    let first_long = hour + *parameters.additional_hour_after_minutes + 1;
    let shortest =
        if is_hydration { *parameters.hydration_minutes_min } else { *parameters.push_minutes_max + 1 };
    let mut spans = vec![(1, shortest - 1), (shortest, first_long - 1)];
    spans.extend((0..HOURS_SHOWN).map(|hours| {
        let from = first_long + hours * hour;
        (from, from + hour - 1)
    }));
    spans
}

/// The answers about minutes, each for all the minutes that bill alike beside what else was given: an earlier bag of
/// the drug, for one, has its first hour already (row G-31).
fn minutes(coding: &Coding<'_>, index: u16, is_hydration: bool, most: i64) -> Vec<Answer> {
    let mut bands: Vec<Band> = Vec::new();
    let spans = spans(coding, is_hydration).into_iter().filter(|(from, _)| *from <= most);
    for (from, to) in spans {
        for band in alike(coding, index, from, to.min(most)) {
            match bands.last_mut() {
                Some(before) if before.answer.lines == band.answer.lines => before.to = band.to,
                _ => bands.push(band),
            }
        }
    }
    // Past so many minutes it is the start of a pump, which has no hours.
    let from = *coding.policy.administration.prolonged_minutes + 1;
    let has_pump = coding.encounter.administrations[usize::from(index)].pump.is_some();
    if has_pump && !is_hydration && from <= most {
        let started = answer(coding, "", index, |a| run_for(a, from));
        bands.push(Band { from, to: i64::MAX, answer: started });
    }
    let label = |band: &Band| match (band.from, band.to) {
        (from, i64::MAX) => format!("{from} minutes or more"),
        (1, to) => format!("{to} minutes or less"),
        (from, to) if from == to => format!("{to} minutes"),
        (from, to) => format!("{from} to {to} minutes"),
    };
    bands.into_iter().map(|band| Answer { label: label(&band), ..band.answer }).collect()
}

/// The minutes between the clock times, where both are documented: a pause can only take from them.
fn minutes_most(visit: &Visit<'_>, administration: &Administration) -> i64 {
    let times = administration.start.zip(administration.stop);
    let clock =
        times.map(|(start, stop)| visit.clock.span(start, stop)).map(|(start, stop)| (stop - start) / 60);
    clock.filter(|minutes| *minutes > 0).unwrap_or(i64::MAX)
}

/// Minutes that bill alike.
struct Band {
    from: i64,
    to: i64,
    answer: Answer,
}

/// The bands of one span: a single one where its shortest and its longest minutes bill alike.
fn alike(coding: &Coding<'_>, index: u16, from: i64, to: i64) -> Vec<Band> {
    let run = |minutes| answer(coding, "", index, |a| run_for(a, minutes));
    let (mut from, mut first, last) = (from, run(from), run(to));
    let mut bands = Vec::new();
    while first.lines != last.lines {
        // The fewest minutes that bill otherwise lie above the one bound and not above the other.
        let (mut below, mut above, mut next) = (from, to, last.clone());
        while above - below > 1 {
            let middle = below + (above - below) / 2;
            let tried = run(middle);
            if tried.lines == first.lines {
                below = middle;
            } else {
                (above, next) = (middle, tried);
            }
        }
        bands.push(Band { from, to: below, answer: first });
        (from, first) = (above, next);
    }
    bands.push(Band { from, to, answer: first });
    bands
}

fn run_for(administration: &mut Administration, minutes: i64) {
    administration.interruptions.clear();
    administration.duration_minutes = None;
    match (administration.start, administration.stop) {
        (Some(start), _) => administration.stop = Some(plus_minutes(start, minutes)),
        (None, Some(stop)) => administration.start = Some(plus_minutes(stop, -minutes)),
        (None, None) => administration.duration_minutes = u32::try_from(minutes).ok(),
    }
}

/// Asks how long after the earlier one a drug was pushed again; no answer moves a push to another date.
pub(super) fn ask_gap(coding: &mut Coding<'_>, service: &Service, earlier: &Service) {
    let field = Field::Administration(service.index, "startTime");
    let limit = *coding.policy.administration.repeat_push_after_minutes;
    let text = "How long after the earlier push was the drug pushed again?";
    let (first, second) = (usize::from(earlier.index), usize::from(service.index));
    let is_infusion = earlier.kind == Kind::Infusion;
    coding.ask(field, &push::REP_2, text, &[], |coding| {
        let wishes = [
            (format!("More than {limit} minutes"), limit + 1, false),
            (format!("{limit} minutes or less"), limit, true),
        ];
        let answers = wishes.into_iter().filter_map(|(label, minutes, is_close)| {
            let times = apart(coding.encounter, first, second, is_infusion, minutes, is_close)?;
            Some(coding.answer(label, |visit| {
                for (at, time) in [first, second].into_iter().zip(times) {
                    let pushed = &mut visit.administrations[at];
                    // The minutes of a push decide nothing; those of an infusion are known.
                    if pushed.start.is_none() && !(at == first && is_infusion) {
                        (pushed.start, pushed.stop) = (Some(time), None);
                    }
                }
            }))
        });
        answers.collect()
    });
}

/// Times of two pushes so many minutes apart, each on its own date; none where the dates leave no such time.
fn apart(
    encounter: &Encounter,
    first: usize,
    second: usize,
    is_infusion: bool,
    minutes: i64,
    is_close: bool,
) -> Option<[LocalTime; 2]> {
    let [earlier, later] = [first, second].map(|at| &encounter.administrations[at]);
    let known = |one: &Administration| encounter.began(one);
    let end = if is_infusion { earlier.stop.or(known(earlier)) } else { known(earlier) };
    let fits = |time: &LocalTime, other: LocalTime| {
        let between = minutes_between(other.min(*time), other.max(*time), encounter.time_zone.as_ref());
        if is_close { between <= minutes } else { between >= minutes }
    };
    let near = |other: LocalTime, date: Date, ways: [i64; 2]| {
        let ways = ways.map(|way| within(plus_minutes(other, way * minutes), date));
        ways.into_iter().find(|time| fits(time, other))
    };
    match (end, known(later)) {
        (None, Some(later)) => Some([near(later, encounter.date_of(earlier), [-1, 1])?, later]),
        (end, _) => {
            let end = end.unwrap_or_else(|| encounter.date_of(earlier).at(12, 0, 0, 0));
            Some([end, near(end, encounter.date_of(later), [1, -1])?])
        }
    }
}

/// A time, moved to the nearest minute of a date.
fn within(time: LocalTime, date: Date) -> LocalTime {
    time.clamp(date.at(0, 0, 0, 0), date.at(23, 59, 0, 0))
}
