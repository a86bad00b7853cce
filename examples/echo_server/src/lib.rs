//! An echo server on `mio`. The loop makes facts of readiness, handlers react, and neither names
//! the other. See `main.rs` for how to run it, and what changed against a server on Python's
//! `selectors`.
//!
//! * [`events`]: what can happen to a socket.
//! * [`Server`] is the loop; [`Connections`] is what handlers work on.
//! * [`echo`](mod@echo) is the protocol, and [`Tally`] counts; both are handlers.
//! * [`Bare`] and [`Load`] are what it is measured by and tested with.

pub mod echo;
pub mod events;
pub mod open_files;

mod bare;
mod connection;
mod connections;
mod load;
mod pattern;
mod server;
mod tally;

pub use bare::Bare;
pub use connection::BUFFER;
pub use connections::Connections;
pub use load::{Errand, Load, LoadError};
pub use server::{Server, Stopper};
pub use tally::{Counts, Tally};

event_core::module!();
