//! One dose that may be charted twice: two records of the same drugs by the same way at the same time (rule U-17).

use crate::domain::drug::DrugGiven;
use crate::domain::encounter::{Administration, Route};
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::engine::Coding;
use crate::engine::trail::{Value, fact};
use crate::rules::drug_line::units::U_17;

/// Names each record that says no more than one before it. The lines stand, for nothing in the record denies the dose.
///
/// A vein takes one syringe after another, so two records of one minute are mostly one dose of a pump's log and a nurse's;
/// injections elsewhere are often two at once, one in each side.
pub(super) fn check(coding: &mut Coding<'_>) {
    let administrations = &coding.encounter.administrations;
    let mut minutes: u64 = 0;
    for (at, later) in administrations.iter().enumerate() {
        let Some(start) = later.start.filter(|_| is_doubtful(later)) else { continue };
        // Starts have a bit each by their minute, so that most have nothing before them to be compared with.
        let minute_of_day = start.hour() as u32 * MINUTES_OF_AN_HOUR + start.minute() as u32;
        let minute = 1 << (minute_of_day % u64::BITS);
        let is_new = minutes & minute == 0;
        minutes |= minute;
        if is_new {
            continue;
        }
        let first = administrations[..at].iter().position(|earlier| says_the_same(earlier, later));
        if let Some(first) = first {
            doubt(coding, first as u16, at as u16);
        }
    }
}

const MINUTES_OF_AN_HOUR: u32 = 60;

/// Whether a second record of it may be a slip: it is by vein, and a dose is told.
fn is_doubtful(administration: &Administration) -> bool {
    let is_by_vein = matches!(administration.route, Some(Route::IvPush | Route::IvInfusion));
    let is_told = |drug: &DrugGiven| drug.dose_administered.is_some_and(|dose| !dose.value.is_zero());
    is_by_vein && administration.drugs.iter().any(is_told)
}

fn says_the_same(earlier: &Administration, later: &Administration) -> bool {
    // The start differs between nearly all.
    earlier.start == later.start
        && (earlier.route, earlier.stop) == (later.route, later.stop)
        && (earlier.duration_minutes, earlier.visit_number) == (later.duration_minutes, later.visit_number)
        && earlier.access_site == later.access_site
        && earlier.drugs == later.drugs
}

fn doubt(coding: &mut Coding<'_>, first: u16, at: u16) {
    let field = Field::Administration(at, "");
    let facts = [
        fact::given("first", Value::Of(Field::Administration(first, ""))),
        fact::given("second", Value::Of(field)),
    ];
    let text = "{second} says the same as {first}, to the minute and the dose: if it is one dose charted twice, its units are billed twice here. Confirm that both were given, or take one out.";
    coding.find(Severity::Warn, Reason::DocumentationGap, field, &U_17, text, &facts);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::domain::code::HcpcsCode;
    use crate::domain::encounter::{Encounter, Setting};
    use crate::domain::quantity::Quantity;
    use crate::domain::time::{date, parse_local_time};
    use crate::engine;
    use crate::policy::PolicyBook;

    /// How often one of two doses of ceftriaxone is named, the second one changed.
    fn named(route: Route, change: impl FnOnce(&mut Administration)) -> usize {
        let first = Administration {
            route: Some(route),
            start: parse_local_time("2025-11-03T09:00").ok(),
            drugs: vec![DrugGiven {
                code: Some(HcpcsCode::of("J0696")),
                dose_administered: Quantity::parse("1", "g").ok(),
                ..DrugGiven::default()
            }],
            ..Administration::default()
        };
        let mut second = Administration { id: "2".to_owned(), ..first.clone() };
        change(&mut second);
        let mut visit = Encounter::new(Setting::PhysicianOffice, date(2025, 11, 3));
        visit.administrations = vec![first, second];
        let book = PolicyBook::embedded().expect("the embedded policies");
        let policy = book.at(visit.service_date, "medicare").expect("a policy");
        let result = engine::code(&visit, &Catalog::embedded(), policy);
        result.findings.iter().filter(|found| found.rule.id == U_17.id).count()
    }

    #[test]
    fn one_dose_charted_twice_is_named_and_two_doses_are_not() {
        assert_eq!(named(Route::IvPush, |_| {}), 1);
        assert_eq!(named(Route::IvPush, |later| later.start = parse_local_time("2025-11-03T09:01").ok()), 0);
        assert_eq!(named(Route::IvPush, |later| later.access_site = Some("port".to_owned())), 0);
        assert_eq!(named(Route::IvPush, |later| later.start = None), 0);
        let half = |later: &mut Administration| {
            later.drugs[0].dose_administered = Quantity::parse("500", "mg").ok();
        };
        assert_eq!(named(Route::IvPush, half), 0);
        // One in each thigh.
        assert_eq!(named(Route::Intramuscular, |_| {}), 0);
    }
}
