//! A crate between the program and `plug`, which names it.

use plug as _;

/// What the program calls.
pub fn work() {}
