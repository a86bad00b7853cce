//! How deep the emission is that a thread runs: the one number that the lowest layer asks for.

use std::cell::Cell;

thread_local! {
    /// The depth of the next root on this thread, with flags of the emission that is under
    /// way, which `nesting` sets. 0 outside of every emission.
    pub(crate) static NEXT: Cell<u32> = const { Cell::new(0) };
}

/// Whether no emission is under way on this thread.
#[inline]
pub(crate) fn is_outermost() -> bool {
    NEXT.get() == 0
}
