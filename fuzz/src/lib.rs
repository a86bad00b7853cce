//! What `cargo xtask fuzz` does with each input: reads it as an envelope, and holds the codec to its word.
//!
//! * An input is an event, or an error; nothing panics, nothing takes more memory than fits the input.
//! * An error names event, version and path, is the same the second time, has a bounded text on one line, and
//!   shows no value of a redacted field.
//! * An event is written again, and what was written is read as the same event with the same `Meta`.

pub mod check;
pub mod dictionary;
mod events;
pub mod mutate;
pub mod seeds;

use std::alloc::System;

use cap::Cap;

/// Refuses what is beyond a limit, so that an input which takes too much memory is found and not endured.
#[global_allocator]
static HEAP: Cap<System> = Cap::new(System, usize::MAX);
