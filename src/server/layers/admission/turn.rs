//! How many calls are let in at one turn of the threads' queue.
//!
//! A call that has come waits in the queue of the server's threads until one of them takes it up, answers it and gives its
//! place back. So however long the queue is, few calls hold a place, and a bound on the places does not shorten it. A
//! task that stands in the queue as the calls do tells when the queue was gone through once: between two such turns
//! no more calls are let in than may hold a place, nor more than a short burst takes to answer. Where more came, the
//! calls beyond are turned away, and for a while fewer are let in while the turns are long, so that those let in are
//! answered as soon as on a quiet day.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// A turn is at least so long, so that telling the turns costs next to nothing.
const TURN_MIN: Duration = Duration::from_millis(1);
/// Calls that came together are let in if it takes no longer to answer them.
const BURST: Duration = Duration::from_millis(20);
/// So many calls that come together are let in however long they take, in parts of the limit.
const BURST_LEAST_PART: usize = 4;
/// Calls of a turn that tell how long one takes.
const MEASURED_CALLS: usize = 16;
/// The part of a new measurement in what a call takes.
const MEASURED_PART: u64 = 8;
/// Turns that are longer let in fewer calls, where there is a crowd.
const TURN_LONG: Duration = Duration::from_millis(2);
/// The smallest part of the limit that is let in, however long the turns are.
const LEAST_PART: usize = 64;
/// How long after the last crowded turn fewer calls are let in.
const WARY: Duration = Duration::from_secs(1);

/// The turns of one server's queue.
pub(super) struct Turns {
    /// Calls that are let in at one turn.
    limit: usize,
    let_in: AtomicUsize,
    /// Calls that are let in at this turn after a crowd.
    allowed: AtomicUsize,
    /// What a call takes of the server's time in nanoseconds, or nothing while it is unknown.
    call_takes: AtomicU64,
    /// More came at this turn.
    is_crowded: AtomicBool,
    /// The task that tells the end of the turn is in the queue.
    is_told: AtomicBool,
    born: Instant,
    /// When the turn began, in microseconds since the birth.
    began: AtomicU64,
    /// Until when few calls are let in, in microseconds since the birth.
    wary_until: AtomicU64,
}

impl Turns {
    pub fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            limit,
            let_in: AtomicUsize::new(0),
            allowed: AtomicUsize::new(1),
            call_takes: AtomicU64::new(0),
            is_crowded: AtomicBool::new(false),
            is_told: AtomicBool::new(false),
            born: Instant::now(),
            began: AtomicU64::new(0),
            wary_until: AtomicU64::new(0),
        })
    }

    /// Lets a call in that comes now, or not; one that finds no place tells of a crowd.
    pub fn lets_in(self: &Arc<Self>, now: Instant, has_place: bool) -> bool {
        let is_wary = self.micros(now) < self.wary_until.load(Ordering::Relaxed);
        let allowed = if is_wary { self.allowed.load(Ordering::Relaxed) } else { self.burst() };
        self.tell(now, allowed);
        let has_room = has_place && self.let_in.fetch_add(1, Ordering::Relaxed) < allowed;
        if !has_room {
            self.is_crowded.store(true, Ordering::Relaxed);
        }
        has_room
    }

    /// Puts the task into the queue that tells the end of this turn, unless it is there, or the turn has only begun.
    ///
    /// The calls let in are counted from then on: nobody knows whether those before are still in the queue.
    fn tell(self: &Arc<Self>, now: Instant, allowed: usize) {
        let began = Duration::from_micros(self.began.load(Ordering::Relaxed));
        let has_begun_now = now.duration_since(self.born).saturating_sub(began) < TURN_MIN;
        if has_begun_now && self.let_in.load(Ordering::Relaxed) < allowed
            || self.is_told.swap(true, Ordering::Relaxed)
        {
            return;
        }
        self.let_in.store(0, Ordering::Relaxed);
        let turns = self.clone();
        tokio::spawn(async move {
            tokio::task::yield_now().await;
            turns.end(now, Instant::now());
        });
    }

    fn end(&self, began: Instant, now: Instant) {
        let is_crowded = self.is_crowded.swap(false, Ordering::Relaxed);
        let (length, micros) = (now.duration_since(began), self.micros(now));
        let was_wary = micros < self.wary_until.load(Ordering::Relaxed);
        let came = self.let_in.swap(0, Ordering::Relaxed);
        if is_crowded {
            self.wary_until.store(self.micros(now + WARY), Ordering::Relaxed);
        } else if !was_wary {
            self.measure(came, length);
        }
        // What gathered before it was known as a crowd is worked off first.
        let allowed = if was_wary { self.next_allowed(length) } else { self.least() };
        self.allowed.store(allowed, Ordering::Relaxed);
        self.began.store(micros, Ordering::Relaxed);
        self.is_told.store(false, Ordering::Relaxed);
    }

    /// Learns what a call takes from a turn that was busy for all of its length; nanoseconds are rounded down.
    fn measure(&self, came: usize, length: Duration) {
        if came < MEASURED_CALLS || length < TURN_MIN {
            return;
        }
        // A turn holds far fewer calls, and lasts far shorter, than 64 bits count.
        let took = u64::try_from(length.as_nanos()).unwrap_or(u64::MAX) / came as u64;
        let known = self.call_takes.load(Ordering::Relaxed);
        let takes = if known == 0 { took } else { known - known / MEASURED_PART + took / MEASURED_PART };
        self.call_takes.store(takes, Ordering::Relaxed);
    }

    /// How many calls that come together are let in, rounded down.
    fn burst(&self) -> usize {
        let burst = BURST.as_nanos() / u128::from(self.call_takes.load(Ordering::Relaxed)).max(1);
        let burst = usize::try_from(burst).unwrap_or(usize::MAX);
        burst.max(self.limit / BURST_LEAST_PART).max(1).min(self.limit)
    }

    /// Half as many after a turn that was long, rounded down, and one more after any other.
    fn next_allowed(&self, length: Duration) -> usize {
        let allowed = self.allowed.load(Ordering::Relaxed);
        if length > TURN_LONG { (allowed / 2).max(self.least()) } else { (allowed + 1).min(self.limit) }
    }

    /// Let in however long the turns are.
    fn least(&self) -> usize {
        (self.limit / LEAST_PART).max(1)
    }

    fn micros(&self, at: Instant) -> u64 {
        u64::try_from(at.duration_since(self.born).as_micros()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 64;
    /// What the work on one call takes.
    const CALL: Duration = Duration::from_millis(2);

    /// So many calls come together; how many of them are let in and worked off.
    async fn come(turns: &Arc<Turns>, calls: usize) -> usize {
        tokio::time::sleep(TURN_MIN * 2).await;
        let let_in = (0..calls).filter(|_| turns.lets_in(Instant::now(), true)).count();
        for _ in 0..let_in {
            std::thread::sleep(CALL);
        }
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        let_in
    }

    #[test]
    fn as_many_are_let_in_together_as_are_answered_soon() {
        let (turns, now) = (Turns::new(LIMIT), Instant::now());
        assert_eq!(turns.burst(), LIMIT, "nothing is known of the calls yet");
        let takes = |call: Duration| {
            turns.let_in.store(LIMIT, Ordering::Relaxed);
            turns.end(now, now + call * 64);
            turns.burst()
        };
        assert_eq!(takes(Duration::from_micros(500)), 40, "calls of 0.5 ms in 20 ms");
        assert_eq!(takes(CALL * 100), LIMIT / BURST_LEAST_PART, "however long they take");
    }

    #[tokio::test]
    async fn calls_beyond_a_burst_are_turned_away_and_few_are_let_in_for_a_while() {
        let turns = Turns::new(LIMIT);
        assert_eq!(come(&turns, LIMIT * 10).await, LIMIT);
        for _ in 0..10 {
            let few = come(&turns, LIMIT * 10).await;
            assert!((1..=LIMIT / 8).contains(&few), "{few} of a crowd that stays");
        }
        tokio::time::sleep(WARY + TURN_MIN).await;
        assert!(come(&turns, LIMIT).await >= LIMIT / BURST_LEAST_PART, "a burst again");
    }

    #[test]
    fn more_are_let_in_after_short_turns_and_half_as_many_after_a_long_one() {
        let (turns, now) = (Turns::new(LIMIT), Instant::now());
        turns.is_crowded.store(true, Ordering::Relaxed);
        let after = |length| {
            turns.end(now, now + length);
            turns.allowed.load(Ordering::Relaxed)
        };
        assert_eq!(after(TURN_LONG * 10), 1);
        assert_eq!([after(TURN_MIN), after(TURN_LONG), after(TURN_MIN)], [2, 3, 4]);
        assert_eq!([after(TURN_LONG * 2), after(TURN_LONG * 2), after(TURN_LONG * 2)], [2, 1, 1]);
    }

    #[tokio::test]
    async fn calls_one_after_the_other_are_never_a_crowd() {
        let turns = Turns::new(1);
        for call in 0..LIMIT {
            assert!(turns.lets_in(Instant::now(), true), "call {call}");
            tokio::task::yield_now().await;
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_call_without_a_place_is_not_let_in() {
        let turns = Turns::new(LIMIT);
        assert!(!turns.lets_in(Instant::now(), false));
        assert!(turns.lets_in(Instant::now(), true));
    }
}
