//! Whether a subscription may still be called: one that is called once, by exactly one delivery.
//!
//! A delivery that starts later *reserves* the only call when it is handed over, so that no other
//! emission counts on it, and takes it when it makes the call. One that ends before gives it back.

#[cfg(not(loom))]
use std::sync::atomic::{AtomicU8, Ordering};

#[cfg(loom)]
use loom::sync::atomic::{AtomicU8, Ordering};

#[cfg(all(test, loom))]
mod models;

const ACTIVE: u8 = 0;
/// Active until a delivery takes its only call.
const ONCE: u8 = 1;
/// A delivery that has not started has the only call.
const RESERVED: u8 = 2;
/// Cancelled, or called once.
const OVER: u8 = 3;

/// Where a subscription stands.
pub(crate) struct State(AtomicU8);

impl State {
    pub(crate) fn new(once: bool) -> Self {
        Self(AtomicU8::new(if once { ONCE } else { ACTIVE }))
    }

    /// Whether every emission may call it.
    #[inline]
    pub(crate) fn is_active(&self) -> bool {
        self.0.load(Ordering::Acquire) == ACTIVE
    }

    pub(crate) fn is_over(&self) -> bool {
        self.0.load(Ordering::Acquire) == OVER
    }

    /// Takes the right to make a call now: of one that is called once, exactly one emission gets it.
    pub(crate) fn claim(&self) -> bool {
        self.is_active() || self.change(ONCE, OVER)
    }

    /// Keeps the right to make a call later, which [`claim_reserved`](Self::claim_reserved) takes. Of one
    /// that is called once, one delivery has it at a time.
    pub(crate) fn reserve(&self) -> bool {
        self.is_active() || self.change(ONCE, RESERVED)
    }

    /// Takes the right to make a call that was reserved; `false` if the subscription was cancelled
    /// meanwhile.
    pub(crate) fn claim_reserved(&self) -> bool {
        self.is_active() || self.change(RESERVED, OVER)
    }

    /// Gives back a call that was reserved and not made.
    pub(crate) fn release(&self) {
        self.change(RESERVED, ONCE);
    }

    /// Lets no further call begin.
    pub(crate) fn cancel(&self) {
        self.0.swap(OVER, Ordering::AcqRel);
    }

    fn change(&self, from: u8, to: u8) -> bool {
        self.0
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }
}
