//! The memory that answers may take: each within its own bound, and all of them together.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// The bytes that the answers which are made, or wait to be taken, share.
#[derive(Debug)]
pub struct Shared(AtomicUsize);

/// The bytes of one answer: those that it may have, and those that it has of the shared ones.
#[derive(Debug)]
pub struct Room {
    bytes: usize,
    left: AtomicUsize,
    shared: Arc<Shared>,
    held: AtomicUsize,
    crowded: AtomicBool,
}

impl Shared {
    /// So many bytes for all.
    pub fn new(bytes: usize) -> Arc<Self> {
        Arc::new(Self(AtomicUsize::new(bytes)))
    }

    /// Room for one answer of so many bytes at most.
    pub fn room(self: &Arc<Self>, bytes: usize) -> Room {
        let (left, shared) = (AtomicUsize::new(bytes), self.clone());
        Room { bytes, left, shared, held: AtomicUsize::new(0), crowded: AtomicBool::new(false) }
    }
}

impl Room {
    /// Bytes that the answer may have.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes what an item needs of the answer's own bytes, where so many are left.
    pub fn take(&self, bytes: usize) -> bool {
        less(&self.left, bytes)
    }

    /// Holds bytes of the shared ones until the room is dropped; false where too few are left.
    pub fn hold(&self, bytes: usize) -> bool {
        let held = less(&self.shared.0, bytes);
        if held {
            self.held.fetch_add(bytes, Ordering::Relaxed);
        } else {
            self.crowded.store(true, Ordering::Relaxed);
        }
        held
    }

    /// Whether too few shared bytes were left once.
    pub fn is_crowded(&self) -> bool {
        self.crowded.load(Ordering::Relaxed)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.shared.0.fetch_add(*self.held.get_mut(), Ordering::Relaxed);
    }
}

fn less(left: &AtomicUsize, bytes: usize) -> bool {
    let less = |left: usize| left.checked_sub(bytes);
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_given_back() {
        let shared = Shared::new(100);
        let (first, second) = (shared.room(80), shared.room(80));
        assert!(first.take(80) && !first.take(1), "each answer has its own bound");
        assert!(first.hold(80) && !second.hold(30) && second.hold(20));
        assert!(!first.is_crowded() && second.is_crowded());
        drop(first);
        assert!(shared.room(80).hold(80));
    }
}
