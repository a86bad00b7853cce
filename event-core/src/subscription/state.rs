//! Whether a subscription may still be called: one that is called once, by exactly one emission.

#[cfg(loom)]
use loom::sync::atomic::{AtomicU8, Ordering};
#[cfg(not(loom))]
use std::sync::atomic::{AtomicU8, Ordering};

#[cfg(all(test, loom))]
mod models;

const ACTIVE: u8 = 0;
/// Active until an emission claims it.
const ONCE: u8 = 1;
/// Cancelled or claimed.
const OVER: u8 = 2;

/// Where a subscription stands.
pub(super) struct State(AtomicU8);

impl State {
    pub(super) fn new(once: bool) -> Self {
        Self(AtomicU8::new(if once { ONCE } else { ACTIVE }))
    }

    /// Whether every emission may call it.
    #[inline]
    pub(super) fn is_active(&self) -> bool {
        self.0.load(Ordering::Acquire) == ACTIVE
    }

    pub(super) fn is_over(&self) -> bool {
        self.0.load(Ordering::Acquire) == OVER
    }

    /// Takes the right to make a call: of one that is called once, exactly one emission gets it.
    pub(super) fn claim(&self) -> bool {
        match self.0.load(Ordering::Acquire) {
            ACTIVE => true,
            ONCE => self
                .0
                .compare_exchange(ONCE, OVER, Ordering::AcqRel, Ordering::Acquire)
                .is_ok(),
            _ => false,
        }
    }

    /// Lets no further call begin.
    pub(super) fn cancel(&self) {
        self.0.store(OVER, Ordering::Release);
    }
}
