//! Amounts in the measure of a billing unit: exact, and never across measures without a stated strength.

use crate::domain::quantity::{Measure, Quantity};

pub use super::strength::{Strength, amount_per_ml, amounts_in_name, in_name_by};

/// Why an amount cannot be counted in billing units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    #[error(
        "the amount and the billing unit measure different things: state the amount in the measure of the code"
    )]
    Incompatible,
    #[error(
        "a volume becomes an amount of drug only by a concentration: state the amount per mL or the percentage"
    )]
    NoConcentration,
    #[error("the amount is below zero")]
    Negative,
    #[error("the amount is too large to bill")]
    TooLarge,
    #[error("the billing unit is not above zero")]
    NoUnit,
}

/// Which way an amount is rounded when a conversion is not exact to the last place kept.
///
/// Doses go up and container contents go down, by less than a billionth of the smallest unit.
/// Rounding first changes no count of whole units, because the billing unit is a whole number of
/// those billionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastPlace {
    Up,
    Down,
}

/// An amount in billionths of the smallest unit of a measure.
///
/// # Errors
/// When the measures differ and no strength bridges them, or the amount is negative or too large.
#[inline]
pub fn in_measure(
    amount: Quantity,
    measure: Measure,
    per_ml: Option<Strength>,
    last_place: LastPlace,
) -> Result<i128, AmountError> {
    if amount.value.is_negative() {
        return Err(AmountError::Negative);
    }
    // Nearly every amount is in the measure of its code, so the bridge is kept out of the way.
    if amount.unit.measure() == measure {
        return Ok(amount.in_base());
    }
    bridged(amount, measure, per_ml, last_place)
}

/// The same of an amount that is in the measure already and fits one machine word; nothing of any other.
#[inline]
pub fn in_word(amount: Quantity, measure: Measure) -> Option<u64> {
    let nanos = u64::try_from(amount.value.nanos()).ok()?;
    let is_plain = amount.unit.measure() == measure;
    u64::try_from(amount.unit.base_units()).ok().filter(|_| is_plain)?.checked_mul(nanos)
}

/// An amount in another measure, by a strength.
#[inline(never)]
fn bridged(
    amount: Quantity,
    measure: Measure,
    per_ml: Option<Strength>,
    last_place: LastPlace,
) -> Result<i128, AmountError> {
    let (base, from) = (amount.in_base(), amount.unit.measure());
    match per_ml {
        Some(Strength { amount, .. }) if amount.in_base() <= 0 => Err(AmountError::NoConcentration),
        Some(Strength { amount, volume }) if from == Measure::Volume && amount.unit.measure() == measure => {
            scaled(base, amount.in_base(), volume.in_base(), last_place)
        }
        Some(Strength { amount, volume }) if measure == Measure::Volume && amount.unit.measure() == from => {
            scaled(base, volume.in_base(), amount.in_base(), last_place)
        }
        None if from == Measure::Volume || measure == Measure::Volume => Err(AmountError::NoConcentration),
        _ => Err(AmountError::Incompatible),
    }
}

/// `amount × times ÷ by`, with the stated rounding of the last place.
fn scaled(amount: i128, times: i128, by: i128, last_place: LastPlace) -> Result<i128, AmountError> {
    let product = amount.checked_mul(times).ok_or(AmountError::TooLarge)?;
    let whole = product / by;
    let is_inexact = product % by != 0;
    Ok(whole + i128::from(is_inexact && last_place == LastPlace::Up))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantity(value: &str, unit: &str) -> Quantity {
        Quantity::parse(value, unit).expect("a quantity")
    }

    fn milligrams(value: &str) -> i128 {
        quantity(value, "mg").in_base()
    }

    #[test]
    fn a_word_holds_the_same_amount_or_nothing() {
        for (value, unit) in
            [("705", "mg"), ("0.000000001", "ng"), ("18.4", "kg"), ("18.5", "kg"), ("-1", "mg")]
        {
            let amount = quantity(value, unit);
            let word = in_word(amount, Measure::Mass).map(i128::from);
            let exact = in_measure(amount, Measure::Mass, None, LastPlace::Up).ok();
            assert_eq!(word, exact.filter(|exact| *exact <= i128::from(u64::MAX)), "{value} {unit}");
        }
        assert_eq!(in_word(quantity("1", "mL"), Measure::Mass), None);
    }

    #[test]
    fn a_volume_needs_a_concentration() {
        let half = quantity("0.5", "mL");
        assert_eq!(in_measure(half, Measure::Mass, None, LastPlace::Up), Err(AmountError::NoConcentration));
        let strength = Some(quantity("4", "mg").into());
        assert_eq!(in_measure(half, Measure::Mass, strength, LastPlace::Up), Ok(milligrams("2")));
        let grams = Some(quantity("0.004", "g").into());
        assert_eq!(in_measure(half, Measure::Mass, grams, LastPlace::Up), Ok(milligrams("2")));
        let units = Some(quantity("100", "unit").into());
        assert_eq!(in_measure(half, Measure::Mass, units, LastPlace::Up), Err(AmountError::Incompatible));
    }

    #[test]
    fn a_mass_becomes_a_volume_by_the_same_concentration() {
        let strength = Some(quantity("200", "mcg").into());
        let volume = in_measure(quantity("400", "mcg"), Measure::Volume, strength, LastPlace::Up);
        assert_eq!(volume, Ok(quantity("2", "mL").in_base()));
    }

    #[test]
    fn thirty_millilitres_of_half_a_percent_are_150_milligrams() {
        let strength = Some(quantity("5", "mg").into());
        let dose = in_measure(quantity("30", "mL"), Measure::Mass, strength, LastPlace::Up);
        assert_eq!(dose, Ok(milligrams("150")));
    }

    #[test]
    fn measures_never_mix() {
        for (value, unit) in [("5", "unit"), ("5", "mEq"), ("5", "mCi"), ("5", "vial"), ("5", "mmol")] {
            let converted = in_measure(quantity(value, unit), Measure::Mass, None, LastPlace::Up);
            assert_eq!(converted, Err(AmountError::Incompatible), "{unit}");
        }
        assert_eq!(
            in_measure(quantity("-1", "mg"), Measure::Mass, None, LastPlace::Up),
            Err(AmountError::Negative)
        );
    }

    #[test]
    fn the_last_place_goes_the_stated_way() {
        let strength = Some(quantity("0.333333333", "unit").into());
        let third = quantity("0.333333333", "mL");
        let up = in_measure(third, Measure::BiologicalUnits, strength, LastPlace::Up).expect("converts");
        let down = in_measure(third, Measure::BiologicalUnits, strength, LastPlace::Down).expect("converts");
        assert_eq!(up, down + 1);
    }
}
