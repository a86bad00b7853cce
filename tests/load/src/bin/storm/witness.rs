//! Sees every delivery start and end, and remembers those that have not ended.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use event_core::observer::{DeliveryEnd, DeliverySeen, Observer};
use event_core::report::Ended;

/// The deliveries of one dispatcher that have started and not ended.
#[derive(Debug, Default)]
pub(crate) struct Witness(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    /// By emission and handler; one may be delivered again while the first is under way.
    open: HashMap<(u128, &'static str, u32), i64>,
    ended: u64,
}

fn key(delivery: &DeliverySeen<'_>) -> (u128, &'static str, u32) {
    let handler = delivery.handler();
    let id = delivery.emission().meta().id();
    (id.as_u128(), handler.name(), handler.line())
}

impl Observer for Witness {
    fn delivery_started(&self, delivery: &DeliverySeen<'_>) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *seen.open.entry(key(delivery)).or_default() += 1;
    }

    fn delivery_ended(&self, delivery: &DeliverySeen<'_>, end: &DeliveryEnd<'_>) {
        let ran = [Ended::Done, Ended::Failed, Ended::Panicked, Ended::TimedOut];
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.ended += 1;
        let key = key(delivery);
        match seen.open.get_mut(&key) {
            Some(1) => {
                seen.open.remove(&key);
            }
            Some(open) => *open -= 1,
            None if ran.contains(&end.ended()) => {
                // Noted, and found when the dispatcher is gone. A filter or parameter that panics
                // ends a delivery that never started; there is none in this storm.
                seen.open.insert(key, -1);
            }
            None => {}
        }
    }
}

impl Witness {
    /// How many deliveries ended.
    ///
    /// # Panics
    ///
    /// One started and did not end, or ended without having started.
    pub(crate) fn testify(&self) -> u64 {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(
            seen.open.is_empty(),
            "started and not ended: {:?}",
            seen.open
        );
        seen.ended
    }
}
