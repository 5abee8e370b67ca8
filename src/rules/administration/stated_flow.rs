//! Minutes that the record states beside the clock times, as a duration or as a volume at its rate (rule TIME-6).

use super::timeline::{TIME_6, documented_seconds};
use super::what_if::answer;
use crate::domain::encounter::{Administration, Route};
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::domain::time::plus_minutes;
use crate::engine::Coding;
use crate::engine::trail::{Value, fact};

/// Warns of minutes that differ from the clock times, which count, and asks which are right where the lines differ.
pub(super) fn compare(coding: &mut Coding<'_>, index: u16, administration: &Administration, seconds: i64) {
    compare_with_duration(coding, index, administration, seconds / 60);
    compare_with_rate(coding, index, administration, seconds / 60);
}

fn compare_with_duration(coding: &mut Coding<'_>, index: u16, administration: &Administration, clock: i64) {
    let Some(documented) = administration.duration_minutes.map(i64::from) else { return };
    if documented == clock {
        return;
    }
    let field = Field::Administration(index, "durationMinutes");
    let text = "The documented duration of {documented} minutes differs from the {clock} minutes between the clock times; the clock times count.";
    let facts = [
        fact::given("documented", Value::Minutes(documented)),
        fact::derived("clock", Value::Minutes(clock)),
    ];
    coding.find(Severity::Warn, Reason::ContradictoryTimes, field, &TIME_6, text, &facts);
    ask(coding, field, index, clock, documented);
}

/// Some minutes more or less are the nurse's rounding; a volume and a rate that tell other lines are a contradiction.
fn compare_with_rate(coding: &mut Coding<'_>, index: u16, administration: &Administration, clock: i64) {
    if !coding.asking || !administration.route.is_some_and(Route::is_infusion) {
        return;
    }
    let Some(documented) = documented_seconds(administration).map(|seconds| seconds / 60) else { return };
    if (documented - clock).abs() <= *coding.policy.administration.rate_minutes_apart_max {
        return;
    }
    let field = Field::Administration(index, "rateMlPerHour");
    if !ask(coding, field, index, clock, documented) {
        return;
    }
    let text = "The documented volume at its rate takes {documented} minutes, and {clock} minutes lie between the clock times, which count. Correct the times, the volume or the rate.";
    let facts = [
        fact::given("documented", Value::Minutes(documented)),
        fact::derived("clock", Value::Minutes(clock)),
    ];
    coding.find(Severity::Warn, Reason::ContradictoryTimes, field, &TIME_6, text, &facts);
}

/// Asks which minutes are right, where the lines differ; tells whether they do.
fn ask(coding: &mut Coding<'_>, field: Field, index: u16, clock: i64, documented: i64) -> bool {
    let before = coding.result.questions.len();
    coding.ask(field, &TIME_6, "How long did the drug flow?", &[], |coding| {
        let by_clock = answer(coding, &format!("{clock} minutes, as the clock times say"), index, |_| {});
        let label = format!("{documented} minutes, as the record states beside them");
        let stated = answer(coding, &label, index, |a| {
            a.interruptions.clear();
            a.stop = a.start.map(|start| plus_minutes(start, documented));
            a.duration_minutes = u32::try_from(documented).ok();
        });
        if by_clock.lines == stated.lines { Vec::new() } else { vec![by_clock, stated] }
    });
    coding.result.questions.len() > before
}
