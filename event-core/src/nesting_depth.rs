//! The depth of the current emission on this thread, apart from `nesting` since the lowest layer reads
//! it.

use std::cell::Cell;

thread_local! {
    /// The depth of the next root on this thread, with flags of the current emission, which `nesting`
    /// sets. 0 outside of every emission.
    pub(crate) static NEXT: Cell<u32> = const { Cell::new(0) };
}

/// Whether no emission runs on this thread.
#[inline]
pub(crate) fn is_outermost() -> bool {
    NEXT.get() == 0
}
