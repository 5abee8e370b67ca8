//! Finds the supported service that a wrongly billed code stands in for.

use super::Case;
use super::compare::{Claimed, Rest, less};
use super::nature::{Nature, Place};
use super::product;
use crate::domain::quantity::Decimal;

/// Wrong codes with the right ones, and what stands alone.
#[derive(Debug, Default)]
pub(super) struct Paired {
    pub pairs: Vec<(Rest, Rest)>,
    pub excess: Vec<Rest>,
    pub shortage: Vec<Rest>,
}

/// How well two rests fit: a higher one is taken first; nothing when they cannot be one service.
type Fit = u32;

/// The same service on another date.
const FIT_OTHER_DATE: Fit = 8;
/// The same on another date in as many units.
const FIT_MOVED_WHOLE: Fit = 10;
/// A code that stands in for another without being related to it.
const FIT_ONLY_ONES: Fit = 1;
/// A drug code of the same product under another code.
const FIT_RELATED: Fit = 4;
/// Each thing that two services have in common.
const FIT_ALIKE: Fit = 2;
/// A further hour in place of a service of its kind, or the other way round.
const FIT_HOUR: Fit = 3;

/// Pairs what is billed too much with what is missing, the best fit first. Only a line that states its date can have
/// the wrong one.
pub(super) fn pair(
    case: &Case<'_>,
    mut excess: Vec<Rest>,
    mut shortage: Vec<Rest>,
    is_dated: impl Fn(&Rest) -> bool,
) -> Paired {
    let mut pairs = Vec::new();
    while let Some((billed, supported)) = best(case, &excess, &shortage, &is_dated) {
        let (billed_rest, supported_rest) = (&mut excess[billed], &mut shortage[supported]);
        let is_moved = billed_rest.key.code == supported_rest.key.code;
        let is_part = is_moved || billed_rest.is_shared || supported_rest.is_shared;
        let common = billed_rest.units.min(supported_rest.units);
        pairs.push(if is_part {
            (split_off(billed_rest, common), split_off(supported_rest, common))
        } else {
            let (billed_units, supported_units) = (billed_rest.units, supported_rest.units);
            (split_off(billed_rest, billed_units), split_off(supported_rest, supported_units))
        });
        excess.retain(|rest| !rest.units.is_zero());
        shortage.retain(|rest| !rest.units.is_zero());
    }
    Paired { pairs, excess, shortage }
}

/// Takes units off a rest, as a rest of their own.
fn split_off(rest: &mut Rest, units: Decimal) -> Rest {
    rest.units = less(rest.units, units);
    Rest { units, ..rest.clone() }
}

fn best(
    case: &Case<'_>,
    excess: &[Rest],
    shortage: &[Rest],
    is_dated: impl Fn(&Rest) -> bool,
) -> Option<(usize, usize)> {
    let mut best: Option<(Fit, usize, usize)> = None;
    for (b, billed) in excess.iter().enumerate() {
        for (s, supported) in shortage.iter().enumerate() {
            let fit = match moved(billed, supported) {
                Some(fit) if is_dated(billed) => fit,
                _ => match fit(case, billed, supported, (excess, shortage)) {
                    Some(fit) => fit,
                    None => continue,
                },
            };
            if best.is_none_or(|(known, _, _)| fit > known) {
                best = Some((fit, b, s));
            }
        }
    }
    best.map(|(_, b, s)| (b, s))
}

/// The last of the lines that only repeat another one, where what is billed too much is just what they repeat.
pub(super) fn duplicate<'a>(rest: &Rest, claimed: &'a [Claimed]) -> Option<&'a Claimed> {
    let alike = |one: &Claimed, other: &Claimed| {
        (one.key, one.units, &one.modifiers) == (other.key, other.units, &other.modifiers)
    };
    claimed.iter().filter(|line| line.key == rest.key).rev().find(|line| {
        let count = claimed.iter().filter(|other| alike(line, other)).count();
        let repeated = u32::try_from(count.saturating_sub(1)).ok().filter(|count| *count > 0);
        repeated.and_then(|count| line.units.checked_times(count)) == Some(rest.units)
    })
}

/// How well a service on one date fits the same on another.
fn moved(billed: &Rest, supported: &Rest) -> Option<Fit> {
    let service = |rest: &Rest| (rest.key.code, rest.key.discarded);
    let is_moved = service(billed) == service(supported) && billed.key.date != supported.key.date;
    is_moved.then_some(if billed.units == supported.units { FIT_MOVED_WHOLE } else { FIT_OTHER_DATE })
}

fn fit(case: &Case<'_>, billed: &Rest, supported: &Rest, all: (&[Rest], &[Rest])) -> Option<Fit> {
    let (wrong, right) = (billed.key, supported.key);
    if wrong.date != right.date || wrong.code == right.code || wrong.discarded != right.discarded {
        return None;
    }
    let nature = |code| Nature::of(code, &case.policy.administration);
    match (nature(wrong.code), nature(right.code)) {
        (Some(wrong), Some(right)) if wrong.can_stand_in_for(right) => {
            let is_hours_alike = (wrong.place == Place::Hour) == (right.place == Place::Hour);
            Some(if is_hours_alike { FIT_ALIKE * wrong.likeness(right) } else { FIT_HOUR })
        }
        (Some(wrong), Some(right)) => {
            let is_hour = [wrong, right].iter().any(|nature| nature.place == Place::Hour);
            let count = |rests: &[Rest]| rests.iter().filter(|rest| nature(rest.key.code).is_some()).count();
            (!is_hour && (count(all.0), count(all.1)) == (1, 1)).then_some(FIT_ONLY_ONES)
        }
        (None, None) if !billed.is_shared && !supported.is_shared => {
            if product::are_related(case, wrong.code, right.code) {
                return Some(FIT_RELATED);
            }
            let of_drug =
                |rest: &&Rest| nature(rest.key.code).is_none() && rest.key.discarded == wrong.discarded;
            let count = |rests: &[Rest]| rests.iter().filter(of_drug).count();
            (count(all.0) == 1 && count(all.1) == 1).then_some(FIT_ONLY_ONES)
        }
        _ => None,
    }
}
