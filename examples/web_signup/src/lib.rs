//! A small web server: people sign up, and everything that follows from it is a handler.
//!
//! `src/main.rs` says how to run it and what to look at.

mod desk;
mod events;
mod handlers;
mod members;
mod server;
mod statistics;
mod web;

pub use desk::Desk;
pub use events::{ProfileWritten, UserSignedUp, WelcomeSent};
pub use handlers::{count_domain, send_welcome, write_profile};
pub use members::{Member, Members, Refused};
pub use server::{End, serve};
pub use statistics::Statistics;
pub use web::{App, router};

event_core::module!();
