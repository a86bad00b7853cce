//! A crate between the program and `plug`, which has it in its `Cargo.toml` alone.

/// What the program calls.
pub fn work() {}
