//! How much drug a millilitre holds: as stated, by percent, by the container, or as the name says (rule U-06).

use crate::domain::drug::DrugGiven;
use crate::domain::quantity::{Decimal, Quantity, Unit};

/// Milligrams in a millilitre of a one-percent solution.
const MG_PER_ML_OF_ONE_PERCENT: u32 = 10;

/// One millilitre in the base of its measure.
const ONE_MILLILITER: i128 = Quantity::new(Decimal::ONE, Unit::Milliliter).in_base();

/// The amount of drug in one millilitre, where the request tells it; never an inexact one.
pub fn amount_per_ml(drug: &DrugGiven) -> Option<Quantity> {
    drug.amount_per_ml
        .or_else(|| of_percent(drug.percent_strength?))
        .or_else(|| of_container(drug))
        .or_else(|| in_name(drug.name.as_deref()?))
}

fn of_percent(percent: Decimal) -> Option<Quantity> {
    Some(Quantity::new(percent.checked_times(MG_PER_ML_OF_ONE_PERCENT)?, Unit::Milligram))
}

fn of_container(drug: &DrugGiven) -> Option<Quantity> {
    let container = drug.containers.first()?;
    in_one_milliliter(container.content, container.volume?)
}

/// An amount divided by its volume, where that is exact.
fn in_one_milliliter(amount: Quantity, volume: Quantity) -> Option<Quantity> {
    let volume = (volume.unit.measure() == Unit::Milliliter.measure()).then(|| volume.in_base())?;
    let scaled = i128::from(amount.value.nanos()).checked_mul(ONE_MILLILITER)?;
    let is_exact = volume > 0 && scaled % volume == 0;
    let nanos = is_exact.then(|| i64::try_from(scaled / volume).ok())??;
    Some(Quantity::new(Decimal::from_nanos(nanos), amount.unit))
}

/// The strength that a name states: `dexamethasone 4 mg/mL`, `pegfilgrastim 6 mg/0.6 mL`, `bupivacaine 0.5 %`.
///
/// Two different strengths in one name settle nothing.
fn in_name(name: &str) -> Option<Quantity> {
    if !name.contains(['%', '/']) {
        return None;
    }
    let words = words(name);
    let mut found: Option<Quantity> = None;
    for at in 0..words.len() {
        let Some(strength) = strength_at(&words[at..]) else { continue };
        if found.is_some_and(|known| known.compare(strength) != Some(std::cmp::Ordering::Equal)) {
            return None;
        }
        found = Some(strength);
    }
    found
}

/// The amounts that a name states: `Phesgo 600 mg/600 mg` has two, and the volume of a strength is one of its own.
pub fn amounts_in_name(name: &str) -> Vec<Quantity> {
    let words = words(name);
    let number = |word: &str| word.replace(',', "").parse::<Decimal>().ok().filter(|one| !one.is_zero());
    let pairs = words.windows(2);
    pairs.filter_map(|pair| Some(Quantity::new(number(pair[0])?, pair[1].parse().ok()?))).collect()
}

/// `4 mg / mL`, `6 mg / 0.6 mL` or `0.5 %` at the front of the words.
fn strength_at(words: &[&str]) -> Option<Quantity> {
    let number = |at: usize| words.get(at)?.replace(',', "").parse::<Decimal>().ok();
    let amount = number(0).filter(|amount| !amount.is_zero())?;
    if *words.get(1)? == "%" {
        return of_percent(amount);
    }
    let amount = Quantity::new(amount, words.get(1)?.parse().ok()?);
    if *words.get(2)? != "/" || amount.unit.measure() == Unit::Milliliter.measure() {
        return None;
    }
    let (volume, unit) = match number(3) {
        Some(volume) => (volume, words.get(4)?),
        None => (Decimal::ONE, words.get(3)?),
    };
    in_one_milliliter(amount, Quantity::new(volume, unit.parse().ok()?))
}

/// Numbers, words and marks of a name, each by itself: `4mg/mL` is `4`, `mg`, `/`, `mL`.
fn words(name: &str) -> Vec<&str> {
    let kind = |c: char| match c {
        '0'..='9' | '.' | ',' => 0,
        '%' => 1,
        '/' => 2,
        c if c.is_alphabetic() => 3,
        _ => 4,
    };
    let mut words = Vec::new();
    let mut start = 0;
    let mut previous = None;
    for (at, c) in name.char_indices() {
        if previous.is_some_and(|previous| previous != kind(c)) {
            words.push(&name[start..at]);
            start = at;
        }
        previous = Some(kind(c));
    }
    words.push(&name[start..]);
    words.retain(|word| !word.chars().all(|c| kind(c) == 4));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Option<String> {
        let drug = DrugGiven { name: Some(name.to_owned()), ..DrugGiven::default() };
        amount_per_ml(&drug).map(|strength| strength.to_string())
    }

    #[test]
    fn a_name_may_state_its_strength() {
        for (name, strength) in [
            ("dexamethasone 4 mg/mL", Some("4 mg")),
            ("dexamethasone 4mg/ml", Some("4 mg")),
            ("pegfilgrastim 6 mg/0.6 mL", Some("10 mg")),
            ("heparin 1,000 units/mL", Some("1000 unit")),
            ("bupivacaine 0.5 %", Some("5 mg")),
            ("immune globulin (Privigen) 10%", Some("100 mg")),
            ("200 mcg/mL drug", Some("200 mcg")),
            ("ondansetron 8 mg", None),
            ("lidocaine 1% with epinephrine 0.01 mg/mL", None),
            ("D5 1/2 NS", None),
            ("ketorolac 15 mg / dose", None),
            ("0 mg/mL", None),
            ("1 mg/3 mL", None),
        ] {
            assert_eq!(named(name).as_deref(), strength, "{name}");
        }
    }

    #[test]
    fn a_percentage_is_ten_milligrams_a_millilitre() {
        let drug = DrugGiven { percent_strength: "0.5".parse().ok(), ..DrugGiven::default() };
        assert_eq!(amount_per_ml(&drug).map(|s| s.to_string()).as_deref(), Some("5 mg"));
    }
}
