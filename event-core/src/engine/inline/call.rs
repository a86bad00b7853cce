//! Calls the inline handlers of an event that is not observed.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::engine::emission::Emission;
use crate::engine::emission::cascade_state::LazyState;
use crate::engine::emission::erased::InlineEvent;
use crate::engine::emission::lineage::Lineage;
use crate::engine::plan::bound::Bound;
use crate::engine::plan::handlers::TableEntry;
use crate::engine::state::DispatcherState;
use crate::event::Event;

/// Runs the handlers; returns how many deliveries there were, done or not.
#[inline(always)]
#[allow(
    clippy::inline_always,
    reason = "measured: a call costs as much as one handler"
)]
pub(crate) fn run_plain<E: Event>(
    inner: &Arc<DispatcherState>,
    entry: &TableEntry,
    event: &E,
    state: &LazyState,
    lineage: &Lineage,
) -> usize {
    let handlers = entry.handlers::<E>();
    let emission = Emission::new(inner, entry, lineage, state);
    let first_try = AssertUnwindSafe(|| call_some(handlers, event, &emission));
    if let Err(payload) = catch_unwind(first_try) {
        resume_behind(entry, event, &emission, payload);
    }
    handlers.len()
}

/// Runs the handlers of an event whose type is erased; returns how many deliveries there were, done or
/// not.
pub(crate) fn run_erased(
    inner: &Arc<DispatcherState>,
    entry: &TableEntry,
    event: &dyn InlineEvent,
    state: &LazyState,
    lineage: &Lineage,
) -> usize {
    let emission = Emission::new(inner, entry, lineage, state);
    let first_try = AssertUnwindSafe(|| event.call_remaining(entry, &emission));
    if let Err(payload) = catch_unwind(first_try) {
        resume_behind(entry, event, &emission, payload);
    }
    entry.inline_count()
}

/// Runs the handlers behind one that panicked, again after each further panic.
#[cold]
#[inline(never)]
fn resume_behind(
    entry: &TableEntry,
    event: &dyn InlineEvent,
    emission: &Emission<'_>,
    payload: Box<dyn Any + Send>,
) {
    let mut caught = Err(payload);
    while let Err(payload) = caught {
        emission.panicked(event, payload);
        emission.advance();
        caught = catch_unwind(AssertUnwindSafe(|| {
            event.call_remaining(entry, emission);
        }));
    }
}

/// Calls handlers, the first of which is at the emission's position.
#[inline]
pub(crate) fn call_some<E>(handlers: &[Bound<E>], event: &E, emission: &Emission<'_>) {
    match handlers {
        // The most frequent cases, which are fastest without a loop.
        [] => {}
        [handler] => {
            handler.call(event, emission);
            emission.advance();
        }
        handlers => call_all(handlers, event, emission),
    }
}

/// Calls handlers, the first of which is at the emission's position: from eight call sites as long as
/// there are eight left, then from two. The position is written, not incremented in memory, where each
/// increment would wait for the previous one.
#[inline(never)]
pub(crate) fn call_all<E>(mut handlers: &[Bound<E>], event: &E, emission: &Emission<'_>) {
    let mut position = emission.position();
    macro_rules! call_sites {
        ($some:ident: $($index:literal)+) => {$(
            emission.set_offset($index);
            $some[$index].call(event, emission);
        )+};
    }
    while let Some((eight, tail)) = handlers.split_first_chunk::<8>() {
        emission.set_position(position);
        call_sites!(eight: 0 1 2 3 4 5 6 7);
        position += 8;
        handlers = tail;
    }
    while let Some((two, tail)) = handlers.split_first_chunk::<2>() {
        emission.set_position(position);
        call_sites!(two: 0 1);
        position += 2;
        handlers = tail;
    }
    if let [last] = handlers {
        emission.set_position(position);
        last.call(event, emission);
        position += 1;
    }
    emission.set_position(position);
}
