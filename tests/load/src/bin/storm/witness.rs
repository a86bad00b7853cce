//! Sees every delivery start and end, and remembers those that have not ended.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use event_core::observer::{AttemptResult, DeliveryResult, DeliveryView, Observer};

/// The deliveries of one dispatcher that have started and not ended.
#[derive(Debug, Default)]
pub(crate) struct Witness(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    /// By emission and handler; one may be delivered again while the first is under way.
    open: HashMap<(u128, &'static str, u32), i64>,
    ended: u64,
}

fn key(delivery: &DeliveryView<'_>) -> (u128, &'static str, u32) {
    let handler = delivery.handler();
    let id = delivery.emission().meta().id();
    (id.as_u128(), handler.name(), handler.line())
}

impl Observer for Witness {
    fn delivery_started(&self, delivery: &DeliveryView<'_>) {
        let mut seen = self.seen();
        *seen.open.entry(key(delivery)).or_default() += 1;
    }

    fn attempt_failed(&self, delivery: &DeliveryView<'_>, attempt: &AttemptResult<'_>) {
        // The next attempt starts again.
        if attempt.took().is_some() {
            self.seen().close(delivery);
        }
    }

    fn delivery_ended(&self, delivery: &DeliveryView<'_>, end: &DeliveryResult<'_>) {
        let mut seen = self.seen();
        seen.ended += 1;
        // One that never started took no time: it was skipped, dropped, rejected or cancelled.
        if end.took().is_some() {
            seen.close(delivery);
        }
    }
}

impl Seen {
    fn close(&mut self, delivery: &DeliveryView<'_>) {
        let open = self.open.entry(key(delivery)).or_default();
        *open -= 1;
        // One that ended without having started stays below zero, and is found in the end.
        if *open == 0 {
            self.open.remove(&key(delivery));
        }
    }
}

impl Witness {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many deliveries ended.
    ///
    /// # Panics
    ///
    /// One started and did not end, or ended without having started.
    pub(crate) fn testify(&self) -> u64 {
        let seen = self.seen();
        assert!(
            seen.open.is_empty(),
            "started and not ended, or ended and not started: {:?}",
            seen.open
        );
        seen.ended
    }
}
