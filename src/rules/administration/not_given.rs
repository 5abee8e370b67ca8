//! An administration whose record shows that nothing of any drug was given (rule W-13).

use super::timeline::TIME_6;
use crate::domain::drug::{DiscardReason, DrugGiven};
use crate::domain::encounter::Administration;
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::domain::quantity::{Decimal, Quantity, Unit};
use crate::engine::Coding;
use crate::engine::trail::{NotedFact, Value, fact};
use crate::rules::drug_line::waste::W_13;
use crate::rules::given::{self, Given};

/// Says that an administration of which nothing was given earns no line; reports whether it is one.
///
/// A dose of zero beside minutes of flow contradicts itself, and words may say that the drug was not given or only held
/// for a while; so it is asked.
pub(super) fn is_settled(coding: &mut Coding<'_>, index: u16, administration: &Administration) -> bool {
    let drugs = &administration.drugs;
    let (mut nothing, mut open, mut others) = (!drugs.is_empty(), None, None);
    for (place, drug) in drugs.iter().enumerate() {
        match given::of(coding, drug) {
            Given::Yes => nothing = false,
            Given::WithPause => {
                nothing = false;
                doubt_pause(coding, index, place as u16);
            }
            Given::No => {}
            Given::ByOthers => others = others.or(Some(place as u16)),
            Given::Open => open = open.or(Some(place as u16)),
        }
    }
    let what = Field::Administration(index, "");
    if let Some(place) = open {
        coding.not_billed(what, &W_13, "Waits for whether the drug was given.", &[]);
        ask_of_words(coding, index, place);
        return true;
    }
    if !nothing {
        return false;
    }
    if let Some(place) = others {
        say_of_others(coding, index, place);
        return true;
    }
    coding.not_billed(what, &W_13, "Nothing was given, so no administration is billed", &[]);
    if has_flow(administration) && !drugs.iter().any(given::is_explained) {
        ask_of_flow(coding, index, administration);
    }
    true
}

/// Whether no drug of an administration was surely given.
pub(super) fn may_be_nothing(coding: &Coding<'_>, administration: &Administration) -> bool {
    let drugs = &administration.drugs;
    let is_nothing =
        |drug: &DrugGiven| matches!(given::of(coding, drug), Given::No | Given::ByOthers | Given::Open);
    !drugs.is_empty() && drugs.iter().all(is_nothing)
}

/// Says of a drug that others gave that it is theirs to bill.
fn say_of_others(coding: &mut Coding<'_>, index: u16, place: u16) {
    let what = Field::Administration(index, "");
    let facts = [fact::given("drug", Value::Of(Field::Drug(index, place, "")))];
    let text = "The record says {drug}: others gave it before the patient came, so it is not billed here. Correct the name where it was given here.";
    coding.find(Severity::Warn, Reason::OutsideScope, what, &W_13, text, &facts);
    coding.not_billed(what, &W_13, text, &facts);
}

fn has_flow(administration: &Administration) -> bool {
    let ran = administration.start.zip(administration.stop).is_some_and(|(start, stop)| start < stop);
    ran || administration.duration_minutes.is_some_and(|minutes| minutes > 0)
}

/// Warns of a pause that only the name tells of: its minutes count as flow (rule TIME-6).
fn doubt_pause(coding: &mut Coding<'_>, index: u16, place: u16) {
    let administration = &coding.encounter.administrations[usize::from(index)];
    if administration.interruptions.is_empty() && has_flow(administration) {
        let facts = [fact::given("drug", Value::Of(Field::Drug(index, place, "")))];
        let text = "The record says {drug}, which tells of a pause, and none is recorded, so its minutes count as flow. Record when it began and ended.";
        let field = Field::Administration(index, "interruptions");
        coding.find(Severity::Warn, Reason::ContradictoryTimes, field, &TIME_6, text, &facts);
    }
}

/// Asks whether drugs were given that minutes of flow speak for, and a dose of zero or words against.
fn ask_of_flow(coding: &mut Coding<'_>, index: u16, administration: &Administration) {
    let by_dose = administration.drugs.iter().position(DrugGiven::is_not_given);
    let (place, name) = by_dose.map_or((0, "name"), |place| (place as u16, "dose_administered"));
    let field = Field::Drug(index, place, name);
    let facts = [fact::given("drug", Value::Of(field))];
    let text = if by_dose.is_some() {
        "The record shows a dose of zero and minutes of flow of {drug}; nothing is billed until it is settled which is right"
    } else {
        "The record says {drug}, which was not given then, and shows minutes of flow; nothing is billed until it is settled which is right"
    };
    coding.find(Severity::Block, Reason::ContradictoryTimes, field, &W_13, text, &facts);
    ask(coding, index, field, &facts);
}

/// Asks whether a drug was given whose name may say that it was not.
fn ask_of_words(coding: &mut Coding<'_>, index: u16, place: u16) {
    let field = Field::Drug(index, place, "name");
    let facts = [fact::given("drug", Value::Of(field))];
    let text = "The record says {drug}, which may mean that it was not given, or has a dose that was; nothing is billed until it is settled. Correct the name or the dose.";
    coding.find(Severity::Block, Reason::ContradictoryTimes, field, &W_13, text, &facts);
    ask(coding, index, field, &facts);
}

/// Asks whether the drugs of an administration were given; a dose of zero is answered only where an order tells another.
fn ask(coding: &mut Coding<'_>, index: u16, field: Field, facts: &[NotedFact]) {
    let drugs = &coding.encounter.administrations[usize::from(index)].drugs;
    let is_told = |drug: &DrugGiven| !drug.is_not_given() || drug.dose_ordered.is_some();
    let is_answerable = drugs.iter().all(is_told);
    let names: Vec<Option<String>> = drugs.iter().map(|drug| given::bare_name(coding, drug)).collect();
    coding.ask(field, &W_13, "Was the drug given that the record has as {drug}?", facts, |coding| {
        let missed = coding.answer("No, nothing was given", |visit| {
            for drug in &mut visit.administrations[usize::from(index)].drugs {
                let unit =
                    drug.dose_administered.or(drug.dose_ordered).map_or(Unit::Milligram, |dose| dose.unit);
                drug.dose_administered = Some(Quantity::new(Decimal::ZERO, unit));
                drug.discard_reason = Some(DiscardReason::SpoiledOrMissed);
            }
        });
        let given = is_answerable.then(|| {
            coding.answer("Yes, it was given", |visit| {
                let drugs = &mut visit.administrations[usize::from(index)].drugs;
                for (drug, name) in drugs.iter_mut().zip(names) {
                    drug.name = name;
                    if drug.is_not_given() {
                        drug.dose_administered = drug.dose_ordered;
                    }
                }
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
    use crate::domain::encounter::{Encounter, Route, Setting};
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

    #[test]
    fn words_of_a_name_speak_on_both_tracks() {
        let named = |name: &str, minutes: bool| {
            coded(|given| {
                let drug = &mut given.drugs[0];
                (drug.name, drug.dose_administered) = (Some(name.to_owned()), None);
                given.stop = given.stop.filter(|_| minutes);
            })
        };
        let refused = named("Remicade, pt refused", false);
        assert!(refused.lines.is_empty() && refused.questions.is_empty());
        assert_eq!(refused.not_billed.iter().filter(|item| item.rule == &W_13).count(), 2);
        let open = named("Remicade infusion held", true);
        let question = open.questions.iter().find(|question| question.rule == &W_13).expect("a question");
        let codes = |answer: usize| -> Vec<&str> {
            question.answers[answer].lines.iter().map(|line| line.code.as_str()).collect()
        };
        assert!(open.lines.is_empty() && codes(0).is_empty());
        assert_eq!(codes(1), ["96413"]);
        let given = named("Remicade rate held", true);
        assert!(given.not_billed.iter().all(|item| item.rule != &W_13));
    }
}
