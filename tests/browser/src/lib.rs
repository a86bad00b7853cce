//! The site that the catalogue writes, in a real browser.

#![allow(
    clippy::missing_panics_doc,
    reason = "what a test cannot do without is a panic"
)]

mod browser;
mod program;

pub use crate::browser::Browser;
pub use crate::program::thousand_events;
