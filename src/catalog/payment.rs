//! What Medicare pays separately and how much: OPPS status indicators and Part B payment limits.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::quantity::Decimal;

/// The status indicator of Addendum B: one or two characters such as `K`, `N` or `E1` (rule Z-09).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StatusIndicator([u8; 2]);

impl StatusIndicator {
    /// An indicator written in the program itself or in a data file: one or two ASCII characters.
    pub const fn of(text: &str) -> Option<Self> {
        match text.as_bytes() {
            [first] if first.is_ascii_alphanumeric() => Some(Self([*first, 0])),
            [first, second] if first.is_ascii_alphanumeric() && second.is_ascii_alphanumeric() => {
                Some(Self([*first, *second]))
            }
            _ => None,
        }
    }

    /// The indicator as Addendum B prints it.
    pub fn as_str(&self) -> &str {
        let length = if self.0[1] == 0 { 1 } else { 2 };
        // The constructor admits ASCII only.
        std::str::from_utf8(&self.0[..length]).unwrap_or("?")
    }
}

/// A text that is no status indicator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a status indicator has one or two letters or digits, such as K, N or E1")]
pub struct StatusIndicatorError;

impl FromStr for StatusIndicator {
    type Err = StatusIndicatorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::of(text.trim()).ok_or(StatusIndicatorError)
    }
}

impl fmt::Display for StatusIndicator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for StatusIndicator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The Part B payment limit of a code in a quarter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentLimit {
    /// Dollars for one billing unit, exact.
    pub dollars: Decimal,
    /// Percent of the limit that the patient owes; below 20 where adjusted for inflation.
    pub coinsurance_percent: Option<Decimal>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indicators_have_one_or_two_characters() {
        for text in ["K", "N", "E1", "K1"] {
            assert_eq!(text.parse::<StatusIndicator>().map(|s| s.to_string()).as_deref(), Ok(text));
        }
        for wrong in ["", "E11", "-", "é"] {
            assert!(wrong.parse::<StatusIndicator>().is_err(), "{wrong}");
        }
    }
}
