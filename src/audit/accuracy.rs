//! Accuracy as a count of right lines, with a confidence interval in whole-number arithmetic.

use super::compare::Claimed;
use super::{Discrepancy, Judged, Kind};
use crate::policy::parameters::AuditParameters;

/// The normal deviate of a two-sided 95 % interval, in millionths.
const DEVIATE: u128 = 1_959_964;
/// Millionths in one.
const SCALE: u128 = 1_000_000;
/// Hundredths of a percent in one.
const BASIS_POINTS: u128 = 10_000;
/// Most items of one rate; beyond it the arithmetic would leave its range.
const ITEMS_MAX: u64 = 10_000_000;

/// How many of some items are right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rate {
    pub right: u64,
    pub of: u64,
}

/// The bounds within which the true rate lies, in hundredths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// Rounded **down**.
    pub low: u32,
    /// Rounded **up**.
    pub high: u32,
}

/// How a rate stands to what audits expect (row G-36).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// The whole interval lies below what is expected.
    Below,
    /// The interval holds what is expected, so that neither is shown.
    Open,
    /// The whole interval reaches what is expected.
    Expected,
    /// The whole interval reaches the best.
    Best,
}

impl Rate {
    /// Counts one more item.
    pub fn count(&mut self, is_right: bool) {
        self.right += u64::from(is_right);
        self.of += 1;
    }

    /// The rate in hundredths of a percent, rounded **down**; nothing of nothing.
    pub fn basis_points(self) -> Option<u32> {
        let points = (u128::from(self.right) * BASIS_POINTS).checked_div(u128::from(self.of))?;
        u32::try_from(points).ok()
    }

    /// The 95 % interval of Wilson's score; the whole range for nothing.
    ///
    /// With `n` items, `k` right and deviate `z` the bounds are
    /// `(2k + z² ± z·√(z² + 4k(n − k)/n)) / (2(n + z²))`, here scaled by the square of a million.
    pub fn interval(self) -> Interval {
        if self.of == 0 {
            return Interval { low: 0, high: BASIS_POINTS as u32 };
        }
        let (right, of) = self.within_range();
        let square = DEVIATE * DEVIATE;
        let scale = SCALE * SCALE;
        let under_root = square * of + 4 * right * (of - right) * scale;
        // The root of x/n is the root of x·n, divided by n; the division rounds up, which widens.
        let spread = (DEVIATE * ((under_root * of).isqrt() + 1)).div_ceil(of);
        let centre = 2 * right * scale + square;
        let width = 2 * (of * scale + square);
        let low = centre.saturating_sub(spread) * BASIS_POINTS / width;
        let high = ((centre + spread) * BASIS_POINTS).div_ceil(width).min(BASIS_POINTS);
        // All right or none right is a bound itself, which rounding must not pass.
        let low = if right == 0 { 0 } else { low };
        let high = if right == of { BASIS_POINTS } else { high };
        Interval { low: low as u32, high: high as u32 }
    }

    /// How the rate stands to what audits expect.
    pub fn standing(self, audit: &AuditParameters) -> Standing {
        const POINTS_PER_PERCENT: u32 = 100;
        let Interval { low, high } = self.interval();
        let expected = *audit.accuracy_percent_expected * POINTS_PER_PERCENT;
        if low >= *audit.accuracy_percent_best * POINTS_PER_PERCENT {
            Standing::Best
        } else if low >= expected {
            Standing::Expected
        } else if high < expected {
            Standing::Below
        } else {
            Standing::Open
        }
    }

    /// The counts, scaled down together where they are too large for the arithmetic.
    fn within_range(self) -> (u128, u128) {
        let by = self.of.div_ceil(ITEMS_MAX);
        (u128::from(self.right / by), u128::from(self.of / by))
    }
}

/// The lines billed, right or wrong, and those that are missing.
pub(super) fn judged(claimed: &[Claimed], found: &[Discrepancy]) -> Vec<Judged> {
    let is_right =
        |line: usize| !found.iter().any(|found| found.billed.as_ref().is_some_and(|side| side.line == line));
    let billed = claimed.iter().map(|line| Judged { code: line.key.code, is_right: is_right(line.line) });
    let missing = found.iter().filter(|found| found.kind == Kind::MissingLine);
    let missing = missing.filter_map(|found| found.supported.as_ref());
    billed.chain(missing.map(|side| Judged { code: side.code, is_right: false })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(right: u64, of: u64) -> (u32, u32) {
        let Interval { low, high } = Rate { right, of }.interval();
        (low, high)
    }

    #[test]
    fn intervals_are_those_of_the_tables() {
        // Wilson bounds as statistics packages print them, in hundredths of a percent, outwards.
        assert_eq!(interval(940, 1000), (9235, 9532));
        assert_eq!(interval(95, 100), (8882, 9785));
        assert_eq!(interval(1, 2), (945, 9055));
        assert_eq!(interval(10, 10), (7224, 10_000));
        assert_eq!(interval(0, 10), (0, 2776));
        assert_eq!(interval(0, 0), (0, 10_000));
    }

    #[test]
    fn an_interval_holds_its_rate_and_narrows_with_more_items() {
        let mut width = 10_001;
        for of in [1_u64, 10, 100, 1_000, 1_000_000, 9_999_999, 5_000_000_000] {
            let rate = Rate { right: of / 10 * 9, of };
            let (low, high) = (rate.interval().low, rate.interval().high);
            let points = rate.basis_points().expect("a rate");
            assert!(low <= points && points <= high, "{of}");
            assert!(high - low <= width, "{of}");
            width = high - low;
        }
    }
}
