//! The way of an event through its handlers.
//!
//! There are two. The *plain* way serves events with linked handlers alone: one list of boxed
//! closures, eight call sites (a processor predicts eight calls better than one that jumps
//! everywhere), and one `catch_unwind` around all of them that goes on behind a handler that
//! panicked. It reads memory that never changes after the build and writes its own stack:
//! no lock, no hashing, no reference count, no allocation, no shared write. The *full* way
//! looks at each step, for subscriptions, observers, stoppable events and `try_emit`.
//!
//! Which way an event takes is one byte of its place in the table. A change of that byte may
//! reach an emit on another thread late; it then behaves as if it had started earlier.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::cascade::{Record, Root};
use super::depth;
use super::emission::{Emission, Who};
use super::inner::Inner;
use super::roster::{Bound, Entry, Roster, Step, Subscribed, mode};
use crate::event::{AnyEvent, Event, EventInfo};
use crate::handler::HandlerInfo;
use crate::observer::Observed;
use crate::report::{Cause, Failure, Report};

/// Emits a root.
#[inline]
pub(crate) fn emit<E: Event>(inner: &Arc<Inner>, event: E) -> Report {
    let Some(entry) = inner.entry(E::slot()) else {
        return emit_full(inner, event, Root::default());
    };
    let way = entry.mode();
    if way == mode::EMPTY {
        return match discard(event) {
            None => Report::default(),
            Some(panic) => finish(inner, Root::default(), Some(panic)),
        };
    }
    let depth = depth::next_or_refused();
    if way == mode::FULL || depth > inner.depth_limit {
        return emit_full(inner, event, Root::default());
    }
    if way == mode::SUBSCRIBED {
        return emit_subscribed(inner, entry, event, depth);
    }
    emit_by(inner, event, depth, |event, record| {
        run_plain(inner, entry.roster(), event, record, depth)
    })
}

/// Emits a root to handlers and subscriptions.
#[inline(never)]
fn emit_subscribed<E: Event>(inner: &Arc<Inner>, entry: &Entry, event: E, depth: u32) -> Report {
    emit_by(inner, event, depth, |event, record| {
        run_subscribed(inner, entry.roster(), event, record, depth)
    })
}

/// Emits a root with the given way through its handlers, and reports.
#[inline(always)]
#[allow(
    clippy::inline_always,
    reason = "measured: a call costs as much as one handler"
)]
fn emit_by<E: Event>(
    inner: &Arc<Inner>,
    event: E,
    depth: u32,
    run: impl FnOnce(&E, &Record) -> usize,
) -> Report {
    let record = Record::new();
    let (ran, refused) = depth::enter(depth, || run(&event, &record));
    let panic = discard(event);
    let record = match record.into_inner() {
        Some(more) => Record::from(more),
        None if panic.is_none() && refused.is_none() => return Report::new(ran, None),
        None => Record::new(),
    };
    let mut root = Root { done: ran, record };
    root.end_emission(depth);
    root.refused(inner, refused);
    finish(inner, root, panic)
}

/// Emits a root, whatever its event needs.
#[cold]
#[inline(never)]
pub(crate) fn emit_full<E: Event>(inner: &Arc<Inner>, event: E, mut root: Root) -> Report {
    if let Some(depth) = enter_root(inner, &mut root, E::INFO) {
        let ((), refused) = depth::enter(depth, || deliver(inner, &event, &mut root, depth));
        root.refused(inner, refused);
    }
    let panic = discard(event);
    if root.record.get().is_none() && panic.is_none() {
        return root.into_report();
    }
    finish(inner, root, panic)
}

/// Emits what the root caused, and reports.
#[cold]
#[inline(never)]
fn finish(inner: &Arc<Inner>, mut root: Root, panic: Option<Failure>) -> Report {
    if let Some(failure) = panic {
        root.more().fail(failure);
    }
    root.run_caused(inner);
    root.into_report()
}

/// Drops the event of a root; what it panicked with, if its `Drop`, which is the user's, did.
#[inline]
fn discard<E: Event>(event: E) -> Option<Failure> {
    if !const { std::mem::needs_drop::<E>() } {
        return None;
    }
    let panic = crate::isolate::run(|| drop(event)).err()?;
    Some(Failure::new(E::INFO, None, Cause::Drop(panic)))
}

/// The depth of a new root; `None`, and a failure, beyond the limit.
pub(crate) fn enter_root(inner: &Inner, root: &mut Root, info: &'static EventInfo) -> Option<u32> {
    let depth = depth::next();
    if depth <= inner.depth_limit {
        return Some(depth);
    }
    depth::refuse(info);
    let limit = inner.depth_limit;
    let more = root.more();
    more.fail(Failure::new(info, None, Cause::Nested { limit }));
    more.details.events = 0;
    more.details.not_emitted += 1;
    None
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
fn run_plain<E: Event>(
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
fn call_some<E>(handlers: &[Bound<E>], event: &E, emission: &Emission<'_>) {
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

/// Calls them from eight call sites, as long as there are eight left. The position is written,
/// not counted up in memory, where each step would wait for the one before it.
#[inline(never)]
fn call_all<E>(mut handlers: &[Bound<E>], event: &E, emission: &Emission<'_>) {
    let mut position = emission.position();
    macro_rules! call_sites {
        ($eight:ident: $($index:literal)+) => {$(
            emission.set_position(position + $index);
            $eight[$index](event, emission);
        )+};
    }
    while let Some((eight, behind)) = handlers.split_first_chunk::<8>() {
        call_sites!(eight: 0 1 2 3 4 5 6 7);
        position += 8;
        handlers = behind;
    }
    for handler in handlers {
        emission.set_position(position);
        handler(event, emission);
        position += 1;
    }
    emission.set_position(position);
}

/// Runs handlers and subscriptions; answers how many deliveries there were, done or not.
#[inline]
fn run_subscribed<E: Event>(
    inner: &Arc<Inner>,
    roster: &Roster<E>,
    event: &E,
    record: &Record,
    depth: u32,
) -> usize {
    let subscribed = roster.subscribed.load();
    let Some(subscribed) = subscribed.as_deref() else {
        return run_plain(inner, roster, event, record, depth);
    };
    let view = View {
        roster,
        subscribed: Some(subscribed),
    };
    let emission = Emission::new(inner, &view, depth, record);
    let missed = Cell::new(0);
    let first_try = AssertUnwindSafe(|| {
        let mut handlers = 0;
        for seat in subscribed.seats() {
            call_some(&roster.handlers[handlers..seat.handlers], event, &emission);
            handlers = seat.handlers;
            if !seat.node.deliver(event, &emission) {
                missed.set(missed.get() + 1);
            }
            emission.advance();
        }
        call_some(&roster.handlers[handlers..], event, &emission);
    });
    if let Err(payload) = catch_unwind(first_try) {
        emission.panicked(payload);
        emission.advance();
        view.run_rest(event, &emission, &missed, None);
    }
    view.len() - missed.get()
}

/// The positions of an event: its handlers, with the subscriptions among them if there are
/// any.
struct View<'v, E> {
    roster: &'v Roster<E>,
    subscribed: Option<&'v Subscribed<E>>,
}

impl<E> View<'_, E> {
    fn len(&self) -> usize {
        self.roster.handlers.len() + self.subscribed.map_or(0, Subscribed::len)
    }

    fn step(&self, position: usize) -> Step<'_, E> {
        match self.subscribed {
            None => Step::Handler(position),
            Some(subscribed) => subscribed.step(position),
        }
    }

    /// Runs what stands from the emission's position on, one by one, looking at each. Counts
    /// the subscriptions that were cancelled meanwhile in `missed`.
    #[cold]
    #[inline(never)]
    fn run_rest(
        &self,
        event: &E,
        emission: &Emission<'_>,
        missed: &Cell<usize>,
        observed: Option<&Observed<'_>>,
    ) where
        E: Event,
    {
        let end = self.len();
        while emission.position() < end {
            let run = catch_unwind(AssertUnwindSafe(|| {
                while emission.position() < end && emission.halted().is_none() {
                    if let Some(observed) = observed {
                        observed.delivery_started(emission.handler());
                    }
                    if !self.deliver(event, emission) {
                        missed.set(missed.get() + 1);
                    } else if let Some(observed) = observed {
                        emission.tell_ended(observed);
                    }
                    emission.advance();
                }
            }));
            if let Err(payload) = run {
                emission.panicked(payload);
                if let Some(observed) = observed {
                    emission.tell_ended(observed);
                }
                emission.advance();
            }
            if let Some(skip) = emission.halted() {
                emission.skip_rest(end, skip, observed);
            }
        }
    }

    /// Makes the delivery at the emission's position; `false` if the subscription there was
    /// cancelled meanwhile.
    fn deliver(&self, event: &E, emission: &Emission<'_>) -> bool
    where
        E: Event,
    {
        match self.step(emission.position()) {
            Step::Handler(index) => {
                self.roster.handlers[index](event, emission);
                true
            }
            Step::Subscription(node) => node.deliver(event, emission),
        }
    }
}

impl<E: Event> Who for View<'_, E> {
    fn event(&self) -> &'static EventInfo {
        E::INFO
    }

    fn handler(&self, position: usize) -> HandlerInfo {
        match self.step(position) {
            Step::Handler(index) => self.roster.handler(index),
            Step::Subscription(node) => node.info,
        }
    }
}

/// Runs handlers and subscriptions one by one, looking at each; answers how many deliveries
/// there were, done or not.
#[inline(never)]
fn run_full<E: Event>(
    inner: &Arc<Inner>,
    roster: &Roster<E>,
    event: &E,
    record: &Record,
    depth: u32,
) -> usize {
    let subscribed = roster.subscribed.load();
    let view = View {
        roster,
        subscribed: subscribed.as_deref(),
    };
    let observed = inner
        .is_observed()
        .then(|| Observed::new(inner, event as &dyn AnyEvent, depth));
    let emission = Emission::new(inner, &view, depth, record);
    let missed = Cell::new(0);
    if let Some(observed) = &observed {
        observed.emission_started();
    }
    view.run_rest(event, &emission, &missed, observed.as_ref());
    if let Some(observed) = &observed {
        observed.emission_ended();
    }
    view.len() - missed.get()
}
