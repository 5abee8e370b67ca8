//! How many calls are let in, and when the work on each begins.
//!
//! The server's threads take turns: whatever is ready in their queue is gone through once, then they look which
//! connections have sent. Between two such looks a call that has come is not even seen, so the work done in a turn is kept
//! short: only so many calls begin at it as a short while of work holds, the others wait in line for one of the next. So
//! callers are heard soon however much there is to do, and how many wait is known. A call is let in if those before it take no
//! longer than a burst; any other is turned away at once. Where that happened, fewer are let in for a while, so that those let
//! in are answered as soon as on a quiet day.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::PollSemaphore;

/// A turn is at least so long, so that telling the turns costs next to nothing.
const TURN_MIN: Duration = Duration::from_millis(1);
/// Work of each thread that begins at a turn.
const WORK_OF_A_TURN: Duration = Duration::from_millis(2);
/// The same after a crowd, when many are to be heard between.
const WORK_WARY: Duration = Duration::from_micros(500);
/// The part of a turn that is work at the least, where the turns are long for other reasons.
const WORK_PART: u32 = 2;
/// Calls that came together are let in if it takes no longer to answer them.
const BURST: Duration = Duration::from_millis(10);
/// So many calls that come together are let in however long they take, in parts of the limit.
const BURST_LEAST_PART: usize = 8;
/// After a crowd those of so many turns are let in.
const TURNS_WARY: usize = 2;
/// How long after the last crowded turn fewer calls are let in.
const WARY: Duration = Duration::from_secs(1);
/// Of so many calls the shortest counts: the first ones find nothing ready.
const MEASURED_AT_FIRST: u64 = 16;
/// The part of a new measurement in what a call takes.
const MEASURED_PART: u64 = 16;
/// A new measurement counts for no more than so many times what is known.
const MEASURED_MAX: u64 = 8;

/// The turns of one server's queue.
pub(super) struct Turns {
    /// Calls that may be let in at all.
    limit: usize,
    threads: u32,
    /// Calls that may yet begin at this turn.
    starts: Arc<Semaphore>,
    /// Calls that begin at this turn at the most.
    begin: AtomicUsize,
    /// Calls that have come whole and wait in line.
    waiting: AtomicUsize,
    /// Calls that have begun and are not answered.
    at_work: AtomicUsize,
    /// Calls let in that have not begun, without those whose callers are slow to send: all of them are before one that
    /// comes now.
    before: AtomicUsize,
    /// What the work on a call takes in nanoseconds, or nothing while it is unknown.
    call_takes: AtomicU64,
    /// Calls that this was learnt from.
    measured: AtomicU64,
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

/// A call that was let in and has not begun.
pub(super) struct InLine {
    turns: Arc<Turns>,
    starts: PollSemaphore,
    /// It is before those who come.
    is_before: bool,
    /// It has come whole, and waits.
    is_waiting: bool,
}

/// The work on a call, until it is answered or nobody waits for it any more.
pub(super) struct Work {
    turns: Arc<Turns>,
    began: Instant,
    is_over: AtomicBool,
}

impl Turns {
    /// The turns of so many threads that let in so many calls.
    pub fn new(limit: usize, threads: usize) -> Arc<Self> {
        let limit = limit.clamp(1, Semaphore::MAX_PERMITS);
        Arc::new(Self {
            limit,
            threads: u32::try_from(threads).unwrap_or(u32::MAX).max(1),
            starts: Arc::new(Semaphore::new(limit)),
            begin: AtomicUsize::new(limit),
            waiting: AtomicUsize::new(0),
            at_work: AtomicUsize::new(0),
            before: AtomicUsize::new(0),
            call_takes: AtomicU64::new(0),
            measured: AtomicU64::new(0),
            is_crowded: AtomicBool::new(false),
            is_told: AtomicBool::new(false),
            born: Instant::now(),
            began: AtomicU64::new(0),
            wary_until: AtomicU64::new(0),
        })
    }

    /// Lets a call in that comes now and puts it in line, or not; one that finds no place tells of a crowd.
    pub fn let_in(self: &Arc<Self>, now: Instant, has_place: bool) -> Option<InLine> {
        let allowed = self.allowed(now);
        let has_begun_now = now.duration_since(self.born).saturating_sub(self.began()) < TURN_MIN;
        if !(has_begun_now && self.before.load(Ordering::Relaxed) < allowed) {
            self.tell();
        }
        let one_more = |before| (before < allowed).then_some(before + 1);
        if has_place && self.before.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_ok() {
            let starts = PollSemaphore::new(self.starts.clone());
            return Some(InLine { turns: self.clone(), starts, is_before: true, is_waiting: false });
        }
        self.is_crowded.store(true, Ordering::Relaxed);
        None
    }

    /// Learns what the work on a call took, which shared the threads with others at work. No single measurement tells
    /// much: the thread may have lost its core meanwhile.
    fn measure(&self, took: Duration) {
        let sharing = self.at_work.load(Ordering::Relaxed).max(self.threads as usize) as u128;
        let took = took.as_nanos() * u128::from(self.threads) / sharing;
        let took = u64::try_from(took).unwrap_or(u64::MAX);
        let known = self.call_takes.load(Ordering::Relaxed);
        let takes = if self.measured.fetch_add(1, Ordering::Relaxed) < MEASURED_AT_FIRST {
            if known == 0 { took } else { took.min(known) }
        } else {
            let took = took.min(known.saturating_mul(MEASURED_MAX));
            known - known / MEASURED_PART + took / MEASURED_PART
        };
        self.call_takes.store(takes, Ordering::Relaxed);
    }

    /// Puts the task into the queue that tells the end of each turn for as long as calls wait, unless it is there.
    fn tell(self: &Arc<Self>) {
        // In one order with the count of those that wait, so that none of them waits for a task that has gone.
        if self.is_told.swap(true, Ordering::SeqCst) {
            return;
        }
        let turns = self.clone();
        tokio::spawn(async move {
            let mut began = Instant::now();
            loop {
                // The threads come back to a task that yields when they have looked at the connections.
                tokio::task::yield_now().await;
                let now = Instant::now();
                turns.end(began, now);
                began = now;
                if turns.waiting.load(Ordering::SeqCst) > 0 {
                    continue;
                }
                turns.is_told.store(false, Ordering::SeqCst);
                let is_done = turns.waiting.load(Ordering::SeqCst) == 0;
                if is_done || turns.is_told.swap(true, Ordering::SeqCst) {
                    return;
                }
            }
        });
    }

    fn end(&self, began: Instant, now: Instant) {
        let length = now.duration_since(began);
        if self.is_crowded.swap(false, Ordering::Relaxed) {
            self.wary_until.store(self.micros(now + WARY), Ordering::Relaxed);
        }
        self.began.store(self.micros(now), Ordering::Relaxed);
        let starts = self.starts(length, self.is_wary(now));
        self.begin.store(starts, Ordering::Relaxed);
        let left = self.starts.available_permits();
        self.starts.add_permits(starts.saturating_sub(left));
        self.starts.forget_permits(left.saturating_sub(starts));
    }

    /// How many calls begin at a turn that follows one so long, rounded down.
    fn starts(&self, length: Duration, is_wary: bool) -> usize {
        let work = if is_wary { WORK_WARY } else { WORK_OF_A_TURN };
        self.calls_within(work.max(length / WORK_PART)).clamp(1, self.limit)
    }

    /// How many calls may be before one that is let in.
    fn allowed(&self, now: Instant) -> usize {
        let allowed = if self.is_wary(now) {
            self.begin.load(Ordering::Relaxed).saturating_mul(TURNS_WARY)
        } else {
            self.calls_within(BURST).max(self.limit / BURST_LEAST_PART)
        };
        allowed.clamp(1, self.limit)
    }

    /// How many calls all threads together answer in so long, rounded down.
    fn calls_within(&self, length: Duration) -> usize {
        let nanos = (length * self.threads).as_nanos();
        let calls = nanos / u128::from(self.call_takes.load(Ordering::Relaxed)).max(1);
        usize::try_from(calls).unwrap_or(usize::MAX)
    }

    /// Whether more came a short while ago than could be let in.
    fn is_wary(&self, now: Instant) -> bool {
        self.micros(now) < self.wary_until.load(Ordering::Relaxed)
    }

    fn began(&self) -> Duration {
        Duration::from_micros(self.began.load(Ordering::Relaxed))
    }

    fn micros(&self, at: Instant) -> u64 {
        u64::try_from(at.duration_since(self.born).as_micros()).unwrap_or(u64::MAX)
    }
}

impl InLine {
    /// The rest of the call is not there yet, so nobody is behind it meanwhile.
    pub fn step_aside(&mut self) {
        if std::mem::take(&mut self.is_before) {
            self.turns.before.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Ready when the work begins.
    pub fn poll_start(&mut self, context: &mut Context<'_>) -> Poll<Work> {
        if let Poll::Ready(start) = self.starts.poll_acquire(context) {
            // Used up; the next turn has starts of its own. Nobody closes the semaphore.
            start.into_iter().for_each(OwnedSemaphorePermit::forget);
            self.leave();
            return Poll::Ready(Work::begin(&self.turns));
        }
        if !std::mem::replace(&mut self.is_before, true) {
            self.turns.before.fetch_add(1, Ordering::Relaxed);
        }
        if !std::mem::replace(&mut self.is_waiting, true) {
            self.turns.waiting.fetch_add(1, Ordering::SeqCst);
        }
        self.turns.tell();
        Poll::Pending
    }

    fn leave(&mut self) {
        self.step_aside();
        if std::mem::take(&mut self.is_waiting) {
            self.turns.waiting.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

impl Drop for InLine {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Work {
    fn begin(turns: &Arc<Turns>) -> Self {
        turns.at_work.fetch_add(1, Ordering::Relaxed);
        Self { turns: turns.clone(), began: Instant::now(), is_over: AtomicBool::new(false) }
    }

    /// The call is answered.
    pub fn end(&self) {
        if !self.is_over.swap(true, Ordering::Relaxed) {
            self.turns.measure(self.began.elapsed());
            self.turns.at_work.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if !*self.is_over.get_mut() {
            self.turns.at_work.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests;
