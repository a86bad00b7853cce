//! The index under which a dispatcher finds the handlers of an event type.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The dense index of one event type, the same in every dispatcher of the process.
///
/// It is in the type's own static, so that an emit finds its handlers without hashing.
#[derive(Debug)]
pub struct EventSlot {
    /// One more than the index; 0 until the first dispatcher is built.
    number: AtomicUsize,
}

pub(crate) static LAST_NUMBER: AtomicUsize = AtomicUsize::new(0);

impl EventSlot {
    /// Makes a slot without an index.
    #[must_use]
    #[allow(
        clippy::new_without_default,
        reason = "generated code writes it in a static, where `default` is not const"
    )]
    pub const fn new() -> Self {
        Self {
            number: AtomicUsize::new(0),
        }
    }

    /// Returns the index, which is beyond every table until one was assigned.
    #[inline]
    pub(crate) fn index(&self) -> usize {
        self.number.load(Ordering::Relaxed).wrapping_sub(1)
    }

    /// Returns the index, assigned if there was none. Two threads may both take a number here; the first
    /// to store it wins, and the other's stays unused.
    pub(crate) fn assign(&self) -> usize {
        if self.number.load(Ordering::Relaxed) == 0 {
            let number = LAST_NUMBER.fetch_add(1, Ordering::Relaxed) + 1;
            let _ = self
                .number
                .compare_exchange(0, number, Ordering::Relaxed, Ordering::Relaxed);
        }
        self.index()
    }
}
