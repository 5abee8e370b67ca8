//! Bags of several sizes, each of which has a code of its own: the salines of 250, 500 and 1000 mL (rule L-05).

use super::*;
use crate::domain::billing::BillingUnit;
use crate::domain::drug::Container;
use crate::domain::quantity::{Decimal, Measure, Quantity};
use crate::rules::drug_line::life_cycle::L_05;

/// Whether the bags of a drug are of several codes: then one code would bill all of them, so nothing is billed until
/// each size is a drug of its own.
pub(super) fn are_several(coding: &mut Coding<'_>, asked: &Asked<'_>, found: &[&CodeVersion]) -> bool {
    let containers = &asked.drug.containers;
    if containers.len() < 2 || found.len() < 2 {
        return false;
    }
    let mut sizes: Vec<(HcpcsCode, usize)> = Vec::new();
    for (place, container) in containers.iter().enumerate() {
        let Some(code) = code_of(found, container) else { return false };
        sizes.push((code, place));
    }
    let (first, _) = sizes[0];
    let Some((other, _)) = sizes.iter().find(|(code, _)| *code != first).copied() else { return false };
    let facts = [
        fact::given("drug", Value::Of(asked.field(""))),
        fact::catalog("code", Value::Code(first)),
        fact::catalog("other", Value::Code(other)),
    ];
    let text = "The containers of {drug} are of several sizes, and each size has a code of its own, such as {code} and {other}: state each size as a drug of its own, with its part of the dose; until then no line is billed";
    let field = asked.field("containers");
    coding.find(Severity::Block, Reason::AmbiguousProduct, field, &L_05, text, &facts);
    let possibilities = given_whole(asked, &sizes).into_iter().collect();
    let text = "How much of {drug} was given out of each size?";
    ask(coding, field, &L_05, text, &facts, possibilities);
    true
}

/// Whether the containers beside a stated code are also of other codes of its drug.
pub(super) fn are_of_other_codes(coding: &mut Coding<'_>, asked: &Asked<'_>, version: &CodeVersion) -> bool {
    let is_volume = |unit: BillingUnit| unit.quantity.unit.measure() == Measure::Volume;
    if asked.drug.containers.len() < 2 || !version.billing_unit().is_some_and(is_volume) {
        return false;
    }
    let found = named::of_words(coding, asked, &version.name);
    are_several(coding, asked, &found)
}

/// The code whose unit is the volume of a container.
fn code_of(found: &[&CodeVersion], container: &Container) -> Option<HcpcsCode> {
    let volume = container.volume.unwrap_or(container.content);
    let is_it = |version: &&&CodeVersion| {
        let unit = version.billing_unit().map(|unit| unit.quantity);
        let unit = unit.filter(|unit| unit.unit.measure() == Measure::Volume);
        unit.and_then(|unit| unit.compare(volume)).is_some_and(std::cmp::Ordering::is_eq)
    };
    let mut codes = found.iter().filter(is_it);
    let only = codes.next()?;
    codes.next().is_none().then_some(only.code)
}

/// The answer that all bags were given whole, where the dose is what they hold.
fn given_whole(asked: &Asked<'_>, sizes: &[(HcpcsCode, usize)]) -> Option<Possibility<'static>> {
    let containers = &asked.drug.containers;
    let held =
        |container: &Container| container.volume.unwrap_or(container.content).checked_times(container.count);
    let none = Quantity::new(Decimal::ZERO, held(containers.first()?)?.unit);
    let total = containers.iter().try_fold(none, |sum, container| sum.checked_add(held(container)?))?;
    if !asked.drug.dose_administered?.compare(total)?.is_eq() {
        return None;
    }
    let mut parts: Vec<DrugGiven> = Vec::with_capacity(sizes.len());
    for (code, place) in sizes {
        let container = &containers[*place];
        parts.push(DrugGiven {
            code: Some(*code),
            dose_administered: held(container),
            containers: [container.clone()].into_iter().collect(),
            ..asked.drug.clone()
        });
    }
    let (a, d) = asked.at;
    let supply = move |encounter: &mut crate::domain::encounter::Encounter| {
        let drugs = &mut encounter.administrations[usize::from(a)].drugs;
        let mut parts = parts.iter().cloned();
        if let (Some(drug), Some(first)) = (drugs.get_mut(usize::from(d)), parts.next()) {
            *drug = first;
        }
        drugs.extend(parts);
    };
    Some(("each container was given whole".to_owned(), Box::new(supply)))
}
