//! Calendar quarters: the rhythm in which CMS publishes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::time::{Date, date};

/// One calendar quarter, such as 2026Q3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Quarter {
    /// Quarters since the year zero: one number, because tables are searched by quarter.
    index: i32,
}

/// Why a text is not a quarter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not a quarter: give it as YYYYQn, such as 2026Q3")]
pub struct QuarterError;

impl Quarter {
    /// The quarter of a year, where `number` is 1 to 4 and the year has four digits.
    pub fn new(year: i16, number: i8) -> Option<Self> {
        let is_one = (1000..=9998).contains(&year) && (1..=4).contains(&number);
        is_one.then_some(Self { index: i32::from(year) * 4 + i32::from(number) - 1 })
    }

    /// The quarter a date falls in.
    pub fn of(day: Date) -> Self {
        Self { index: i32::from(day.year()) * 4 + (i32::from(day.month()) - 1) / 3 }
    }

    /// The calendar year.
    pub const fn year(self) -> i16 {
        self.index.div_euclid(4) as i16
    }

    /// 1 to 4.
    pub const fn number(self) -> i8 {
        (self.index.rem_euclid(4) + 1) as i8
    }

    /// The month it begins with, 1 to 12.
    pub const fn first_month(self) -> i8 {
        self.number() * 3 - 2
    }

    /// Its first day.
    pub const fn first_day(self) -> Date {
        date(self.year(), self.first_month(), 1)
    }

    /// Its last day.
    pub fn last_day(self) -> Date {
        date(self.year(), self.number() * 3, 1).last_of_month()
    }

    /// Whether a date falls in it.
    pub fn contains(self, day: Date) -> bool {
        Self::of(day) == self
    }

    /// Quarters from an earlier one to this; negative from a later one.
    pub const fn since(self, other: Self) -> i32 {
        self.index - other.index
    }

    /// The quarter after it.
    #[must_use]
    pub const fn next(self) -> Self {
        Self { index: self.index + 1 }
    }

    /// The quarter before it.
    #[must_use]
    pub const fn previous(self) -> Self {
        Self { index: self.index - 1 }
    }
}

impl fmt::Display for Quarter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}Q{}", self.year(), self.number())
    }
}

impl FromStr for Quarter {
    type Err = QuarterError;

    fn from_str(text: &str) -> Result<Self, QuarterError> {
        let (year, number) = text.split_once('Q').ok_or(QuarterError)?;
        let digits = |part: &str, count| part.len() == count && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(year, 4) || !digits(number, 1) {
            return Err(QuarterError);
        }
        let parsed = year.parse().ok().zip(number.parse().ok());
        parsed.and_then(|(year, number)| Self::new(year, number)).ok_or(QuarterError)
    }
}

impl TryFrom<String> for Quarter {
    type Error = QuarterError;

    fn try_from(text: String) -> Result<Self, QuarterError> {
        text.parse()
    }
}

impl From<Quarter> for String {
    fn from(quarter: Quarter) -> Self {
        quarter.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_falls_in_its_quarter() {
        assert_eq!(Quarter::of(date(2025, 9, 30)).to_string(), "2025Q3");
        assert_eq!(Quarter::of(date(2025, 10, 1)).to_string(), "2025Q4");
        let fourth = Quarter::of(date(2025, 12, 31));
        assert_eq!((fourth.first_day(), fourth.last_day()), (date(2025, 10, 1), date(2025, 12, 31)));
        assert!(fourth.contains(date(2025, 11, 3)) && !fourth.contains(date(2026, 1, 1)));
    }

    #[test]
    fn quarters_follow_each_other_over_the_year() {
        let fourth = Quarter::new(2025, 4).expect("a quarter");
        assert_eq!(fourth.next().to_string(), "2026Q1");
        assert_eq!(fourth.next().previous(), fourth);
        assert!(fourth < fourth.next());
    }

    #[test]
    fn only_a_quarter_is_read_as_one() {
        assert_eq!("2026Q1".parse::<Quarter>().map(|read| (read.year(), read.number())), Ok((2026, 1)));
        for wrong in ["", "2026", "2026Q5", "2026Q0", "26Q1", "2026q1", "2026Q01", "+026Q1"] {
            assert_eq!(wrong.parse::<Quarter>(), Err(QuarterError), "{wrong}");
        }
    }
}
