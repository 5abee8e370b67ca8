//! What one connection notes of itself: words without a lock, because every call writes them.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Waker};

/// The connection is as it was.
const OPEN: u8 = 0;
/// It is to end as if its caller had hung up.
const ENDING: u8 = 1;
/// It is cut off, whatever it was about to send.
const CUT: u8 = 2;

/// In the word of a call: the service works on it, and its caller waits.
const AT_WORK: u32 = u32::MAX;

/// A connection, and how its calls move.
#[derive(Debug)]
pub struct Line {
    /// Looks at all connections so far.
    clock: Arc<AtomicU32>,
    opened: u32,
    /// Whether its caller has spoken HTTP.
    begun: AtomicBool,
    /// Calls with a place, now.
    open: AtomicU32,
    /// One more than the look at which a call last began or ended; 0 while there was none.
    used: AtomicU32,
    /// Of each open call, one more than the look since which its caller could take more of the answer, or
    /// [`AT_WORK`]; 0 where there is no call.
    offered: Box<[AtomicU32]>,
    /// Where a free word is looked for first.
    next: AtomicUsize,
    state: AtomicU8,
    /// Who waits for the caller to send.
    reader: Mutex<Option<Waker>>,
}

impl Line {
    pub(super) fn new(clock: Arc<AtomicU32>, calls: usize) -> Self {
        /// Calls that are watched one by one; a listener may allow more.
        const WATCHED_MAX: usize = 1_024;
        let opened = clock.load(Ordering::Relaxed);
        Self {
            clock,
            opened,
            begun: AtomicBool::new(false),
            open: AtomicU32::new(0),
            used: AtomicU32::new(0),
            offered: (0..calls.clamp(1, WATCHED_MAX)).map(|_| AtomicU32::new(0)).collect(),
            next: AtomicUsize::new(0),
            state: AtomicU8::new(OPEN),
            reader: Mutex::default(),
        }
    }

    /// Its caller has spoken HTTP.
    pub fn begin(&self) {
        self.begun.store(true, Ordering::Relaxed);
    }

    pub(super) fn has_begun(&self) -> bool {
        self.begun.load(Ordering::Relaxed)
    }

    /// A call of somebody who may call takes its place; it is open until it is dropped.
    pub fn open_call(self: &Arc<Self>) -> OpenCall {
        self.open.fetch_add(1, Ordering::Relaxed);
        self.used.store(self.now(), Ordering::Relaxed);
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        let count = self.offered.len();
        let mut places = (0..count).map(|step| first.wrapping_add(step) % count);
        let free = |place: &usize| {
            self.offered[*place].compare_exchange(0, AT_WORK, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        };
        OpenCall { place: places.find(free), line: self.clone() }
    }

    fn now(&self) -> u32 {
        self.clock.load(Ordering::Relaxed).wrapping_add(1).max(1)
    }

    pub(super) const fn age(&self, now: u32) -> u32 {
        now.wrapping_sub(self.opened)
    }

    pub(super) fn was_used(&self) -> bool {
        self.used.load(Ordering::Relaxed) != 0
    }

    /// Looks since it had a call, or since it was opened; nothing while it has one.
    pub(super) fn idle(&self, now: u32) -> Option<u32> {
        if self.open.load(Ordering::Relaxed) > 0 {
            return None;
        }
        let last = self.used.load(Ordering::Relaxed).checked_sub(1).unwrap_or(self.opened);
        Some(now.saturating_sub(last))
    }

    /// Looks since the caller could take more of the answer that it has left for longest.
    pub(super) fn longest_untaken(&self, now: u32) -> Option<u32> {
        if self.open.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let offered = self.offered.iter().map(|offered| offered.load(Ordering::Relaxed));
        let waiting = offered.filter(|offered| !matches!(*offered, 0 | AT_WORK));
        waiting.map(|offered| now.saturating_sub(offered - 1)).max()
    }

    pub(super) fn is_closing(&self) -> bool {
        self.state.load(Ordering::Relaxed) != OPEN
    }

    /// Whether nothing may be sent any more.
    pub fn is_cut(&self) -> bool {
        self.state.load(Ordering::Relaxed) == CUT
    }

    pub(super) fn end(&self) {
        self.close(ENDING);
    }

    pub(super) fn cut(&self) {
        self.close(CUT);
    }

    fn close(&self, state: u8) {
        self.state.fetch_max(state, Ordering::Relaxed);
        // Whoever waits has left its waker before it looked at the state again.
        if let Some(reader) = self.reader.lock().unwrap_or_else(PoisonError::into_inner).take() {
            reader.wake();
        }
    }

    /// Whether it ends; else the context is woken when it does.
    pub fn poll_closing(&self, context: &Context<'_>) -> bool {
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        if !reader.as_ref().is_some_and(|reader| reader.will_wake(context.waker())) {
            *reader = Some(context.waker().clone());
        }
        drop(reader);
        self.is_closing()
    }
}

/// A call that has its place.
#[derive(Debug)]
pub struct OpenCall {
    line: Arc<Line>,
    /// Its word; none where the connection has more calls than are watched.
    place: Option<usize>,
}

impl OpenCall {
    /// Its caller may take more of the answer now.
    pub fn offer(&self) {
        self.note(self.line.now());
    }

    /// Its caller waits for the service.
    pub fn work(&self) {
        self.note(AT_WORK);
    }

    fn note(&self, word: u32) {
        if let Some(place) = self.place {
            self.line.offered[place].store(word, Ordering::Relaxed);
        }
    }
}

impl Drop for OpenCall {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            self.line.offered[place].store(0, Ordering::Relaxed);
        }
        self.line.used.store(self.line.now(), Ordering::Relaxed);
        self.line.open.fetch_sub(1, Ordering::Relaxed);
    }
}
