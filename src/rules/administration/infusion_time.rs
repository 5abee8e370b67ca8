//! Minutes to hours of infusion (rules TIME-1 to TIME-5, TIME-9).

use crate::engine::Coding;
use crate::engine::trail::{Subject, Value, fact};
use crate::policy::parameters::AdministrationParameters;
use crate::rules::{Rule, Status, rule};

rule! {
    pub static TIME_1: "TIME-1", "Up to fifteen minutes is a push",
    basis: Primary, cites: ["NOR-JF", "NOR-CHEMO", "AAPC-IAC"],
    says: "An infusion of 15 minutes or less is a push. So is an injection during which the professional stays present throughout, whatever its length.",
    why: "The two tests are independent: the short infusion costs what a push costs, and the attended injection is one.",
    example: "Zoledronic acid over 15 minutes is a push; over 16 minutes it is an infusion. Fluorouracil pushed by hand over 20 minutes stays a push.",
    exceptions: "Hydration has a minimum of its own (TIME-4).",
}

rule! {
    pub static TIME_2: "TIME-2", "The first hour covers 16 to 90 minutes",
    basis: Secondary, cites: ["OHIMA", "AAPC-TIPS", "A53778"],
    says: "An infusion of 16 to 90 minutes earns one first-hour code.",
    why: "Below 16 minutes it is a push, and the next hour begins only after 30 minutes past the first.",
    example: "75 minutes of infliximab earn the first hour and nothing more.",
    exceptions: "None.",
}

rule! {
    pub static TIME_3: "TIME-3", "A further hour takes more than thirty minutes",
    basis: Quoted, cites: ["IOM12", "AAPC-TIPS"],
    says: "An additional hour is reported only for more than 30 minutes past a whole hour: 91 to 150 minutes earn one, 151 to 210 two, and so on.",
    why: "A started hour counts only when more than half of it was used.",
    example: "162 minutes of oxaliplatin are the first hour and two additional ones.",
    exceptions: "Exactly 30 minutes past the hour earn nothing more (TIME-9).",
}

rule! {
    pub static TIME_5: "TIME-5", "A further drug needs sixteen minutes to be an infusion",
    basis: Secondary, cites: ["AAPC-TIPS"],
    says: "The first-hour code of a further drug takes 16 minutes; a shorter one is an additional push.",
    why: "The push limit is the same for the first drug and for every other.",
    example: "An antibiotic over 15 minutes before chemotherapy is an additional push.",
    exceptions: "None.",
}

rule! {
    pub static TIME_9: "TIME-9", "Ninety minutes exactly are one hour",
    basis: Primary, cites: ["IOM12"],
    status: Status::Informational,
    says: "Published tables that grant the additional hour at 90 minutes are wrong by one minute; it begins at 91.",
    why: "The rule asks for more than 30 minutes past the hour.",
    example: "Azithromycin from 11:34 to 13:04 earns no additional hour.",
    exceptions: "None.",
}

pub(super) static RULES: &[&Rule] = &[&TIME_1, &TIME_2, &TIME_3, &TIME_5, &TIME_9];

/// Whether an infusion of so many minutes is a push (rule TIME-1).
pub(super) fn is_push(minutes: i64, parameters: &AdministrationParameters) -> bool {
    minutes <= *parameters.push_minutes_max
}

/// Additional hours after a first one, rounded **down** at the 31-minute mark (rule TIME-3).
pub(super) fn additional_hours(minutes: i64, parameters: &AdministrationParameters) -> u32 {
    let past = minutes - *parameters.additional_hour_after_minutes - 1;
    // The hour is a positive parameter; minutes of one visit stay far below the range of u32.
    u32::try_from(past.max(0) / (*parameters.hour_minutes).max(1)).unwrap_or(u32::MAX)
}

/// Hours of an infusion whose drug already has its first hour: all of them are additional.
pub(super) fn later_hours(minutes: i64, shortest: i64, parameters: &AdministrationParameters) -> u32 {
    if minutes < shortest { 0 } else { 1 + additional_hours(minutes, parameters) }
}

/// Notes the additional hours of an infusion, or why there are none.
pub(super) fn note_hours(coding: &mut Coding<'_>, subject: Subject, minutes: i64, hours: u32) {
    let parameter = &coding.policy.administration.additional_hour_after_minutes;
    let facts = [
        fact::derived("minutes", Value::Minutes(minutes)),
        fact::derived("hours", Value::Count(i64::from(hours))),
        fact::parameter("past", Value::Minutes(**parameter), parameter),
    ];
    if hours > 0 {
        let text = "{minutes} minutes earn {hours} additional hour(s): each takes more than {past} minutes past a whole hour.";
        coding.result.trail.fired(&TIME_3, subject, text, &facts);
    } else if minutes > *coding.policy.administration.hour_minutes {
        let text = "{minutes} minutes earn no additional hour: not more than {past} minutes past the first.";
        coding.result.trail.declined(&TIME_3, subject, text, &facts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::PolicyBook;

    #[test]
    fn hours_begin_at_the_thirty_first_minute() {
        let book = PolicyBook::embedded().expect("the embedded policies");
        let policy = book.at(crate::domain::time::date(2025, 1, 1), "medicare").expect("medicare");
        let parameters = &policy.administration;
        for (minutes, hours) in
            [(0, 0), (16, 0), (90, 0), (91, 1), (150, 1), (151, 2), (210, 2), (211, 3), (312, 4), (540, 8)]
        {
            assert_eq!(additional_hours(minutes, parameters), hours, "{minutes}");
        }
        for (minutes, hours) in [(30, 0), (31, 1), (90, 1), (91, 2), (150, 2)] {
            assert_eq!(later_hours(minutes, 31, parameters), hours, "{minutes}");
        }
        assert!(is_push(15, parameters) && !is_push(16, parameters));
    }
}
