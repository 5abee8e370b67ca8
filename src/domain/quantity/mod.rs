//! Exact amounts: a decimal number of nine places and a unit.
//!
//! Doses, container contents and billing units are compared and divided as integers. No floating
//! point is involved anywhere, so 0.3 / 0.1 is 3 and 2.1 / 0.7 is 3 (rule U-12).

mod decimal;
mod step;
mod unit;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use decimal::Decimal;
pub use step::{common_divisor, common_divisor_of_words, common_step};
pub use unit::{Measure, Unit};

/// Decimal places that an amount keeps.
pub const DECIMAL_PLACES: usize = 9;

/// Why a text is not an amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    #[error("`{0}` is not a decimal number: give digits with at most one point, such as 705 or 0.3")]
    NotDecimal(String),
    #[error("`{0}` has more than {DECIMAL_PLACES} decimal places")]
    TooPrecise(String),
    #[error(
        "`{0}` is larger than an amount can be: at most 9,000,000,000 can be given, so state it in a larger unit"
    )]
    TooLarge(String),
    #[error(
        "`{0}` is not a unit this service knows: give one such as mg, mcg, g, mL, unit, mCi, mEq or vial"
    )]
    UnknownUnit(String),
}

/// An amount with its unit: `705 mg`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Quantity {
    pub value: Decimal,
    pub unit: Unit,
}

impl Quantity {
    /// An amount from its parts.
    pub const fn new(value: Decimal, unit: Unit) -> Self {
        Self { value, unit }
    }

    /// Reads a number and a unit that stand apart, as they do on the wire.
    ///
    /// # Errors
    /// The first of the two texts that cannot be read.
    pub fn parse(value: &str, unit: &str) -> Result<Self, QuantityError> {
        Ok(Self::new(value.parse()?, unit.parse()?))
    }

    /// The amount in billionths of the measure's smallest unit: exact, and comparable within a measure.
    pub const fn in_base(self) -> i128 {
        self.value.nanos() as i128 * self.unit.base_units()
    }

    /// Whether both amounts measure the same thing, so that they convert.
    pub fn is_same_measure(self, other: Self) -> bool {
        self.unit.measure() == other.unit.measure()
    }

    /// How many `parts` this amount fills, rounded **up**: the billing units of a dose (rule U-02).
    /// Nothing when the measures differ or `parts` is not above zero.
    pub fn divided_rounding_up(self, parts: Self) -> Option<i128> {
        let (dividend, divisor) = self.comparable(parts)?;
        Some(dividend.div_euclid(divisor) + i128::from(dividend.rem_euclid(divisor) != 0))
    }

    /// How many whole `parts` this amount holds, rounded **down**: the units in a container (rule W-03).
    /// Nothing when the measures differ or `parts` is not above zero.
    pub fn divided_rounding_down(self, parts: Self) -> Option<i128> {
        let (dividend, divisor) = self.comparable(parts)?;
        Some(dividend.div_euclid(divisor))
    }

    /// This amount compared with another of the same measure.
    pub fn compare(self, other: Self) -> Option<std::cmp::Ordering> {
        self.is_same_measure(other).then(|| self.in_base().cmp(&other.in_base()))
    }

    /// The sum in this amount's unit; nothing when the measures differ or the sum is not exact in it.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        Self::from_base(self.is_same_measure(other).then(|| self.in_base() + other.in_base())?, self.unit)
    }

    /// The difference in this amount's unit; nothing when the measures differ or it is not exact in it.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        Self::from_base(self.is_same_measure(other).then(|| self.in_base() - other.in_base())?, self.unit)
    }

    /// The amount times a whole count.
    pub fn checked_times(self, count: u32) -> Option<Self> {
        Some(Self::new(self.value.checked_times(count)?, self.unit))
    }

    /// The same amount in another unit of its measure; nothing when it is not exact to nine places.
    pub fn converted_to(self, unit: Unit) -> Option<Self> {
        (self.unit.measure() == unit.measure()).then(|| Self::from_base(self.in_base(), unit))?
    }

    fn comparable(self, parts: Self) -> Option<(i128, i128)> {
        let divisor = parts.in_base();
        (self.is_same_measure(parts) && divisor > 0).then(|| (self.in_base(), divisor))
    }

    fn from_base(base: i128, unit: Unit) -> Option<Self> {
        let nanos = (base % unit.base_units() == 0).then(|| base / unit.base_units())?;
        Some(Self::new(Decimal::from_nanos(i64::try_from(nanos).ok()?), unit))
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.value, self.unit)
    }
}

impl fmt::Debug for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Keeps an error message short and free of control characters, whatever was sent.
fn shortened(text: &str) -> String {
    const CHARACTERS_MAX: usize = 32;
    text.chars().filter(|c| !c.is_control()).take(CHARACTERS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantity(text: &str) -> Quantity {
        let (value, unit) = text.split_once(' ').expect("a number, a blank and a unit");
        Quantity::parse(value, unit).expect("a quantity")
    }

    #[test]
    fn float_traps_divide_exactly() {
        for (dose, unit, units) in [
            ("0.3 mg", "0.1 mg", 3),
            ("2.1 mg", "0.7 mg", 3),
            ("1.1 mg", "0.1 mg", 11),
            ("10.000000001 mg", "10 mg", 2),
            ("5.16 mg", "50 mcg", 104),
            ("2 mg", "5 mcg", 400),
            ("0 mg", "5 mcg", 0),
        ] {
            assert_eq!(quantity(dose).divided_rounding_up(quantity(unit)), Some(units), "{dose}");
        }
    }

    #[test]
    fn measures_do_not_mix() {
        assert_eq!(quantity("5 mg").divided_rounding_up(quantity("5 mL")), None);
        assert_eq!(quantity("5 mg").checked_add(quantity("5 unit")), None);
        assert_eq!(quantity("5 mg").divided_rounding_down(quantity("0 mg")), None);
    }

    #[test]
    fn a_count_is_whole_and_fits() {
        let count = |text: &str| text.parse::<Decimal>().expect(text).whole_count();
        assert_eq!([count("0"), count("50"), count("4294967295")], [Some(0), Some(50), Some(u32::MAX)]);
        assert_eq!([count("0.5"), count("-1"), count("4294967296"), count("1.000000001")], [None; 4]);
    }

    #[test]
    fn numbers_are_read_and_printed_exactly() {
        for text in ["0", "705", "0.3", "-1.5", "0.000000001", "9000000000"] {
            assert_eq!(text.parse::<Decimal>().expect(text).to_string(), text);
        }
        for wrong in ["", ".", "1e3", "1,000", "0.0000000001", "99999999999", "NaN", "+1", "--1"] {
            assert!(wrong.parse::<Decimal>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn becquerels_and_curies_are_one_measure() {
        assert_eq!(quantity("7400 MBq").divided_rounding_up(quantity("1 mCi")), Some(200));
        assert_eq!(quantity("1 mCi").converted_to(Unit::Megabecquerel), Some(quantity("37 MBq")));
    }
}
