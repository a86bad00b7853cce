//! Whether a subscription may still be called. A subscription that is called once is called by exactly
//! one delivery.
//!
//! A delivery that starts later *reserves* the only call when it is handed over, so that no other
//! emission takes it, and claims it when it makes the call. A delivery that ends before that releases the
//! call.

#[cfg(not(loom))]
use std::sync::atomic::{AtomicU8, Ordering};

#[cfg(loom)]
use loom::sync::atomic::{AtomicU8, Ordering};

#[cfg(all(test, loom))]
mod models;

const ACTIVE: u8 = 0;
/// Active until a delivery claims its only call.
const ONCE: u8 = 1;
/// A delivery that has not started has reserved the only call.
const RESERVED: u8 = 2;
/// Cancelled, or called once.
const OVER: u8 = 3;

/// The state of a subscription.
pub(crate) struct State(AtomicU8);

impl State {
    pub(crate) fn new(once: bool) -> Self {
        Self(AtomicU8::new(if once { ONCE } else { ACTIVE }))
    }

    /// Whether every emission may call the subscription.
    #[inline]
    pub(crate) fn is_active(&self) -> bool {
        self.0.load(Ordering::Acquire) == ACTIVE
    }

    pub(crate) fn is_over(&self) -> bool {
        self.0.load(Ordering::Acquire) == OVER
    }

    /// Claims a call that is made now. The only call of a subscription is claimed by exactly one
    /// emission.
    pub(crate) fn claim(&self) -> bool {
        self.is_active() || self.change(ONCE, OVER)
    }

    /// Reserves a call that is made later, which [`claim_reserved`](Self::claim_reserved) claims. The
    /// only call of a subscription is reserved by one delivery at a time.
    pub(crate) fn reserve(&self) -> bool {
        self.is_active() || self.change(ONCE, RESERVED)
    }

    /// Claims a reserved call; returns `false` if the subscription was cancelled meanwhile.
    pub(crate) fn claim_reserved(&self) -> bool {
        self.is_active() || self.change(RESERVED, OVER)
    }

    /// Releases a call that was reserved and not made.
    pub(crate) fn release(&self) {
        self.change(RESERVED, ONCE);
    }

    /// Prevents all further calls.
    pub(crate) fn cancel(&self) {
        self.0.swap(OVER, Ordering::AcqRel);
    }

    fn change(&self, from: u8, to: u8) -> bool {
        self.0
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }
}
