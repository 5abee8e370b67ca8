//! The amount of a drug that its name states, as `heparin 500 units` or `heparin 100 units/mL 5 mL`.

use crate::domain::drug::DrugGiven;
use crate::domain::quantity::{Decimal, Measure, Quantity};
use crate::rules::drug_line::units::strength::{self, Strength};

/// The amount that was given: the documented dose, else the only one that the name states.
pub(super) fn of(drug: &DrugGiven) -> Option<Quantity> {
    drug.dose_administered.or_else(|| in_name(drug, drug.name.as_deref()?))
}

/// An amount by itself, or a volume beside the strength of a millilitre.
fn in_name(drug: &DrugGiven, name: &str) -> Option<Quantity> {
    let words = words(name);
    let (mut amount, mut volume) = (None, None);
    for at in 0..words.len() {
        let Some(found) = amount_at(&words[at..]) else { continue };
        let is_of_strength = words.get(at + 2) == Some(&"/") || at > 0 && words[at - 1] == "/";
        let place = if found.unit.measure() == Measure::Volume { &mut volume } else { &mut amount };
        // Two amounts of one name settle nothing.
        if !is_of_strength && place.replace(found).is_some() {
            return None;
        }
    }
    amount.or_else(|| times(strength::amount_per_ml(drug)?, volume?))
}

/// The volume that the name states, as `in 50 mL NS`, and neither that of a strength nor one that runs in an hour.
pub(super) fn volume_in_name(drug: &DrugGiven) -> Option<Quantity> {
    let words = words(drug.name.as_deref()?);
    let is_rate = |at: usize| match words.get(at + 2..) {
        Some(["/" | "per", hour, ..]) => {
            ["h", "hr", "hour"].iter().any(|known| hour.eq_ignore_ascii_case(known))
        }
        _ => false,
    };
    let volumes = (0..words.len()).filter(|at| (*at == 0 || words[at - 1] != "/") && !is_rate(*at));
    let volumes = volumes.filter_map(|at| amount_at(&words[at..]));
    volumes.filter(|found| found.unit.measure() == Measure::Volume).max_by_key(|found| found.in_base())
}

/// The drug in a volume of a strength.
fn times(Strength { amount, volume: of }: Strength, volume: Quantity) -> Option<Quantity> {
    let nanos = i128::from(amount.value.nanos()).checked_mul(volume.in_base())? / of.in_base();
    Some(Quantity::new(Decimal::from_nanos(i64::try_from(nanos).ok()?), amount.unit))
}

/// A number and its unit at the front of the words.
fn amount_at(words: &[&str]) -> Option<Quantity> {
    let value = words.first()?.replace(',', "").parse().ok()?;
    Some(Quantity::new(value, words.get(1)?.parse().ok()?))
}

/// Numbers, words and strokes of a name, each by itself: `100units/mL` is `100`, `units`, `/`, `mL`.
fn words(name: &str) -> Vec<&str> {
    let kind = |c: char| match c {
        '0'..='9' | '.' | ',' => 0,
        '/' => 1,
        c if c.is_alphabetic() => 2,
        _ => 3,
    };
    let mut words: Vec<&str> = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| kind(c) != kind(first)).unwrap_or(rest.len());
        words.push(&rest[..end]);
        rest = &rest[end..];
    }
    words.retain(|word| word.chars().next().is_some_and(|first| kind(first) != 3));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_state_the_amount() {
        for (name, amount) in [
            ("heparin 500 units", Some("500 unit")),
            ("heparin 1,000 units IV", Some("1000 unit")),
            ("heparin 100 units/mL 5 mL", Some("500 unit")),
            ("heparin 5mL of 100units/mL", Some("500 unit")),
            ("heparin (500 units, port de-accessed)", Some("500 unit")),
            ("heparin 100 units/mL", None),
            ("heparin 300 units then 5000 units", None),
            ("heparin", None),
            ("", None),
        ] {
            let drug = DrugGiven { name: Some(name.to_owned()), ..DrugGiven::default() };
            assert_eq!(of(&drug).map(|amount| amount.to_string()).as_deref(), amount, "{name}");
        }
    }

    #[test]
    fn what_runs_in_an_hour_is_no_volume_of_the_bag() {
        for (name, volume) in [
            ("D5NS + KCl 20 mEq 125 mL/hr", None),
            ("D5NS + KCl 20 mEq at 125 mL per hour", None),
            ("KCl 20 mEq in 100 mL NS", Some("100 mL")),
            ("NS 1000 mL/8 hr", Some("1000 mL")),
            ("KCl 20 mEq in 1000 mL at 125 mL/h", Some("1000 mL")),
        ] {
            let drug = DrugGiven { name: Some(name.to_owned()), ..DrugGiven::default() };
            assert_eq!(volume_in_name(&drug).map(|it| it.to_string()).as_deref(), volume, "{name}");
        }
    }
}
