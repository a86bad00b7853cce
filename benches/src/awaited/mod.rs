//! Ways to call N async handlers, each with its own future: those that await nothing, [those](ready) that await what
//! is ready, and [those](pending) that wait.
//!
//! The handlers of the first only count, as those of a plain emit: what is measured is what it takes to make N futures
//! and to run them to their end. Every candidate runs on the same thread, inside of one `block_on` of a
//! current-thread runtime.

mod broadcast;
mod candidate;
mod join_all;
pub mod pending;
pub mod ready;
mod spawn;

pub use self::candidate::Awaited;
pub use self::pending::wait_and_count;
pub use self::ready::await_and_count;
use crate::ours;

/// The counts of handlers that are measured.
pub const COUNTS: [usize; 3] = [1, 10, 100];

/// Ours and every peer with `handlers` handlers. To be called inside of the runtime.
#[must_use]
pub fn all(handlers: usize) -> Vec<Awaited> {
    vec![
        ours::awaited(handlers),
        join_all::counting(handlers),
        spawn::candidate(handlers),
        broadcast::candidate(handlers),
    ]
}
