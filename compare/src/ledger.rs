//! What handlers write to.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::order::Order;

/// How often handlers were called, and a sum of what they saw.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    calls: AtomicU64,
    sum: AtomicU64,
}

impl Ledger {
    pub(crate) fn add(&self, cents: u64) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(cents, Ordering::Relaxed);
    }

    /// Writes down in which order handlers are called, one after the other: the sum depends on it.
    pub(crate) fn note(&self, place: u64) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let before = self.sum.load(Ordering::Relaxed);
        let after = (before * 31 + place) % 1_000_003;
        self.sum.store(after, Ordering::Relaxed);
    }

    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    pub(crate) fn sum(&self) -> u64 {
        self.sum.load(Ordering::Relaxed)
    }
}

/// What handler number `I` does.
pub(crate) fn add<const I: usize>(order: Order, ledger: &Ledger) {
    ledger.add(order.total_cents);
}
