//! Counts how deep the emits on this thread are nested, and how many there are.
//!
//! A handler may call `dispatcher.emit`: a root inside a root, which is not in the cascade's list of
//! caused events. Its depth continues from that of the handled event, so the limit that ends a cascade
//! ends this, too. Unlike the events of a cascade, nested emits use the stack, so how many of them it
//! holds at once is counted and limited separately; and the roots inside one outermost root are counted,
//! since a handler that emits twice doubles them at each level. The handler that gets the report of a
//! refused emit may ignore it, so a refusal is passed on to every enclosing root.

pub(crate) mod scope;
pub(crate) mod session;
pub(crate) mod tracker;

use std::cell::Cell;
use std::fmt;

use crate::event::info::EventInfo;
use crate::meta::parent::Identity;
use crate::nesting_depth::{NEXT, is_outermost};

thread_local! {
    /// How many emissions the stack holds inside of the outermost one.
    static NESTED_NOW: Cell<u32> = const { Cell::new(0) };
    /// How many roots there were inside the outermost one.
    static INSIDE: Cell<usize> = const { Cell::new(0) };
    static LAST_REFUSAL: Cell<Option<NestingError>> = const { Cell::new(None) };
    /// The event that user code on this thread is told about, while [`TOLD`] is set.
    static CAUSE: Cell<Option<Identity>> = const { Cell::new(None) };
}

/// A root inside the current emission was refused.
const REFUSED: u32 = 1 << 31;
/// There was a root inside the current emission.
const NESTED: u32 = 1 << 30;
/// The current code is no handler, but is told about an event: an observer, a hook, a log.
const TOLD: u32 = 1 << 29;

/// The highest limit that does not use the bits of the flags.
pub(crate) const MOST: u32 = TOLD - 2;

/// The limits of one dispatcher.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NestingLimits {
    /// The most causes that may lie between an event and its root.
    pub(crate) depth: u32,
    /// The most emissions that the stack of a thread may hold.
    pub(crate) nesting: u32,
    /// The most events that one outermost emission may cause, and the most emissions inside of it.
    pub(crate) count: usize,
}

/// A root that was refused because it is nested in others.
#[derive(Clone, Copy)]
pub(crate) struct NestingError {
    pub(crate) event: &'static EventInfo,
    pub(crate) limit: NestingLimit,
}

/// The limit that a nested root exceeded.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NestingLimit {
    /// The number of causes between the root and its outermost root.
    Depth {
        causes: u32,
        limit: u32,
    },
    /// The number of emissions on the stack.
    Nesting(u32),
    Count(usize),
}

/// Shows what exceeded the limit.
impl fmt::Display for NestingLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Depth { causes, limit } => write!(
                f,
                "{causes} causes lie before it, more than the `depth_limit` of {limit}"
            ),
            Self::Nesting(limit) => write!(
                f,
                "{limit} emits are running inside each other on this thread, as many as the \
                 `nesting_limit` lets; a handler that returns its event nests none"
            ),
            Self::Count(limit) => write!(
                f,
                "handlers of one event made more than {limit} emits of their own"
            ),
        }
    }
}

/// Returns the depth of the next root on this thread.
pub(crate) fn next() -> u32 {
    NEXT.get() & !(REFUSED | NESTED | TOLD)
}

/// Whether the current code is told about an event, and is no handler.
pub(crate) fn is_told() -> bool {
    NEXT.get() & TOLD != 0
}

/// Returns the event that a root on this thread descends from, if the emitting code is told about that
/// event.
pub(crate) fn cause() -> Option<Identity> {
    if is_told() { CAUSE.get() } else { None }
}

/// Returns how many emissions the stack holds; valid only inside of one.
fn running() -> u32 {
    NESTED_NOW.get().wrapping_add(1)
}

/// Whether the current code runs although a limit was exceeded, as the `Drop` of a refused event does.
pub(crate) fn is_beyond(limits: &NestingLimits) -> bool {
    let is_deeper = next() > limits.depth + 1 && !is_told();
    is_deeper || (!is_outermost() && running() > limits.nesting)
}

/// Begins an outermost emission.
#[inline]
pub(crate) fn begin() {
    NEXT.set(1);
}

/// Ends an outermost emission; returns the last refusal inside of it, if there was one.
#[inline]
pub(crate) fn end() -> Option<NestingError> {
    let after = NEXT.replace(0);
    if after == 1 {
        None
    } else {
        leave(0, after & (REFUSED | NESTED))
    }
}

/// Runs the handlers of an event at `depth`; also returns the last refusal inside of it, if there was
/// one. Panics of handlers are caught, so `run` does not unwind.
#[inline]
pub(crate) fn enter<R>(depth: u32, run: impl FnOnce() -> R) -> (R, Option<NestingError>) {
    let before = NEXT.replace(depth + 1);
    let nested = NESTED_NOW.get();
    if before != 0 {
        NESTED_NOW.set(nested.wrapping_add(1));
    }
    let result = run();
    NESTED_NOW.set(nested);
    let after = NEXT.replace(before);
    if after == depth + 1 {
        (result, None)
    } else {
        (result, leave(before, after & (REFUSED | NESTED)))
    }
}

/// Runs code that belongs to an event at `depth`, and that may run inside of deeper ones. Like `enter`,
/// it takes code that does not unwind.
pub(crate) fn enter_deeper<R>(depth: u32, run: impl FnOnce() -> R) -> (R, Option<NestingError>) {
    enter_at(next().max(depth.saturating_add(1).min(MOST + 1)), run)
}

/// Runs code that is told about an event at `depth`, and that may emit: a root that it emits descends
/// from that event. Like `enter`, it takes code that does not unwind.
pub(crate) fn descend<R>(
    depth: u32,
    cause: Option<Identity>,
    run: impl FnOnce() -> R,
) -> (R, Option<NestingError>) {
    // Code that is told inside of other told code is deeper, whatever it is told about, so that hooks
    // that call each other end, too.
    let inside = next() + u32::from(is_told());
    let outer = CAUSE.replace(cause);
    let at = inside.max(depth.saturating_add(1)).min(MOST + 1);
    let told = enter_at(at | TOLD, run);
    CAUSE.set(outer);
    told
}

fn enter_at<R>(at: u32, run: impl FnOnce() -> R) -> (R, Option<NestingError>) {
    let before = NEXT.replace(at);
    let result = run();
    let flags = NEXT.replace(before) & (REFUSED | NESTED);
    if flags == 0 {
        (result, None)
    } else {
        (result, leave(before, flags))
    }
}

/// Runs code that continues an emission which waits for it on another thread, so this stack does not hold
/// that emission.
#[cfg(feature = "tokio")]
pub(crate) fn enter_elsewhere<R>(run: impl FnOnce() -> R) -> R {
    let nested = NESTED_NOW.get();
    NESTED_NOW.set(nested.wrapping_sub(1));
    let result = run();
    NESTED_NOW.set(nested);
    result
}

/// Passes the flags on to the enclosing emission, if there is one; returns the last refusal.
#[cold]
#[inline(never)]
fn leave(before: u32, flags: u32) -> Option<NestingError> {
    if before == 0 {
        INSIDE.set(0);
    } else {
        NEXT.set(before | flags);
    }
    LAST_REFUSAL.get().filter(|_| flags & REFUSED != 0)
}

/// Returns the depth of a new root of `event`.
///
/// # Errors
///
/// A limit was exceeded; every enclosing root reports it.
pub(crate) fn root(limits: &NestingLimits, event: &'static EventInfo) -> Result<u32, NestingError> {
    let depth = next();
    if depth == 0 {
        return Ok(0);
    }
    let inside = INSIDE.get() + 1;
    let limit = if running() >= limits.nesting {
        NestingLimit::Nesting(limits.nesting)
    } else if depth > limits.depth {
        NestingLimit::Depth {
            causes: depth,
            limit: limits.depth,
        }
    } else if inside > limits.count {
        NestingLimit::Count(limits.count)
    } else {
        INSIDE.set(inside);
        NEXT.set(NEXT.get() | NESTED);
        return Ok(depth);
    };
    let refusal = NestingError { event, limit };
    LAST_REFUSAL.set(Some(refusal));
    NEXT.set(NEXT.get() | REFUSED);
    Err(refusal)
}
