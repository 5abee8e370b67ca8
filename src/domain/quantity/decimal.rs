//! Decimal numbers held as a count of billionths.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{DECIMAL_PLACES, QuantityError, shortened};

/// Billionths in one.
pub(super) const NANO: i128 = 1_000_000_000;

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

    /// The number where it counts whole things.
    pub fn whole_count(self) -> Option<u32> {
        if self.0 % NANO as i64 == 0 { u32::try_from(self.0 / NANO as i64).ok() } else { None }
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
        // Nearly every amount is a few digits and nothing else.
        if let Some(whole) = short_whole(text.as_bytes()) {
            return Ok(Self(whole * NANO as i64));
        }
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
        let number = |digits: &str| {
            let append =
                |number: i64, digit: u8| number.checked_mul(10)?.checked_add(i64::from(digit - b'0'));
            digits.bytes().try_fold(0, append)
        };
        // Zeros after the last digit bring a fraction to billionths.
        let missing_places = (DECIMAL_PLACES - fraction.len()) as u32;
        let nanos = number(whole)
            .and_then(|whole| whole.checked_mul(NANO as i64))
            .and_then(|nanos| nanos.checked_add(number(fraction)? * 10_i64.pow(missing_places)))
            .ok_or_else(|| QuantityError::TooLarge(shortened(text)))?;
        Ok(Self(if negative { -nanos } else { nanos }))
    }
}

/// A whole number of few digits; nothing where the text is anything else.
fn short_whole(digits: &[u8]) -> Option<i64> {
    /// So many digits fit an `i64` as billionths.
    const DIGITS_MAX: usize = 9;
    if digits.is_empty() || digits.len() > DIGITS_MAX {
        return None;
    }
    digits
        .iter()
        .try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0')))
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
