//! One way to hand events to consumers.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::{ITEMS, tally};

/// One way to hand events to consumers.
pub struct Candidate {
    /// The name in the figures, such as `flume`.
    pub name: &'static str,
    deliver: Box<dyn FnMut(RangeInclusive<u64>) -> Duration>,
}

impl Candidate {
    /// `deliver` sends an event for each of these ids, and says how long it took until all had arrived.
    pub fn new(
        name: &'static str,
        deliver: impl FnMut(RangeInclusive<u64>) -> Duration + 'static,
    ) -> Self {
        Self {
            name,
            deliver: Box::new(deliver),
        }
    }

    /// Delivers a batch; answers the nanoseconds per delivery.
    ///
    /// # Panics
    ///
    /// Panics if not every event has arrived once.
    pub fn deliver(&mut self) -> f64 {
        self.deliver_some(ITEMS).as_secs_f64() * 1e9 / f64::from(ITEMS)
    }

    /// Delivers so many events; answers how long it took.
    ///
    /// # Panics
    ///
    /// Panics if not every event has arrived once.
    pub fn deliver_some(&mut self, items: u32) -> Duration {
        let items = u64::from(items);
        let before = tally::total();
        let spent = (self.deliver)(1..=items);
        let arrived = tally::total() - before;
        let expected = tally::Total {
            events: items,
            ids: items * (items + 1) / 2,
        };
        assert_eq!(arrived, expected, "{} loses or repeats events", self.name);
        spent
    }
}

impl fmt::Debug for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Candidate")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
