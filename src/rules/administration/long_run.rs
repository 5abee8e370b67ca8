//! An infusion that runs longer than anybody sits in a chair, and names no pump (rules CHM-4, CHM-5).

use super::pump::CHM_4;
use super::visit::{Family, Kind, Service, Visit};
use super::what_if::answer;
use crate::domain::encounter::{Administration, Pump, Route};
use crate::domain::field::Field;
use crate::domain::finding::{Answer, Reason, Severity};
use crate::domain::time::plus_minutes;
use crate::engine::Coding;
use crate::engine::trail::{Value, fact};

/// Minutes of a day, by which a wrong date of a stop is off.
const DAY_MINUTES: i64 = 24 * 60;

/// Asks whether a pump was started, or a time is wrong, where an infusion ran longer than one in a chair, or longer than
/// a pump start takes where the name of its drug tells of a pump.
///
/// An office keeps nobody overnight, so its lines wait; a stay in a hospital may hold such hours, so there the lines of
/// chemotherapy stand unless the name tells of a pump, and other drugs are not doubted.
pub(super) fn doubt(coding: &mut Coding<'_>, visit: &Visit<'_>, service: &Service, route: Route) {
    if !coding.asking || (service.kind, route) != (Kind::Infusion, Route::IvInfusion) {
        return;
    }
    let minutes = service.flow.seconds / 60;
    let parameters = &coding.policy.administration;
    if minutes <= *parameters.prolonged_minutes {
        return;
    }
    let administration = visit.administration(service);
    let is_office = !visit.encounter.setting.is_facility();
    let is_chemotherapy = service.family == Family::Chemotherapy;
    let tells_pump = names_pump(administration, &parameters.pump_words);
    let limit = if tells_pump { &parameters.prolonged_minutes } else { &parameters.chair_minutes_max };
    if minutes <= **limit || !is_office && !is_chemotherapy {
        return;
    }
    let facts = [
        fact::given("minutes", Value::Minutes(minutes)),
        fact::parameter("limit", Value::Minutes(**limit), limit),
    ];
    let field = Field::Administration(service.index, "pump");
    let before = coding.result.questions.len();
    let text = "Was the drug given by a portable or implanted pump, or is a time wrong?";
    coding.ask(field, &CHM_4, text, &[], |coding| answers(coding, service.index, minutes));
    if coding.result.questions.len() == before {
        return;
    }
    let (severity, text) = if is_office || tells_pump {
        (
            Severity::Block,
            "The infusion ran {minutes} minutes, longer than {limit}, and the request states no pump: starting a portable pump has a code of its own, and hours in the chair have others. Its lines wait: state the pump, or correct the times.",
        )
    } else {
        (
            Severity::Warn,
            "The infusion ran {minutes} minutes, longer than {limit}, and the request states no pump, so its hours count as given in the chair or in a stay. State the pump where there was one: starting it has a code of its own.",
        )
    };
    coding.find(severity, Reason::ContradictoryTimes, field, &CHM_4, text, &facts);
}

/// Whether the name of a drug tells of a pump.
fn names_pump(administration: &Administration, known: &[String]) -> bool {
    let names = administration.drugs.iter().filter_map(|drug| drug.name.as_deref());
    let mut words = names.flat_map(|name| name.split(|c: char| !c.is_ascii_alphanumeric()));
    words.any(|word| known.iter().any(|known| known.eq_ignore_ascii_case(word)))
}

/// What the visit bills with each kind of pump, without one, and with a stop of the day of the start.
fn answers(coding: &Coding<'_>, index: u16, minutes: i64) -> Vec<Answer> {
    let by = |label: &str, supplied_by_practice| {
        let pump = Pump { supplied_by_practice, ..Pump::default() };
        answer(coding, label, index, |a| a.pump = Some(pump))
    };
    let own = by("By the practice's own pump, and it finishes in the community", true);
    let other = by("By another portable pump, or an implanted one", false);
    let mut answers = vec![own];
    if other.lines == answers[0].lines {
        "By a portable or implanted pump".clone_into(&mut answers[0].label);
    } else {
        answers.push(other);
    }
    answers.push(answer(coding, "Without a pump, as the times say", index, |_| {}));
    let shorter = minutes % DAY_MINUTES;
    if shorter > 0 && shorter < minutes && shorter <= *coding.policy.administration.prolonged_minutes {
        answers.push(answer(coding, "Without a pump, and the date of the stop is wrong", index, |a| {
            a.stop = a.stop.map(|stop| plus_minutes(stop, shorter - minutes));
        }));
    }
    let is_one = answers.iter().all(|answer| answer.lines == answers[0].lines);
    if is_one { Vec::new() } else { answers }
}
