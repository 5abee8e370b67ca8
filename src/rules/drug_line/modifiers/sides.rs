//! A line for each side of a drug that both sides got (rule M-12).

use super::{M_12, M_14, put_in_order};
use crate::domain::claim::Line;
use crate::domain::code::Modifier;
use crate::domain::drug::{Container, DrugGiven, Laterality};
use crate::domain::encounter::{Encounter, Route};
use crate::domain::finding::{Reason, Severity};
use crate::domain::quantity::{Decimal, Quantity};
use crate::engine::Coding;
use crate::engine::trail::{Value, fact};
use crate::rules::drug_line::treatment::{Possibility, Treatment, ask};

pub(super) const RIGHT: Modifier = Modifier::of("RT");
pub(super) const LEFT: Modifier = Modifier::of("LT");

/// Puts the lines from `first` on that stand for both sides on one line a side; without an equal share for
/// each they are withheld, and asked about.
pub(in crate::rules::drug_line) fn part(coding: &mut Coding<'_>, treatment: &Treatment<'_>, first: usize) {
    if treatment.laterality != Some(Laterality::Bilateral) || treatment.first().is_unclassified {
        return;
    }
    let both = coding.result.lines.split_off(first);
    if both.iter().any(|line| line.units % 2 != 0) {
        return withhold(coding, treatment);
    }
    for line in both {
        let facts = [fact::derived("units", Value::Count(i64::from(line.units / 2)))];
        let text = "Both eyes got the drug, so each has a line of its own, with RT and LT and {units} units";
        coding.result.trail.fired(&M_12, treatment.subject(), text, &facts);
        for side in [RIGHT, LEFT] {
            let mut line = of_one_side(&line);
            if !line.add_modifier(side) {
                let facts = [fact::derived("modifier", Value::Modifier(side))];
                let text = "{modifier} applies as well and does not fit the four places of the line";
                let field = treatment.field("");
                coding.find(Severity::Warn, Reason::TooManyModifiers, field, &M_14, text, &facts);
            }
            put_in_order(coding.policy, &mut line.modifiers);
            coding.result.lines.push(line);
        }
    }
}

/// Asks which eye got the drug, where the record names none: the line stands without RT or LT until it is told.
pub(in crate::rules::drug_line) fn ask_side(coding: &mut Coding<'_>, treatment: &Treatment<'_>) {
    let is_of_an_eye = treatment.first().administration.route == Some(Route::Intravitreal);
    if !coding.asking || !is_of_an_eye || treatment.laterality.is_some() {
        return;
    }
    let field = treatment.field("laterality");
    let text = "The record does not say which eye got the drug, so its line goes without RT or LT";
    coding.find(Severity::Warn, Reason::MissingModifierFact, field, &M_12, text, &[]);
    let side = |label: &str, laterality| -> Possibility<'_> {
        treatment.possibly(label, move |drug| drug.laterality = Some(laterality))
    };
    let possibilities =
        vec![side("The right eye", Laterality::Right), side("The left eye", Laterality::Left)];
    ask(coding, field, &M_12, "Which eye got the drug?", &[], possibilities);
}

/// Half of a line whose units are even.
fn of_one_side(both: &Line) -> Line {
    let mut line = Line { units: both.units / 2, ..both.clone() };
    for report in line.ndc.iter_mut().chain(&mut line.further_ndcs) {
        report.quantity = halved(report.quantity);
    }
    line.unnamed_quantity = line.unnamed_quantity.map(|(quantity, unit)| (halved(quantity), unit));
    line
}

/// Half of an amount; the last of nine places is rounded **down**.
const fn halved(amount: Decimal) -> Decimal {
    Decimal::from_nanos(amount.nanos() / 2)
}

fn withhold(coding: &mut Coding<'_>, treatment: &Treatment<'_>) {
    let field = treatment.field("laterality");
    let text = "Each eye has a line of its own, and the units of both are no equal number for each. Give each eye as a drug of its own, with its dose and its containers";
    coding.find(Severity::Block, Reason::MissingModifierFact, field, &M_12, text, &[]);
    let what = treatment.field("");
    coding.not_billed(what, &M_12, "Waits for the dose of each eye", &[]);
    let at = treatment.first().at;
    let equal: Possibility<'_> =
        ("The same dose in each".to_owned(), Box::new(move |encounter| share_equally(encounter, at)));
    ask(coding, field, &M_12, "Which dose did each eye get?", &[], vec![equal]);
}

/// Gives each side half of a drug as an entry of its own.
fn share_equally(encounter: &mut Encounter, at: (u16, u16)) {
    let drugs = &mut encounter.administrations[usize::from(at.0)].drugs;
    let both = &drugs[usize::from(at.1)];
    let half = |amount: Quantity| Quantity::new(halved(amount.value), amount.unit);
    let (right, left) = shared(&both.containers);
    let side = |laterality, containers| DrugGiven {
        laterality: Some(laterality),
        dose_administered: both.dose_administered.map(half),
        dose_ordered: both.dose_ordered.map(half),
        containers,
        ..both.clone()
    };
    let sides = (side(Laterality::Right, right), side(Laterality::Left, left));
    drugs[usize::from(at.1)] = sides.0;
    drugs.push(sides.1);
}

/// The containers of each side, where they are as many for both; none otherwise.
fn shared(containers: &[Container]) -> (Vec<Container>, Vec<Container>) {
    if containers.iter().all(|container| container.count % 2 == 0) {
        let half = |container: &Container| Container { count: container.count / 2, ..container.clone() };
        let one: Vec<_> = containers.iter().map(half).collect();
        return (one.clone(), one);
    }
    match containers {
        [right, left] if right.count == left.count => (vec![right.clone()], vec![left.clone()]),
        _ => (Vec::new(), Vec::new()),
    }
}
