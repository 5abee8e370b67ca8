//! What came back: how many answers of each status, and how long they took.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use tokio::time::Instant;
use tonic::Code;

/// Longest time that is told apart, in microseconds: a minute.
const LONGEST_MICROS: u64 = 60_000_000;
/// Three digits of every time are kept.
const DIGITS: u8 = 3;

/// Answers by status, and the time that each took.
#[derive(Debug, Clone)]
pub struct Tally {
    codes: BTreeMap<i32, u64>,
    /// Of the calls that were answered with OK, in microseconds.
    answered: Histogram<u64>,
    /// Of the same from when their connections took them.
    answered_since_sent: Histogram<u64>,
    /// Of all others, in microseconds.
    refused: Histogram<u64>,
    /// What calls of either kind waited before their connections took them.
    sending: Histogram<u64>,
    /// Calls that the generator held back, because too many were unanswered.
    pub unsent: u64,
    /// Calls that had no answer when the run ended.
    pub unanswered: usize,
    elapsed: Duration,
}

/// Times that a share of the answers did not exceed, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percentiles {
    pub p50: u64,
    pub p90: u64,
    pub p99: u64,
    pub p999: u64,
    pub max: u64,
}

/// What a call took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// From when it was meant to be sent to its answer.
    pub took: Duration,
    /// The part of it until its connection took it.
    pub sending: Duration,
}

impl Times {
    /// A call that is answered now; one that no connection took waited for all of its time.
    pub fn until_now(intended: Instant, sent: Option<Instant>) -> Self {
        let took = intended.elapsed();
        Self { took, sending: sent.map_or(took, |sent| sent.duration_since(intended)) }
    }
}

impl Default for Tally {
    fn default() -> Self {
        let histogram = || {
            // The bounds are constants that the library accepts.
            Histogram::new_with_bounds(1, LONGEST_MICROS, DIGITS).unwrap_or_else(|_| unreachable!())
        };
        Self {
            codes: BTreeMap::new(),
            answered: histogram(),
            answered_since_sent: histogram(),
            refused: histogram(),
            sending: histogram(),
            unsent: 0,
            unanswered: 0,
            elapsed: Duration::ZERO,
        }
    }
}

impl Tally {
    pub(super) fn count(&mut self, code: Code, times: Times) {
        *self.codes.entry(code as i32).or_default() += 1;
        let record = |histogram: &mut Histogram<u64>, took: Duration| {
            histogram.saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        };
        let Times { took, sending } = times;
        record(&mut self.sending, sending);
        if code == Code::Ok {
            record(&mut self.answered, took);
            record(&mut self.answered_since_sent, took.saturating_sub(sending));
        } else {
            record(&mut self.refused, took);
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (code, count) in &other.codes {
            *self.codes.entry(*code).or_default() += count;
        }
        // All have the same bounds, so no addition can fail.
        let _ = self.answered.add(&other.answered);
        let _ = self.answered_since_sent.add(&other.answered_since_sent);
        let _ = self.refused.add(&other.refused);
        let _ = self.sending.add(&other.sending);
    }

    pub(super) fn ended(self, elapsed: Duration) -> Self {
        Self { elapsed, ..self }
    }

    /// Calls answered with each gRPC status.
    pub const fn codes(&self) -> &BTreeMap<i32, u64> {
        &self.codes
    }

    /// Calls answered with one status.
    pub fn of(&self, code: Code) -> u64 {
        self.codes.get(&(code as i32)).copied().unwrap_or_default()
    }

    /// Calls answered with OK in a second, rounded down.
    pub fn answered_per_second(&self) -> u64 {
        let millis = self.elapsed.as_millis().max(1);
        u64::try_from(u128::from(self.of(Code::Ok)) * 1_000 / millis).unwrap_or(u64::MAX)
    }

    /// How long the answers with OK took.
    pub fn answered(&self) -> Percentiles {
        percentiles(&self.answered)
    }

    /// How long the same took from when their connections took them.
    pub fn answered_since_sent(&self) -> Percentiles {
        percentiles(&self.answered_since_sent)
    }

    /// How long calls waited before their connections took them: in the generator, or for the server to allow one more
    /// on the connection.
    pub fn sending(&self) -> Percentiles {
        percentiles(&self.sending)
    }

    /// How long the refusals took.
    pub fn refused(&self) -> Percentiles {
        percentiles(&self.refused)
    }

    /// How long calls were sent.
    pub const fn elapsed(&self) -> Duration {
        self.elapsed
    }
}

fn percentiles(times: &Histogram<u64>) -> Percentiles {
    Percentiles {
        p50: times.value_at_quantile(0.5),
        p90: times.value_at_quantile(0.9),
        p99: times.value_at_quantile(0.99),
        p999: times.value_at_quantile(0.999),
        max: times.max(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_and_refusals_are_told_apart() {
        let mut tally = Tally::default();
        for millis in 1..=100 {
            let took = Duration::from_millis(millis);
            tally.count(Code::Ok, Times { took, sending: took / 2 });
        }
        let refused = Duration::from_micros(10);
        tally.count(Code::ResourceExhausted, Times { took: refused, sending: refused });
        let mut all = Tally::default();
        all.add(&tally);
        all.add(&tally);
        let all = all.ended(Duration::from_secs(2));
        assert_eq!((all.of(Code::Ok), all.of(Code::ResourceExhausted)), (200, 2));
        assert_eq!(all.answered_per_second(), 100);
        let Percentiles { p50, p99, max, .. } = all.answered();
        assert!(p50.abs_diff(50_000) < 100 && p99.abs_diff(99_000) < 100 && max.abs_diff(100_000) < 100);
        assert_eq!(all.refused().max, 10);
        assert!(all.sending().max.abs_diff(50_000) < 100);
        assert!(all.answered_since_sent().p50.abs_diff(25_000) < 100, "sending is no part of it");
    }
}
