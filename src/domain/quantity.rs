//! Exact amounts: a decimal number of nine places and a unit.
//!
//! Doses, container contents and billing units are compared and divided as integers. No floating
//! point is involved anywhere, so 0.3 / 0.1 is 3 and 2.1 / 0.7 is 3 (rule U-12).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Decimal places that an amount keeps.
pub const DECIMAL_PLACES: usize = 9;
const NANO: i128 = 1_000_000_000;

/// Why a text is not an amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    #[error("`{0}` is not a decimal number: give digits with at most one point, such as 705 or 0.3")]
    NotDecimal(String),
    #[error("`{0}` has more than {DECIMAL_PLACES} decimal places")]
    TooPrecise(String),
    #[error("`{0}` is larger than any dose: at most 9,000,000,000 can be given")]
    TooLarge(String),
    #[error(
        "`{0}` is not a unit this service knows: give one such as mg, mcg, g, mL, unit, mCi, mEq or vial"
    )]
    UnknownUnit(String),
}

/// A decimal number with nine exact places, held as a count of billionths.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Decimal(i64);

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self(0);
    /// One.
    pub const ONE: Self = Self(NANO as i64);

    /// A whole number. Panics in a `const` when it does not fit.
    pub const fn whole(number: i32) -> Self {
        Self(number as i64 * NANO as i64)
    }

    /// A number given as a count of billionths.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// The number as a count of billionths.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Whether the number is below zero.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Whether the number is zero.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, or nothing when it does not fit.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The number times a whole count, or nothing when it does not fit.
    pub fn checked_times(self, count: u32) -> Option<Self> {
        self.0.checked_mul(i64::from(count)).map(Self)
    }
}

impl FromStr for Decimal {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let trimmed = text.trim();
        let (negative, digits) = match trimmed.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, trimmed),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if !all_digits(whole) || !all_digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
            return Err(QuantityError::NotDecimal(shortened(text)));
        }
        let fraction = fraction.trim_end_matches('0');
        if fraction.len() > DECIMAL_PLACES {
            return Err(QuantityError::TooPrecise(shortened(text)));
        }
        let mut nanos: i64 = 0;
        let padded = fraction.bytes().chain(std::iter::repeat(b'0')).take(DECIMAL_PLACES);
        for digit in whole.bytes().chain(padded) {
            nanos = nanos
                .checked_mul(10)
                .and_then(|n| n.checked_add(i64::from(digit - b'0')))
                .ok_or_else(|| QuantityError::TooLarge(shortened(text)))?;
        }
        Ok(Self(if negative { -nanos } else { nanos }))
    }
}

impl fmt::Display for Decimal {
    /// Prints without trailing zeros: `705`, `0.3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.0.unsigned_abs();
        let (whole, fraction) = (magnitude / NANO as u64, magnitude % NANO as u64);
        let sign = if self.0 < 0 { "-" } else { "" };
        if fraction == 0 {
            return write!(f, "{sign}{whole}");
        }
        let digits = format!("{fraction:09}");
        write!(f, "{sign}{whole}.{}", digits.trim_end_matches('0'))
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Decimal {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What a unit measures. Amounts convert within one measure only (rule U-05).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    Mass,
    Volume,
    /// Units of biological activity: USP units, international units, anti-Xa units.
    BiologicalUnits,
    Radioactivity,
    Equivalents,
    AmountOfSubstance,
    Area,
    Length,
    Cells,
    PlaqueFormingUnits,
    /// Whole things counted one by one: vials, doses, studies, devices.
    Count,
    Time,
}

macro_rules! units {
    ($($variant:ident $measure:ident $per_base:literal $symbol:literal [$($alias:literal),*]),* $(,)?) => {
        /// A unit of measure. Symbols follow UCUM where it has a customary form.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Unit { $($variant),* }

        impl Unit {
            /// Every unit, in the order of its measure.
            pub const ALL: &'static [Unit] = &[$(Unit::$variant),*];

            /// What the unit measures.
            pub const fn measure(self) -> Measure {
                match self { $(Unit::$variant => Measure::$measure),* }
            }

            /// How many of the measure's smallest unit one of this unit holds.
            pub const fn base_units(self) -> i128 {
                match self { $(Unit::$variant => $per_base),* }
            }

            /// The symbol printed on a claim or in an answer.
            pub const fn symbol(self) -> &'static str {
                match self { $(Unit::$variant => $symbol),* }
            }

            fn from_lower_case(text: &str) -> Option<Unit> {
                Some(match text { $($symbol $(| $alias)* => Unit::$variant,)* _ => return None })
            }
        }
    };
}

units! {
    Nanogram Mass 1 "ng" ["nanogram", "nanograms"],
    Microgram Mass 1_000 "mcg" ["ug", "µg", "μg", "microgram", "micrograms"],
    Milligram Mass 1_000_000 "mg" ["milligram", "milligrams", "mgs"],
    Gram Mass 1_000_000_000 "g" ["gm", "gms", "gram", "grams"],
    Kilogram Mass 1_000_000_000_000 "kg" ["kilogram", "kilograms"],
    Microliter Volume 1 "ul" ["µl", "μl", "microliter", "microliters"],
    Milliliter Volume 1_000 "ml" ["cc", "milliliter", "milliliters", "millilitre"],
    Liter Volume 1_000_000 "l" ["liter", "liters", "litre"],
    BiologicalUnit BiologicalUnits 1 "unit" ["units", "[iu]", "iu", "i.u.", "[usp'u]", "international unit", "international units", "u"],
    ThousandUnits BiologicalUnits 1_000 "1000 units" ["ku", "k[iu]", "thousand units"],
    MillionUnits BiologicalUnits 1_000_000 "million units" ["mu", "m[iu]", "miu"],
    Becquerel Radioactivity 1 "bq" [],
    Kilobecquerel Radioactivity 1_000 "kbq" [],
    Megabecquerel Radioactivity 1_000_000 "mbq" [],
    Gigabecquerel Radioactivity 1_000_000_000 "gbq" [],
    Microcurie Radioactivity 37_000 "uci" ["µci", "μci", "microcurie", "microcuries"],
    Millicurie Radioactivity 37_000_000 "mci" ["millicurie", "millicuries"],
    Curie Radioactivity 37_000_000_000 "ci" ["curie", "curies"],
    Milliequivalent Equivalents 1 "meq" ["milliequivalent", "milliequivalents"],
    Millimole AmountOfSubstance 1 "mmol" ["millimole", "millimoles"],
    SquareCentimeter Area 1 "cm2" ["sq cm", "square centimeter", "square centimeters", "sqcm"],
    Centimeter Length 1 "cm" ["centimeter", "centimeters"],
    Cell Cells 1 "cell" ["cells"],
    MillionCells Cells 1_000_000 "million cells" [],
    PlaqueFormingUnit PlaqueFormingUnits 1 "pfu" ["plaque forming unit", "plaque forming units"],
    MillionPlaqueFormingUnits PlaqueFormingUnits 1_000_000 "million pfu" ["million plaque forming units"],
    Each Count 1 "each" ["ea", "unit dose", "item", "device", "patch", "implant", "kit"],
    Vial Count 1 "vial" ["vials", "container", "ampule", "syringe", "bag"],
    Dose Count 1 "dose" ["doses", "treatment", "therapeutic dose", "study dose", "infusion", "instillation"],
    Day Time 1 "day" ["days"],
    Month Time 30 "month" ["months"],
}

impl FromStr for Unit {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let folded = text.trim().to_lowercase();
        Unit::from_lower_case(&folded).ok_or_else(|| QuantityError::UnknownUnit(shortened(text)))
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            // The table holds folded names; these symbols are customarily printed with capitals.
            Unit::Milliliter => "mL",
            Unit::Microliter => "uL",
            Unit::Liter => "L",
            Unit::Milliequivalent => "mEq",
            Unit::Millicurie => "mCi",
            Unit::Microcurie => "uCi",
            Unit::Curie => "Ci",
            Unit::Becquerel => "Bq",
            Unit::Kilobecquerel => "kBq",
            Unit::Megabecquerel => "MBq",
            Unit::Gigabecquerel => "GBq",
            Unit::PlaqueFormingUnit => "PFU",
            Unit::MillionPlaqueFormingUnits => "million PFU",
            other => other.symbol(),
        })
    }
}

impl Serialize for Unit {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Unit {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
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
        self.value.0 as i128 * self.unit.base_units()
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
        Some(Self::new(Decimal(i64::try_from(nanos).ok()?), unit))
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
