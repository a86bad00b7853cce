//! How deep the emits on this thread are inside each other.
//!
//! A handler may call `dispatcher.emit`: a root inside a root, of which the list of caused
//! events knows nothing. Its depth goes on from the event that is being handled, so the same
//! limit that ends a cascade ends this, before the stack does. The report of the emit that is
//! refused goes to a handler that may well ignore it, so the refusal is passed on to every
//! enclosing root as well.

use std::cell::Cell;

use crate::event::EventInfo;

thread_local! {
    /// The depth of the next root on this thread; [`REFUSED`] is added to it when a root
    /// inside the current emission was refused.
    static NEXT: Cell<u32> = const { Cell::new(0) };
    /// The event that was refused last.
    static LAST_REFUSED: Cell<Option<&'static EventInfo>> = const { Cell::new(None) };
}

const REFUSED: u32 = 1 << 31;

/// The depth of the next root on this thread; beyond every limit while a refusal is passed on.
#[inline]
pub(crate) fn next_or_refused() -> u32 {
    NEXT.get()
}

/// The depth of the next root on this thread.
pub(crate) fn next() -> u32 {
    NEXT.get() & !REFUSED
}

/// Runs the handlers of an event at `depth`; also answers which event inside of it was
/// refused, if any was. Handlers are isolated, so `run` does not unwind.
#[inline]
pub(crate) fn enter<R>(depth: u32, run: impl FnOnce() -> R) -> (R, Option<&'static EventInfo>) {
    let before = NEXT.replace(depth + 1);
    let result = run();
    if NEXT.replace(before) == depth + 1 {
        (result, None)
    } else {
        (result, pass_on(before))
    }
}

/// The enclosing emission, if there is one, hears of the refusal when it ends.
#[cold]
#[inline(never)]
fn pass_on(before: u32) -> Option<&'static EventInfo> {
    if before != 0 {
        NEXT.set(before | REFUSED);
    }
    LAST_REFUSED.get()
}

/// An event was refused because too many emits are inside each other.
#[cold]
pub(crate) fn refuse(info: &'static EventInfo) {
    LAST_REFUSED.set(Some(info));
    NEXT.set(NEXT.get() | REFUSED);
}
