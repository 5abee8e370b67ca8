//! Whether an infusion is concurrent: how much of it ran together with higher-ranked ones (rule CONC-5).

use super::infusion_time;
use super::sequence::CONC_5;
use super::visit::Visit;
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::engine::Coding;
use crate::engine::trail::{Subject, Value, fact};
use crate::policy::parameters::OverlapRule;

/// What a course shares with higher-ranked infusions.
pub(super) struct Overlap {
    /// Seconds of the course, and those in which it ran alone.
    pub(super) own: i64,
    pub(super) alone: i64,
    /// Whether the record's word stands for clock times.
    pub(super) is_declared: bool,
    /// Whether the record says that it ran together with one of them, whatever the clock shows.
    pub(super) is_said: bool,
}

impl Overlap {
    const fn shared(&self) -> i64 {
        self.own - self.alone
    }

    const fn is_most(&self) -> bool {
        2 * self.shared() > self.own
    }

    const fn is_said_and_most(&self) -> bool {
        self.is_said && self.is_most()
    }
}

/// Whether a course is concurrent, without a word on the trail.
pub(super) fn holds(coding: &Coding<'_>, overlap: &Overlap) -> bool {
    overlap.shared() > 0 && (overlap.is_declared || overlap.is_said_and_most() || by_clock(coding, overlap).0)
}

/// Switch D-3, and its name.
fn by_clock(coding: &Coding<'_>, overlap: &Overlap) -> (bool, &'static str) {
    let parameters = &coding.policy.administration;
    match *parameters.overlap_rule {
        OverlapRule::DeductOverlap => {
            (infusion_time::is_push(overlap.alone / 60, parameters), "deduct the overlap")
        }
        OverlapRule::Majority => (overlap.is_most(), "majority of the minutes"),
        OverlapRule::Min16 => {
            (overlap.shared() / 60 >= *parameters.concurrent_overlap_minutes_min, "sixteen minutes")
        }
        OverlapRule::Any => (true, "any overlap"),
    }
}

/// Applies switch D-3, and shows the overlap that decided (row G-14).
pub(super) fn is_concurrent(
    coding: &mut Coding<'_>,
    visit: &Visit<'_>,
    course: usize,
    overlap: Overlap,
) -> bool {
    let shared = overlap.shared();
    if shared <= 0 {
        return false;
    }
    let first = visit.services[visit.courses[course].first].index;
    let subject = Subject::Administration(first);
    if overlap.is_declared {
        let text = "The record says that this ran together with a higher-ranked infusion, and no clock times tell for how long: concurrent.";
        coding.result.trail.fired(&CONC_5, subject, text, &[]);
        return true;
    }
    if overlap.is_said_and_most() {
        let text = "The record says that this ran together with a higher-ranked infusion, and the clock times show it for most of its minutes: concurrent.";
        coding.result.trail.fired(&CONC_5, subject, text, &[]);
        return true;
    }
    let switch = &coding.policy.administration.overlap_rule;
    let (is_concurrent, label) = by_clock(coding, &overlap);
    let facts = [
        fact::derived("minutes", Value::Minutes(overlap.own / 60)),
        fact::derived("shared", Value::Minutes(shared / 60)),
        fact::derived("left", Value::Minutes(overlap.alone / 60)),
        fact::parameter("rule", Value::Label(label), switch),
    ];
    if is_concurrent {
        let text = "Of {minutes} minutes, {shared} minutes ran together with a higher-ranked infusion and {left} minutes alone: concurrent ({rule}).";
        coding.result.trail.fired(&CONC_5, subject, text, &facts);
    } else {
        let text = "Of {minutes} minutes, {shared} minutes ran together with a higher-ranked infusion and {left} minutes alone: sequential, with the minutes alone ({rule}).";
        coding.result.trail.declined(&CONC_5, subject, text, &facts);
        if overlap.is_most() {
            let text = "Of {minutes} minutes, {shared} ran together with a higher-ranked infusion. Sources disagree on how much overlap makes a drug concurrent; this policy counts the {left} minutes alone ({rule}). State what it ran concurrently with where that was meant.";
            let field = Field::Administration(first, "concurrentWith");
            coding.find(Severity::Info, Reason::DisputedRule, field, &CONC_5, text, &facts);
        }
    }
    is_concurrent
}
