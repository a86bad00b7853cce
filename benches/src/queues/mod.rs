//! One producer hands events to one or two consumers, through a queue of ours or a channel.
//!
//! Three *modes* are compared like with like: threads that block; tasks on a current-thread runtime; and
//! tasks on a runtime of two workers. In each the producer sends a batch of [`ITEMS`] events, one at a time,
//! and waits until the consumers have taken all of them; who waits for room or for an event, sleeps. The
//! clock starts when the consumers are there and stops when they have ended (channels), or when nothing
//! waits or runs any more (ours, whose consumers live as long as the dispatcher).
//!
//! The channels only move a value; ours also finds the handlers, isolates them, counts, and reports.

mod channels;
pub mod tally;
mod tasks;
mod threads;

use std::fmt;
use std::ops::RangeInclusive;
use std::rc::Rc;
use std::time::Duration;

use tokio::runtime::Runtime;

use crate::ours;

/// How many events may wait.
pub const CAPACITY: usize = 1024;

/// Events in a batch: enough that starting and ending it does not count.
pub const ITEMS: u32 = 20_000;

/// Who produces and consumes.
#[derive(Clone, Copy, Debug)]
pub enum Mode<'a> {
    /// Tasks on this runtime.
    Tasks(&'a Rc<Runtime>),
    /// Threads. Ours does not build without a runtime, but leaves it alone.
    Threads(&'a Rc<Runtime>),
}

/// Ours and every channel that has this mode, for so many consumers.
#[must_use]
pub fn all(mode: Mode<'_>, consumers: usize) -> Vec<Candidate> {
    let (ours, channels) = match mode {
        Mode::Tasks(runtime) => (
            ours::by_tasks(runtime, consumers),
            channels::between_tasks(runtime, consumers),
        ),
        Mode::Threads(runtime) => (
            ours::by_threads(runtime, consumers),
            channels::between_threads(consumers),
        ),
    };
    [ours].into_iter().chain(channels).collect()
}

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
        let before = tally::total();
        let spent = (self.deliver)(1..=ITEMS.into());
        let items = u64::from(ITEMS);
        let arrived = tally::total() - before;
        let expected = tally::Total {
            events: items,
            ids: items * (items + 1) / 2,
        };
        assert_eq!(arrived, expected, "{} loses or repeats events", self.name);
        spent.as_secs_f64() * 1e9 / f64::from(ITEMS)
    }
}

impl fmt::Debug for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Candidate")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
