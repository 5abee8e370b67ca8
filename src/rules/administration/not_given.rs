//! An administration whose record shows that nothing of any drug was given (rule W-13).

use crate::domain::drug::{DiscardReason, DrugGiven};
use crate::domain::encounter::{Administration, Encounter};
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::engine::Coding;
use crate::engine::trail::{Value, fact};
use crate::rules::drug_line::waste::W_13;

/// Says that an administration of which nothing was given earns no line; reports whether it is one.
///
/// A dose of zero beside minutes of flow contradicts itself, so it is asked which of the two is wrong.
pub(super) fn is_settled(coding: &mut Coding<'_>, index: u16, administration: &Administration) -> bool {
    let drugs = &administration.drugs;
    if drugs.is_empty() || !drugs.iter().all(DrugGiven::is_not_given) {
        return false;
    }
    let text = "Nothing was given, so no administration is billed";
    coding.not_billed(Field::Administration(index, ""), &W_13, text, &[]);
    let is_explained = drugs.iter().any(|drug| drug.discard_reason == Some(DiscardReason::SpoiledOrMissed));
    if has_flow(administration) && !is_explained {
        ask(coding, index, administration);
    }
    true
}

fn has_flow(administration: &Administration) -> bool {
    let ran = administration.start.zip(administration.stop).is_some_and(|(start, stop)| start < stop);
    ran || administration.duration_minutes.is_some_and(|minutes| minutes > 0)
}

fn ask(coding: &mut Coding<'_>, index: u16, administration: &Administration) {
    let field = Field::Drug(index, 0, "dose_administered");
    let facts = [fact::given("drug", Value::Of(field))];
    let text = "The record shows a dose of zero and minutes of flow of {drug}; nothing is billed until it is settled which is right";
    coding.find(Severity::Block, Reason::ContradictoryTimes, field, &W_13, text, &facts);
    let is_ordered = administration.drugs.iter().all(|drug| drug.dose_ordered.is_some());
    coding.ask(field, &W_13, "Was {drug} given?", &facts, |coding| {
        let change = |visit: &mut Encounter, change: fn(&mut DrugGiven)| {
            visit.administrations[usize::from(index)].drugs.iter_mut().for_each(change);
        };
        let missed = coding.answer("No, nothing was given", |visit| {
            change(visit, |drug| drug.discard_reason = Some(DiscardReason::SpoiledOrMissed));
        });
        let given = is_ordered.then(|| {
            coding.answer("Yes, the ordered dose was given", |visit| {
                change(visit, |drug| drug.dose_administered = drug.dose_ordered);
            })
        });
        std::iter::once(missed).chain(given).collect()
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::domain::code::HcpcsCode;
    use crate::domain::encounter::{Route, Setting};
    use crate::domain::quantity::Quantity;
    use crate::domain::time::{date, parse_local_time};
    use crate::engine::{self, CodingResult};
    use crate::policy::PolicyBook;

    fn coded(change: impl FnOnce(&mut Administration)) -> CodingResult {
        let day = date(2025, 11, 3);
        let mut visit = Encounter::new(Setting::PhysicianOffice, day);
        let amount = |text| Quantity::parse(text, "mg").ok();
        let drug = DrugGiven {
            code: Some(HcpcsCode::of("J1745")),
            dose_administered: amount("0"),
            dose_ordered: amount("400"),
            ..DrugGiven::default()
        };
        let mut given = Administration {
            route: Some(Route::IvInfusion),
            start: parse_local_time("2025-11-03T09:00").ok(),
            stop: parse_local_time("2025-11-03T09:45").ok(),
            drugs: vec![drug],
            ..Administration::default()
        };
        change(&mut given);
        visit.administrations.push(given);
        let book = PolicyBook::embedded().expect("the embedded policies");
        engine::code(&visit, &Catalog::embedded(), book.at(day, "medicare").expect("medicare"))
    }

    #[test]
    fn a_dose_of_zero_earns_no_line_and_its_minutes_are_asked_about() {
        let result = coded(|_| {});
        assert!(result.lines.is_empty());
        assert_eq!(result.not_billed.iter().filter(|item| item.rule == &W_13).count(), 2);
        assert!(result.findings.iter().any(|found| found.rule == &W_13 && found.severity == Severity::Block));
        let question = result.questions.iter().find(|question| question.rule == &W_13).expect("a question");
        let codes: Vec<Vec<&str>> = question
            .answers
            .iter()
            .map(|answer| answer.lines.iter().map(|line| line.code.as_str()).collect())
            .collect();
        assert_eq!(codes, [vec![], vec!["96413", "J1745"]]);
    }

    #[test]
    fn a_missed_dose_and_a_push_of_nothing_contradict_nothing() {
        let missed = coded(|given| given.drugs[0].discard_reason = Some(DiscardReason::SpoiledOrMissed));
        let push = coded(|given| (given.route, given.stop) = (Some(Route::IvPush), None));
        for result in [missed, push] {
            assert!(result.lines.is_empty() && result.questions.is_empty());
            assert!(result.findings.iter().all(|finding| finding.severity != Severity::Block));
        }
    }

    #[test]
    fn a_drug_of_a_mixture_that_was_not_given_does_not_lead_it() {
        let result = coded(|given| {
            given.drugs.push(DrugGiven {
                code: Some(HcpcsCode::of("J0696")),
                dose_administered: Quantity::parse("1", "g").ok(),
                ..DrugGiven::default()
            });
        });
        let codes: Vec<&str> = result.lines.iter().map(|line| line.code.as_str()).collect();
        assert_eq!(codes, ["96365", "J0696"]);
    }
}
