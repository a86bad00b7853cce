//! The library of a package that has a program, too. It has `plug` in its `Cargo.toml` alone.

use event_core::handler;
use roll_call::{Present, RollCalled};

/// What a program may use of this crate besides its handlers.
#[must_use]
pub fn answer() -> u32 {
    42
}

#[handler]
fn in_the_library(_: &RollCalled) -> Present {
    Present
}
