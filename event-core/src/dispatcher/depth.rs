//! How deep the emits on this thread are inside each other.
//!
//! A handler may call `dispatcher.emit`: a root inside a root, of which the list of caused
//! events knows nothing. Its depth goes on from the event that is being handled, so the same
//! limit that ends a cascade ends this, before the stack does.

use std::cell::Cell;

thread_local! {
    /// The depth of the next root on this thread.
    static NEXT: Cell<u32> = const { Cell::new(0) };
}

#[inline]
pub(crate) fn next() -> u32 {
    NEXT.get()
}

/// Runs the handlers of an event at `depth`. They are isolated, so `run` does not unwind.
#[inline]
pub(crate) fn enter<R>(depth: u32, run: impl FnOnce() -> R) -> R {
    let before = NEXT.replace(depth + 1);
    let result = run();
    NEXT.set(before);
    result
}
