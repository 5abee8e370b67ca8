//! The connections of a listener: who is of use, and who makes room.
//!
//! A caller that is slow to begin, that asks nothing, or that leaves its answers unread would keep its place for
//! as long as it likes, and a stranger needs no more than a socket for that. So each connection notes what its
//! calls do, and a look at all of them each second closes those that only wait. Where all places are taken, the
//! one that was of no use for longest makes room for who comes.

mod line;

use std::cmp::Reverse;
use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use line::{Line, OpenCall};

use super::layers::metrics::{Closed, Metrics};
use super::limits::ServiceLimits;

/// Time between two looks at all connections; also the grain of what they note.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Looks between two warnings that all places are taken.
const WARN_EVERY_LOOKS: u32 = 60;

/// The open connections of one listener.
pub struct Lines {
    places: Arc<Semaphore>,
    open: Mutex<HashMap<u64, Arc<Line>>>,
    next: AtomicU64,
    /// Looks so far: the clock of the lines, read without asking the system.
    clock: Arc<AtomicU32>,
    /// The look of the last warning that all places are taken.
    warned: Mutex<Option<u32>>,
    bounds: Bounds,
    metrics: Arc<Metrics>,
}

/// How long a connection may wait, in looks.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    connections: usize,
    /// Calls that a connection may have open.
    calls: usize,
    begin: u32,
    idle: u32,
    untaken: u32,
}

/// A connection's place, given back when it is dropped.
pub struct Held {
    pub line: Arc<Line>,
    id: u64,
    lines: Arc<Lines>,
    _place: OwnedSemaphorePermit,
}

impl Lines {
    /// No connection yet.
    pub fn new(limits: &ServiceLimits, metrics: Arc<Metrics>) -> Arc<Self> {
        let looks = |seconds: u64| u32::try_from(seconds).unwrap_or(u32::MAX);
        let bounds = Bounds {
            connections: limits.connections,
            calls: usize::try_from(limits.streams_per_connection).unwrap_or(usize::MAX),
            begin: looks(limits.handshake_seconds),
            idle: looks(limits.idle_seconds),
            untaken: looks(limits.call_seconds),
        };
        Arc::new(Self {
            places: Arc::new(Semaphore::new(bounds.connections)),
            open: Mutex::default(),
            next: AtomicU64::default(),
            clock: Arc::default(),
            warned: Mutex::default(),
            bounds,
            metrics,
        })
    }

    /// Takes a place for who has come. Where none is free, others make room.
    ///
    /// # Errors
    /// Never: the places are not closed while somebody holds them.
    pub async fn take(self: &Arc<Self>) -> io::Result<Held> {
        loop {
            if let Ok(place) = self.places.clone().try_acquire_owned() {
                return Ok(self.held(place));
            }
            self.make_room();
            // Who is told to close needs a moment, and may have a call by then.
            if let Ok(place) = tokio::time::timeout(LOOK_EVERY, self.places.clone().acquire_owned()).await {
                return Ok(self.held(place.map_err(io::Error::other)?));
            }
        }
    }

    fn held(self: &Arc<Self>, place: OwnedSemaphorePermit) -> Held {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let line = Arc::new(Line::new(self.clock.clone(), self.bounds.calls));
        self.open().insert(id, line.clone());
        self.metrics.open_connection();
        Held { line, id, lines: self.clone(), _place: place }
    }

    /// Looks at all connections again and again, for as long as it is polled.
    pub async fn watch(&self) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            self.look();
        }
    }

    /// Closes every connection that only waits.
    fn look(&self) {
        let now = self.clock.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        let Bounds { begin, idle, untaken, .. } = self.bounds;
        for line in self.open().values() {
            if line.is_closing() {
                // It was told to end well and has not.
                line.cut();
            } else if !line.has_begun() && line.age(now) > begin {
                self.metrics.close_connection(Closed::Slow);
                line.cut();
            } else if line.longest_untaken(now).is_some_and(|left| left > untaken) {
                self.metrics.close_connection(Closed::Untaken);
                line.cut();
            } else if line.idle(now).is_some_and(|waited| waited > idle) {
                self.metrics.close_connection(Closed::Idle);
                line.end();
            }
        }
    }

    /// Ends the connection that was of no use for longest; strangers who never had a call go first.
    fn make_room(&self) {
        let now = self.clock.load(Ordering::Relaxed);
        let open = self.open();
        let idle = open.iter().filter(|(_, line)| !line.is_closing());
        // Of those that came within one look the older number goes first, so that who has just come has its time.
        let idle =
            idle.filter_map(|(id, line)| Some(((line.was_used(), Reverse(line.idle(now)?), *id), line)));
        let longest = idle.min_by_key(|(order, _)| *order);
        self.warn(now, longest.is_some());
        let Some(((used, ..), line)) = longest else { return };
        self.metrics.close_connection(Closed::Crowded);
        if used { line.end() } else { line.cut() }
    }

    fn warn(&self, now: u32, makes_room: bool) {
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        if warned.is_some_and(|last| now.wrapping_sub(last) < WARN_EVERY_LOOKS) {
            return;
        }
        *warned = Some(now);
        let limit = self.bounds.connections;
        if makes_room {
            tracing::warn!(limit, "all connections are taken; those without a call make room");
        } else {
            tracing::warn!(limit, "all connections are taken and busy; further ones wait");
        }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<u64, Arc<Line>>> {
        // An insertion or a removal is whole or not there, so a panic elsewhere leaves the map good.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.lines.open().remove(&self.id);
        self.lines.metrics.end_connection();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(connections: usize) -> Arc<Lines> {
        let limits = ServiceLimits {
            connections,
            handshake_seconds: 2,
            idle_seconds: 5,
            call_seconds: 3,
            ..ServiceLimits::default()
        };
        Lines::new(&limits, Metrics::new())
    }

    fn look(lines: &Lines, times: u32) {
        (0..times).for_each(|_| lines.look());
    }

    #[tokio::test]
    async fn who_does_not_begin_is_cut_off_and_who_asks_nothing_ends() {
        let lines = lines(4);
        let [silent, idle] = [lines.take().await.expect("a place"), lines.take().await.expect("a place")];
        idle.line.begin();
        look(&lines, 2);
        assert!(!silent.line.is_closing(), "it has its time to begin");
        look(&lines, 1);
        assert!(silent.line.is_cut() && !idle.line.is_closing());
        look(&lines, 3);
        assert!(idle.line.is_closing() && !idle.line.is_cut(), "it may still end well");
        look(&lines, 1);
        assert!(idle.line.is_cut());
    }

    #[tokio::test]
    async fn a_call_keeps_its_connection_while_its_answer_is_taken() {
        let lines = lines(4);
        let held = lines.take().await.expect("a place");
        held.line.begin();
        let call = held.line.open_call();
        look(&lines, 20);
        assert!(!held.line.is_closing(), "the service works on it");
        for _ in 0..9 {
            call.offer();
            look(&lines, 2);
        }
        drop(call);
        look(&lines, 5);
        assert!(!held.line.is_closing(), "the time without a call begins when the last one ends");
        let (taken, left) = (held.line.open_call(), held.line.open_call());
        left.offer();
        look(&lines, 3);
        taken.offer();
        assert!(!held.line.is_closing());
        look(&lines, 1);
        assert!(held.line.is_cut(), "one answer that is taken does not hide another");
    }

    #[tokio::test]
    async fn strangers_make_room_before_callers() {
        let lines = lines(3);
        let caller = lines.take().await.expect("a place");
        drop(caller.line.open_call());
        look(&lines, 1);
        let older = lines.take().await.expect("a place");
        let younger = lines.take().await.expect("a place");
        [&caller, &older, &younger].iter().for_each(|held| held.line.begin());
        look(&lines, 1);
        lines.make_room();
        let closing = [&caller, &older, &younger].map(|held| held.line.is_closing());
        assert_eq!(closing, [false, true, false]);
        lines.make_room();
        assert!(younger.line.is_cut() && !caller.line.is_closing());
        drop(older);
        assert!(lines.take().await.is_ok(), "the place is free again");
        lines.make_room();
        assert!(caller.line.is_closing() && !caller.line.is_cut(), "the next of no use");
    }

    #[tokio::test]
    async fn who_has_a_call_makes_no_room() {
        let lines = lines(1);
        let busy = lines.take().await.expect("a place");
        let call = busy.line.open_call();
        assert!(tokio::time::timeout(Duration::from_millis(50), lines.take()).await.is_err());
        assert!(!busy.line.is_closing());
        drop(call);
        let waiting = tokio::time::timeout(Duration::from_secs(3), lines.take());
        let ends = async {
            while !busy.line.is_closing() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            drop(busy);
        };
        assert!(tokio::join!(waiting, ends).0.is_ok());
    }
}
