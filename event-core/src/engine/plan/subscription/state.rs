//! Whether a subscription may still be called. A subscription that is called once is called by exactly
//! one delivery.
//!
//! A delivery that starts later *reserves* the only call when it is handed over, so that no other
//! emission takes it, and claims it when it makes the call. A delivery that ends before that releases the
//! call.
//!
//! A subscription that ends with an event of its own choice takes no event after that one. A delivery that
//! was handed over before is still made, unless the subscription is cancelled.

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
/// Cancelled, called once, or called for its last event.
const OVER: u8 = 3;
/// Active, and conditions are asked before each call.
const CONDITIONAL: u8 = 4;
/// The last event was handed over, or the only delivery has begun, and calls may still begin.
const ENDED: u8 = 5;

/// The state of a subscription.
pub(crate) struct State(AtomicU8);

impl State {
    pub(crate) fn new(once: bool) -> Self {
        Self(AtomicU8::new(if once { ONCE } else { ACTIVE }))
    }

    /// Makes the state of a subscription that runs inline, and whose conditions are asked before each call.
    pub(crate) fn conditional() -> Self {
        Self(AtomicU8::new(CONDITIONAL))
    }

    /// Whether every emission may call the subscription, without a condition.
    #[inline]
    pub(crate) fn is_active(&self) -> bool {
        self.load() == ACTIVE
    }

    /// Whether the subscription takes no further event.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.load(), OVER | ENDED)
    }

    /// Whether no call begins any more.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.load() == OVER
    }

    /// Whether the first call is the last.
    pub(crate) fn is_once(&self) -> bool {
        self.load() == ONCE
    }

    /// Claims a call that is made now. The only call of a subscription, and the last one of a conditional
    /// subscription, is claimed by exactly one emission.
    pub(crate) fn claim(&self, is_last: bool) -> bool {
        match self.load() {
            CONDITIONAL if is_last => self.change(CONDITIONAL, OVER),
            ACTIVE | CONDITIONAL => true,
            _ => self.change(ONCE, OVER),
        }
    }

    /// Reserves a call that is made later, which [`claim_reserved`](Self::claim_reserved) claims. The
    /// only call of a subscription is reserved by one delivery at a time.
    pub(crate) fn reserve(&self) -> bool {
        self.is_active() || self.change(ONCE, RESERVED)
    }

    /// Claims a reserved call; returns `false` if the subscription was cancelled meanwhile.
    pub(crate) fn claim_reserved(&self) -> bool {
        matches!(self.load(), ACTIVE | ENDED) || self.change(RESERVED, OVER)
    }

    /// Claims a reserved call, as [`claim_reserved`](Self::claim_reserved) does, for one of the attempts of a
    /// delivery: the delivery that has the only call of a subscription may claim it again.
    pub(crate) fn claim_attempt(&self) -> bool {
        matches!(self.load(), ACTIVE | ENDED) || self.change(RESERVED, ENDED)
    }

    /// Ends an active subscription with an event that is handed over. Returns `false` if it was over.
    pub(crate) fn end(&self) -> bool {
        self.change(ACTIVE, ENDED)
    }

    /// Releases a call that was reserved and not made.
    pub(crate) fn release(&self) {
        self.change(RESERVED, ONCE);
    }

    /// Prevents all further calls.
    pub(crate) fn cancel(&self) {
        self.0.swap(OVER, Ordering::AcqRel);
    }

    fn load(&self) -> u8 {
        self.0.load(Ordering::Acquire)
    }

    fn change(&self, from: u8, to: u8) -> bool {
        self.0
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }
}
