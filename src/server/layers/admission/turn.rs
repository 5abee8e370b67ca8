//! How many calls are let in at one turn of the threads' queue.
//!
//! A call that has come waits in the queue of the server's threads until one of them takes it up, answers it and gives its
//! place back. So however long the queue is, few calls hold a place, and a bound on the places does not shorten it. A
//! task that stands in the queue as the calls do tells when the queue was gone through once: between two such turns
//! no more calls are let in than may hold a place. A burst of more is answered all the same, because the queue
//! is soon empty again; where crowded turns take most of the time, the calls beyond are turned away, and fewer are let
//! in while the turns are long, so that those let in are answered as soon as on a quiet day.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A turn is at least so long, so that telling the turns costs next to nothing.
const TURN_MIN: Duration = Duration::from_millis(1);
/// Turns that are crowded for most of so long are no burst.
const BURST: Duration = Duration::from_millis(250);
/// Turns that are longer let in fewer calls, where there is a crowd.
const TURN_LONG: Duration = Duration::from_millis(2);
/// The smallest part of the limit that is let in, however long the turns are.
const LEAST_PART: usize = 64;
/// How long after the last crowded turn the next one is no burst either.
const WARY: Duration = Duration::from_secs(1);

/// The turns of one server's queue.
pub(super) struct Turns {
    /// Calls that are let in at one turn.
    limit: usize,
    let_in: AtomicUsize,
    /// Calls that are let in at this turn while there is a crowd.
    allowed: AtomicUsize,
    /// More came at this turn.
    is_crowded: AtomicBool,
    /// The task that tells the end of the turn is in the queue.
    is_told: AtomicBool,
    born: Instant,
    /// When the turn began, in microseconds since the birth.
    began: AtomicU64,
    /// Until when calls beyond the limit are turned away, in microseconds since the birth.
    wary_until: AtomicU64,
    window: Mutex<Window>,
}

impl Turns {
    pub fn new(limit: usize) -> Arc<Self> {
        let born = Instant::now();
        Arc::new(Self {
            limit,
            let_in: AtomicUsize::new(0),
            allowed: AtomicUsize::new(1),
            is_crowded: AtomicBool::new(false),
            is_told: AtomicBool::new(false),
            born,
            began: AtomicU64::new(0),
            wary_until: AtomicU64::new(0),
            window: Mutex::new(Window::new(born)),
        })
    }

    /// Lets a call in that comes now, or not; one that finds no place tells of a crowd.
    pub fn lets_in(self: &Arc<Self>, now: Instant, has_place: bool) -> bool {
        self.tell(now);
        let is_wary = self.micros(now) < self.wary_until.load(Ordering::Relaxed);
        let allowed = if is_wary { self.allowed.load(Ordering::Relaxed) } else { self.limit };
        let has_room = has_place && self.let_in.fetch_add(1, Ordering::Relaxed) < allowed;
        if !has_room {
            self.is_crowded.store(true, Ordering::Relaxed);
        }
        has_room || !is_wary
    }

    /// Puts the task into the queue that tells the end of this turn, unless it is there, or the turn has only begun.
    fn tell(self: &Arc<Self>, now: Instant) {
        let began = Duration::from_micros(self.began.load(Ordering::Relaxed));
        if now.duration_since(self.born).saturating_sub(began) < TURN_MIN
            || self.is_told.swap(true, Ordering::Relaxed)
        {
            return;
        }
        let turns = self.clone();
        tokio::spawn(async move {
            tokio::task::yield_now().await;
            turns.end(now, Instant::now());
        });
    }

    fn end(&self, began: Instant, now: Instant) {
        let is_crowded = self.is_crowded.swap(false, Ordering::Relaxed);
        let micros = self.micros(now);
        // Nothing that holds the window panics between two writes.
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let is_wary = micros < self.wary_until.load(Ordering::Relaxed);
        let length = now.duration_since(began);
        if window.add(is_crowded, length, now) || (is_wary && is_crowded) {
            self.wary_until.store(self.micros(now + WARY), Ordering::Relaxed);
        }
        // What gathered before it was known as a crowd is worked off first.
        let allowed = if is_wary { self.next_allowed(length) } else { self.least() };
        self.allowed.store(allowed, Ordering::Relaxed);
        self.began.store(micros, Ordering::Relaxed);
        self.let_in.store(0, Ordering::Relaxed);
        self.is_told.store(false, Ordering::Relaxed);
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

/// What share of the time was crowded lately.
struct Window {
    began: Instant,
    crowded: Duration,
}

impl Window {
    const fn new(began: Instant) -> Self {
        Self { began, crowded: Duration::ZERO }
    }

    /// Adds a turn that ends now; whether the window ends with it and was crowded for most of its time.
    fn add(&mut self, is_crowded: bool, length: Duration, now: Instant) -> bool {
        if is_crowded {
            self.crowded += length;
        }
        let elapsed = now.duration_since(self.began);
        if elapsed < BURST {
            return false;
        }
        let was_crowded = self.crowded * 2 > elapsed;
        *self = Self::new(now);
        was_crowded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TURN: Duration = Duration::from_millis(25);
    /// Windows of so many turns without pauses.
    const WINDOWS: usize = 500 / 10;

    /// How many windows were crowded when turns came, of which the given ones of each ten were crowded.
    fn crowded_windows(of_ten: u32, pause: Duration) -> usize {
        let mut now = Instant::now();
        let mut window = Window::new(now);
        let turns = (0..500).filter(|turn| {
            now += TURN + pause;
            window.add(turn % 10 < of_ten, TURN, now)
        });
        turns.count()
    }

    #[test]
    fn a_time_is_crowded_where_most_of_it_is() {
        assert_eq!(crowded_windows(10, Duration::ZERO), WINDOWS);
        assert_eq!(crowded_windows(7, Duration::ZERO), WINDOWS);
        assert_eq!(crowded_windows(3, Duration::ZERO), 0);
        assert_eq!(crowded_windows(10, TURN * 2), 0, "between bursts the server rests");
    }

    #[tokio::test]
    async fn bursts_are_let_in_and_a_crowd_that_stays_is_not() {
        const LIMIT: usize = 4;
        let turns = Turns::new(LIMIT);
        let crowd = async || {
            tokio::time::sleep(TURN_MIN * 2).await;
            let let_in = (0..LIMIT * 10).filter(|_| turns.lets_in(Instant::now(), true)).count();
            // The work of those let in.
            std::thread::sleep(TURN);
            tokio::task::yield_now().await;
            let_in
        };
        assert_eq!(crowd().await, LIMIT * 10, "a burst");
        let began = Instant::now();
        let mut last = 0;
        while began.elapsed() < BURST * 3 {
            last = crowd().await;
        }
        assert!((1..=LIMIT).contains(&last), "{last} of a crowd that stays");
        tokio::time::sleep(WARY + TURN).await;
        assert_eq!(crowd().await, LIMIT * 10, "a burst again");
    }
}
