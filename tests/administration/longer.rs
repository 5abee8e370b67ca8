//! What a minute more can change beside the hours of the drug that ran longer.

use infusion_coder::domain::code::HcpcsCode;
use infusion_coder::domain::encounter::{Administration, Encounter};
use infusion_coder::domain::field::Field;
use infusion_coder::engine::CodingResult;
use infusion_coder::engine::trail::{Outcome, Subject, Value};

/// Additional hours that the trail gives to the drug of an administration by its route. Hydration beside another initial
/// service has its first hour among them; where it is the initial service, its code is that hour.
pub fn hours(visit: &Encounter, result: &CodingResult, index: usize) -> i64 {
    let own = &visit.administrations[index];
    let is_same = |at: u16| {
        let other = &visit.administrations[usize::from(at)];
        (&other.drugs, other.route) == (&own.drugs, own.route)
    };
    let steps = result.trail.steps.iter().filter(|step| {
        step.rule.id == "TIME-3"
            && step.outcome == Outcome::Fired
            && matches!(step.subject, Subject::Administration(at) if is_same(at))
    });
    let facts = steps.flat_map(|step| result.trail.facts(&step.note)).filter(|fact| fact.name == "hours");
    let additional: i64 =
        facts.map(|fact| if let Value::Count(hours) = fact.value { hours } else { 0 }).sum();
    let is_first_hour = |line: &&infusion_coder::domain::claim::Line| {
        line.code == HcpcsCode::of("96360") && line.administrations.iter().any(|at| is_same(*at))
    };
    additional + result.lines.iter().filter(is_first_hour).map(|line| i64::from(line.units)).sum::<i64>()
}

/// Services of the drug of an administration that wait for an answer.
pub fn waiting(visit: &Encounter, result: &CodingResult, index: usize) -> Vec<Field> {
    let drugs = &visit.administrations[index].drugs;
    let is_of_drug = |field: Field| matches!(field, Field::Administration(at, _) if visit.administrations[usize::from(at)].drugs == *drugs);
    let waits = result.not_billed.iter().filter(|item| item.note.text.starts_with("Waits"));
    waits.map(|item| item.what).filter(|what| is_of_drug(*what)).collect()
}

/// Bags that go on from an earlier one without a break.
pub fn joined_bags(result: &CodingResult) -> usize {
    let steps = result.trail.steps.iter();
    steps.filter(|step| step.rule.id == "TIME-7" && step.outcome == Outcome::Fired).count()
}

/// Whether the drug of an administration was also begun on another date.
pub fn runs_on_two_dates(visit: &Encounter, index: usize) -> bool {
    let given = &visit.administrations[index];
    let date = |given: &Administration| given.start.map(|start| start.date());
    let is_same = |other: &&Administration| other.drugs == given.drugs;
    visit.administrations.iter().filter(is_same).any(|other| date(other) != date(given))
}

/// Whether the fluid of an administration also ran through another access site.
pub fn is_fluid_of_two_lines(visit: &Encounter, at: usize) -> bool {
    let own = &visit.administrations[at];
    let is_other = |o: &Administration| o.drugs == own.drugs && o.access_site != own.access_site;
    own.drugs.iter().all(|drug| drug.code == Some(HcpcsCode::of("J7030")))
        && visit.administrations.iter().any(is_other)
}
