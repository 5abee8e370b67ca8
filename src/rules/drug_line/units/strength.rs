//! How much drug a millilitre holds: as stated, by percent, by the container, or as the name says (rule U-06).

use crate::domain::drug::DrugGiven;
use crate::domain::quantity::{Decimal, Measure, Quantity, Unit};

/// Milligrams in a millilitre of a one-percent solution.
const MG_PER_ML_OF_ONE_PERCENT: u32 = 10;

const ONE_MILLILITER: Quantity = Quantity::new(Decimal::ONE, Unit::Milliliter);

/// An amount of drug and the volume that holds it: 120 mg in 1.7 mL have no exact amount in one millilitre.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strength {
    pub amount: Quantity,
    /// What holds the amount; above zero.
    pub volume: Quantity,
}

impl From<Quantity> for Strength {
    /// The amount in one millilitre.
    fn from(amount: Quantity) -> Self {
        Self { amount, volume: ONE_MILLILITER }
    }
}

impl Strength {
    fn of(amount: Quantity, volume: Quantity) -> Option<Self> {
        let is_volume = volume.unit.measure() == Measure::Volume && volume.in_base() > 0;
        is_volume.then_some(Self { amount, volume })
    }

    /// Whether two texts state one strength, as 4 mg/mL and 8 mg/2 mL do.
    fn is_same(self, other: Self) -> bool {
        let product = |one: Self, other: Self| one.amount.in_base().checked_mul(other.volume.in_base());
        self.amount.unit.measure() == other.amount.unit.measure()
            && product(self, other).is_some_and(|one| product(other, self) == Some(one))
    }
}

/// The strength of a drug, where the request tells it.
pub fn amount_per_ml(drug: &DrugGiven) -> Option<Strength> {
    drug.amount_per_ml
        .map(Strength::from)
        .or_else(|| of_percent(drug.percent_strength?).map(Strength::from))
        .or_else(|| of_container(drug))
        .or_else(|| in_name(drug.name.as_deref()?))
}

fn of_percent(percent: Decimal) -> Option<Quantity> {
    Some(Quantity::new(percent.checked_times(MG_PER_ML_OF_ONE_PERCENT)?, Unit::Milligram))
}

fn of_container(drug: &DrugGiven) -> Option<Strength> {
    let container = drug.containers.first()?;
    Strength::of(container.content, container.volume?)
}

/// The strength that a name states: `dexamethasone 4 mg/mL`, `pegfilgrastim 6 mg/0.6 mL`, `bupivacaine 0.5 %`.
///
/// Two different strengths in one name settle nothing.
pub fn in_name(name: &str) -> Option<Strength> {
    if !name.contains(['%', '/']) {
        return None;
    }
    let words = words(name);
    let mut found: Option<Strength> = None;
    for at in 0..words.len() {
        let Some(strength) = strength_at(&words[at..]) else { continue };
        if found.is_some_and(|known| !known.is_same(strength)) {
            return None;
        }
        found = found.or(Some(strength));
    }
    found
}

/// The strength of a name in a measure, where the name states several things: `sodium chloride 0.9% with KCl 20 mEq/L`,
/// and `potassium chloride 20 mEq in sodium chloride 0.9 % 1,000 mL`.
pub fn in_name_by(name: &str, measure: Measure) -> Option<Strength> {
    if measure == Measure::Volume {
        return None;
    }
    let words = words(name);
    let is_it = |amount: &Quantity| amount.unit.measure() == measure;
    let strengths = (0..words.len()).filter_map(|at| strength_at(&words[at..]));
    let mut found: Vec<Strength> = strengths.filter(|strength| is_it(&strength.amount)).collect();
    if found.is_empty() {
        let amounts = amounts_in_name(name);
        let is_volume = |amount: &&Quantity| amount.unit.measure() == Measure::Volume;
        let mut volumes = amounts.iter().filter(is_volume);
        let mut own = amounts.iter().filter(|amount| is_it(amount));
        let is_mixed = words.iter().any(|word| word.eq_ignore_ascii_case("in"));
        if let (true, Some(amount), None, Some(volume), None) =
            (is_mixed, own.next(), own.next(), volumes.next(), volumes.next())
        {
            found.extend(Strength::of(*amount, *volume));
        }
    }
    let first = *found.first()?;
    found.iter().all(|other| other.is_same(first)).then_some(first)
}

/// `4 mg / mL`, `6 mg / 0.6 mL` or `0.5 %` at the front of the words.
fn strength_at(words: &[&str]) -> Option<Strength> {
    let number = |at: usize| words.get(at)?.replace(',', "").parse::<Decimal>().ok();
    let amount = number(0).filter(|amount| !amount.is_zero())?;
    if *words.get(1)? == "%" {
        return of_percent(amount).map(Strength::from);
    }
    let amount = Quantity::new(amount, words.get(1)?.parse().ok()?);
    if *words.get(2)? != "/" || amount.unit.measure() == Unit::Milliliter.measure() {
        return None;
    }
    let (volume, unit) = match number(3) {
        Some(volume) => (volume, words.get(4)?),
        None => (Decimal::ONE, words.get(3)?),
    };
    Strength::of(amount, Quantity::new(volume, unit.parse().ok()?))
}

/// The amounts that a name states: `Phesgo 600 mg/600 mg` has two, and the volume of a strength is one of its own.
pub fn amounts_in_name(name: &str) -> Vec<Quantity> {
    let words = words(name);
    let number = |word: &str| word.replace(',', "").parse::<Decimal>().ok().filter(|one| !one.is_zero());
    let pairs = words.windows(2);
    pairs.filter_map(|pair| Some(Quantity::new(number(pair[0])?, pair[1].parse().ok()?))).collect()
}

/// Numbers, words and marks of a name, each by itself: `4mg/mL` is `4`, `mg`, `/`, `mL`.
///
/// Numbers that a hyphen joins are the amounts of several drugs, so they are one word and no number; in brackets they only
/// say what the number before them is made of, as in `6 (3-3) MG/ML`, or how large the package is, as in `(3) MG/3ML`.
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
    let is_digit =
        |at: Option<usize>| at.and_then(|at| name.as_bytes().get(at)).is_some_and(u8::is_ascii_digit);
    for (at, c) in name.char_indices() {
        let is_joint = c == '-' && is_digit(at.checked_sub(1)) && is_digit(Some(at + 1));
        let kind = if is_joint { 0 } else { kind(c) };
        if previous.is_some_and(|previous| previous != kind) {
            words.push((start, &name[start..at]));
            start = at;
        }
        previous = Some(kind);
    }
    words.push((start, &name[start..]));
    let is_made_of = |(at, word): &(usize, &str)| {
        let is_number = word.starts_with(|c: char| c.is_ascii_digit());
        let is_closed = || name[at + word.len()..].starts_with(')');
        is_number && name[..*at].ends_with('(') && (word.contains('-') || is_closed())
    };
    words.retain(|word| !word.1.chars().all(|c| kind(c) == 4) && !is_made_of(word));
    words.into_iter().map(|(_, word)| word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Option<String> {
        let drug = DrugGiven { name: Some(name.to_owned()), ..DrugGiven::default() };
        let hundredths = |volume: Quantity| volume.in_base() * 100 / ONE_MILLILITER.in_base();
        amount_per_ml(&drug).map(|Strength { amount, volume }| format!("{amount} in {}", hundredths(volume)))
    }

    #[test]
    fn a_name_may_state_its_strength() {
        for (name, strength) in [
            ("dexamethasone 4 mg/mL", Some("4 mg in 100")),
            ("dexamethasone 4mg/ml", Some("4 mg in 100")),
            ("dexamethasone 4 mg/mL (8 mg/2 mL)", Some("4 mg in 100")),
            ("pegfilgrastim 6 mg/0.6 mL", Some("6 mg in 60")),
            ("denosumab 120 mg/1.7 mL", Some("120 mg in 170")),
            ("heparin 1,000 units/mL", Some("1000 unit in 100")),
            ("bupivacaine 0.5 %", Some("5 mg in 100")),
            ("immune globulin (Privigen) 10%", Some("100 mg in 100")),
            ("200 mcg/mL drug", Some("200 mcg in 100")),
            ("ondansetron 8 mg", None),
            ("lidocaine 1% with epinephrine 0.01 mg/mL", None),
            ("D5 1/2 NS", None),
            ("ketorolac 15 mg / dose", None),
            ("0 mg/mL", None),
            ("BETAMETHASONE SOD PHOS & ACET 6 (3-3) MG/ML", Some("6 mg in 100")),
            ("IPRATROPIUM-ALBUTEROL 0.5-2.5 (3) MG/3ML", None),
            ("Kenalog-40 40 mg/mL", Some("40 mg in 100")),
            ("1 mg/0 mL", None),
        ] {
            assert_eq!(named(name).as_deref(), strength, "{name}");
        }
    }

    #[test]
    fn a_percentage_is_ten_milligrams_a_millilitre() {
        let drug = DrugGiven { percent_strength: "0.5".parse().ok(), ..DrugGiven::default() };
        assert_eq!(amount_per_ml(&drug).map(|s| s.amount.to_string()).as_deref(), Some("5 mg"));
    }
}
