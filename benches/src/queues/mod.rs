//! Producers hand events to one or two consumers, through a queue of ours, a channel, or a queue by hand.
//!
//! Three *modes* are compared like with like: threads that block; tasks on a current-thread runtime; and
//! tasks on a runtime of two workers. In each the producer sends a batch of [`ITEMS`] events, one at a time,
//! and waits until the consumers have taken all of them; who waits for room or for an event, sleeps. The
//! clock starts when the consumers are there and stops when they have ended (channels), or when nothing
//! waits or runs any more (ours and the queue by hand, whose consumers live as long as the queue).
//!
//! The channels only move a value; ours also finds the handlers, isolates them, counts, and reports. The
//! queue by hand does most of that, and is what other [kinds of work](Kind) are compared with.

pub(crate) mod by_hand;
mod candidate;
mod channels;
pub(crate) mod events;
mod kind;
pub(crate) mod producers;
pub mod tally;
mod tasks;
mod threads;
pub(crate) mod wait;

use std::rc::Rc;

use tokio::runtime::Runtime;

pub use self::candidate::Candidate;
pub use self::kind::{COUNTED, Kind, Set, TIMED};
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

/// Ours and every peer that has this mode, for so many consumers.
#[must_use]
pub fn all(mode: Mode<'_>, consumers: usize) -> Vec<Candidate> {
    match mode {
        Mode::Tasks(runtime) => {
            let mut all = vec![
                ours::by_tasks(Kind::Plain, runtime, consumers),
                by_hand::candidate(Kind::Plain, runtime, consumers),
            ];
            all.extend(channels::between_tasks(runtime, consumers));
            all
        }
        Mode::Threads(runtime) => {
            let mut all = vec![ours::by_threads(runtime, consumers)];
            all.extend(channels::between_threads(consumers));
            all
        }
    }
}
