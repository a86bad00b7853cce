//! The candidates of `cargo xtask bench`: ours, hand-written loops, and peers.
//!
//! Every candidate of a set does the same work. It takes an event of two words and calls N distinct
//! handlers, and each handler adds the event's `id` to a thread-local cell of its own; those of a queue add
//! it to a tally. So what differs between two candidates is the cost of the call, not of the work. The
//! binaries in `src/bin` each measure one thing and print plain lines; `xtask` runs them, judges the figures
//! and prints the table.

#[macro_use]
mod stamp;

pub mod awaited;
pub mod baseline;
pub mod candidate;
pub mod clock;
pub mod ours;
pub mod peers;
pub mod queues;
pub mod rounds;
pub mod subscribing;
pub mod timed;
#[cfg(feature = "wire")]
pub mod wire;
pub mod work;
