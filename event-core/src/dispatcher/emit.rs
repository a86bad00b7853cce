//! The way of an event through its handlers.
//!
//! The *plain* way serves events with linked handlers alone: one list of boxed closures, eight
//! call sites (a processor predicts eight calls better than one that jumps everywhere), and one `catch_unwind` around all of them that goes on behind a handler that
//! panicked. It reads memory that never changes after the build and writes its own stack:
//! no lock, no hashing, no reference count, no allocation, no shared write. The other ways are
//! in [`full`](super::full): subscriptions, observers, stoppable events and `try_emit`.
//!
//! Which way an event takes is one byte of its place in the table. A change of that byte may
//! reach an emit on another thread late; it then behaves as if it had started earlier.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::cascade::{Record, Root};
use super::depth::{self, Refusal};
use super::emission::Emission;
use super::full::{run_full, run_subscribed};
use super::inner::Inner;
use super::roster::{Bound, Entry, Roster, mode};
use crate::event::Event;
use crate::isolate;
use crate::report::{Cause, Failure, Report};

/// Emits a root.
#[inline]
pub(crate) fn emit<E: Event>(inner: &Arc<Inner>, event: E) -> Report {
    let Some(entry) = inner.entry(E::slot()) else {
        return emit_full(inner, event, Root::default());
    };
    let way = entry.mode();
    if way == mode::PLAIN && depth::is_outermost() {
        return emit_by(inner, event, |event, record| {
            run_plain(inner, entry.roster(), event, record, 0)
        });
    }
    if way == mode::EMPTY && const { !std::mem::needs_drop::<E>() } {
        return Report::default();
    }
    match way {
        mode::EMPTY if depth::is_outermost() => emit_by(inner, event, |_, _| 0),
        mode::SUBSCRIBED if depth::is_outermost() => emit_subscribed(inner, entry, event),
        _ => emit_full(inner, event, Root::default()),
    }
}

/// Emits an outermost root to handlers and subscriptions.
#[inline(never)]
fn emit_subscribed<E: Event>(inner: &Arc<Inner>, entry: &Entry, event: E) -> Report {
    emit_by(inner, event, |event, record| {
        run_subscribed(inner, entry.roster(), event, record, 0)
    })
}

/// Emits an outermost root with the given way through its handlers, and reports.
#[inline(always)]
#[allow(
    clippy::inline_always,
    reason = "measured: a call costs as much as one handler"
)]
fn emit_by<E: Event>(
    inner: &Arc<Inner>,
    event: E,
    run: impl FnOnce(&E, &Record) -> usize,
) -> Report {
    let record = Record::new();
    depth::begin();
    let ran = run(&event, &record);
    let panic = discard(event);
    let refused = depth::end();
    let record = match record.into_inner() {
        Some(more) => Record::from(more),
        None if panic.is_none() && refused.is_none() => return Report::new(ran, None),
        None => Record::new(),
    };
    let mut root = Root { done: ran, record };
    root.end_emission(0);
    finish(inner, root, panic, refused)
}

/// Emits a root, whatever its event needs.
#[cold]
#[inline(never)]
pub(crate) fn emit_full<E: Event>(inner: &Arc<Inner>, event: E, mut root: Root) -> Report {
    let (panic, refused) = match depth::root(inner, E::INFO) {
        Ok(depth) => depth::enter(depth, || {
            deliver(inner, &event, &mut root, depth);
            discard(event)
        }),
        Err(refusal) => {
            root.refuse(refusal);
            root.more().details.not_emitted += 1;
            let depth = depth::next();
            if depth > inner.depth_limit + 1 {
                // Only an event whose `Drop` emits it again gets here: leaking one ends that.
                std::mem::forget(event);
                return root.into_report();
            }
            (depth::enter(depth, || discard(event)).0, None)
        }
    };
    if root.record.get().is_none() && panic.is_none() && refused.is_none() {
        return root.into_report();
    }
    finish(inner, root, panic, refused)
}

/// Emits what the root caused, and reports.
#[cold]
#[inline(never)]
fn finish(
    inner: &Arc<Inner>,
    mut root: Root,
    panic: Option<Failure>,
    refused: Option<Refusal>,
) -> Report {
    if let Some(failure) = panic {
        root.more().fail(failure);
    }
    root.pass_on(refused);
    root.run_caused(inner);
    root.into_report()
}

/// Drops the event of a root; what it panicked with, if its `Drop`, which is the user's, did.
#[inline]
fn discard<E: Event>(event: E) -> Option<Failure> {
    if !const { std::mem::needs_drop::<E>() } {
        return None;
    }
    let panic = isolate::run(|| drop(event)).err()?;
    Some(Failure::new(E::INFO, None, Cause::Drop(panic)))
}

/// Hands one event to its handlers.
pub(crate) fn deliver<E: Event>(inner: &Arc<Inner>, event: &E, root: &mut Root, depth: u32) {
    let fail_fast = root
        .record
        .get_mut()
        .is_some_and(|more| more.get_mut().fail_fast);
    let record = &root.record;
    let ran = inner.with_entry::<E, _>(|entry| match entry.mode() {
        mode::EMPTY => 0,
        mode::PLAIN if !fail_fast => run_plain(inner, entry.roster(), event, record, depth),
        mode::SUBSCRIBED if !fail_fast => {
            run_subscribed(inner, entry.roster(), event, record, depth)
        }
        _ => run_full(inner, entry.roster(), event, record, depth),
    });
    root.done += ran.unwrap_or(0);
    root.end_emission(depth);
}

/// Runs the handlers; answers how many deliveries there were, done or not.
#[inline(always)]
#[allow(
    clippy::inline_always,
    reason = "measured: a call costs as much as one handler"
)]
pub(crate) fn run_plain<E: Event>(
    inner: &Arc<Inner>,
    roster: &Roster<E>,
    event: &E,
    record: &Record,
    depth: u32,
) -> usize {
    let handlers = &*roster.handlers;
    let emission = Emission::new(inner, roster, depth, record);
    let first_try = AssertUnwindSafe(|| call_some(handlers, event, &emission));
    if let Err(payload) = catch_unwind(first_try) {
        go_on_behind(handlers, event, &emission, payload);
    }
    handlers.len()
}

/// A handler panicked: runs those behind it, as often as it takes.
#[cold]
#[inline(never)]
fn go_on_behind<E>(
    handlers: &[Bound<E>],
    event: &E,
    emission: &Emission<'_>,
    payload: Box<dyn Any + Send>,
) {
    let mut caught = Err(payload);
    while let Err(payload) = caught {
        emission.panicked(payload);
        emission.advance();
        caught = catch_unwind(AssertUnwindSafe(|| {
            call_all(&handlers[emission.position()..], event, emission);
        }));
    }
}

/// Calls handlers, the first of which stands at the emission's position.
#[inline]
pub(crate) fn call_some<E>(handlers: &[Bound<E>], event: &E, emission: &Emission<'_>) {
    match handlers {
        // The most frequent cases, and without a loop the shortest.
        [] => {}
        [handler] => {
            handler(event, emission);
            emission.advance();
        }
        handlers => call_all(handlers, event, emission),
    }
}

/// Calls handlers, the first of which stands at the emission's position: from eight call sites
/// as long as there are eight left, then from two. The position is written, not counted up in
/// memory, where each step would wait for the one before it.
#[inline(never)]
fn call_all<E>(mut handlers: &[Bound<E>], event: &E, emission: &Emission<'_>) {
    let mut position = emission.position();
    macro_rules! call_sites {
        ($some:ident: $($index:literal)+) => {$(
            emission.set_offset($index);
            $some[$index](event, emission);
        )+};
    }
    while let Some((eight, behind)) = handlers.split_first_chunk::<8>() {
        emission.set_position(position);
        call_sites!(eight: 0 1 2 3 4 5 6 7);
        position += 8;
        handlers = behind;
    }
    while let Some((two, behind)) = handlers.split_first_chunk::<2>() {
        emission.set_position(position);
        call_sites!(two: 0 1);
        position += 2;
        handlers = behind;
    }
    if let [last] = handlers {
        emission.set_position(position);
        last(event, emission);
        position += 1;
    }
    emission.set_position(position);
}
