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

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::cascade::Root;
use super::depth;
use super::emission::{Emission, Who};
use super::inner::Inner;
use super::roster::{Bound, Roster, Step, mode};
use crate::event::{AnyEvent, Event, EventInfo};
use crate::handler::HandlerInfo;
use crate::observer::Observed;
use crate::report::{Cause, Ended, Failure, Report};

/// Emits a root.
#[inline]
pub(crate) fn emit<E: Event>(inner: &Arc<Inner>, event: E) -> Report {
    let Some(entry) = inner.entry(E::slot()) else {
        return emit_full(inner, event, false).into_report();
    };
    let way = entry.mode();
    if way == mode::EMPTY {
        return discard(Root::new(), event).into_report();
    }
    let depth = depth::next();
    if way != mode::PLAIN || depth > inner.depth_limit {
        return emit_full(inner, event, false).into_report();
    }
    let mut root = Root::new();
    depth::enter(depth, || {
        run_plain(inner, entry.roster(), &event, &mut root, depth);
    });
    root = discard(root, event);
    if root.more.is_some() {
        root.run_caused(inner);
    }
    root.into_report()
}

/// Emits a root, whatever its event needs.
#[cold]
#[inline(never)]
pub(crate) fn emit_full<E: Event>(inner: &Arc<Inner>, event: E, fail_fast: bool) -> Root {
    let mut root = Root::new();
    root.fail_fast = fail_fast;
    let Some(depth) = enter_root(inner, &mut root, E::INFO) else {
        return discard(root, event);
    };
    depth::enter(depth, || deliver(inner, &event, &mut root, depth));
    root = discard(root, event);
    root.run_caused(inner);
    root
}

/// The depth of a new root; `None`, and a failure, beyond the limit.
pub(crate) fn enter_root(inner: &Inner, root: &mut Root, info: &'static EventInfo) -> Option<u32> {
    let depth = depth::next();
    if depth <= inner.depth_limit {
        return Some(depth);
    }
    let limit = inner.depth_limit;
    let more = root.more.get_or_insert_default();
    more.fail(Failure::new(info, None, Cause::Nested { limit }));
    more.details.events = 0;
    more.details.not_emitted += 1;
    None
}

/// Hands one event to its handlers.
pub(crate) fn deliver<E: Event>(inner: &Arc<Inner>, event: &E, root: &mut Root, depth: u32) {
    inner.with_entry::<E, _>(|entry| match entry.mode() {
        mode::EMPTY => {}
        mode::PLAIN if !root.fail_fast => run_plain(inner, entry.roster(), event, root, depth),
        _ => run_full(inner, entry.roster(), event, root, depth),
    });
}

/// Drops the event of a root. Its `Drop` is the user's, so it is isolated.
#[inline]
pub(crate) fn discard<E: Event>(mut root: Root, event: E) -> Root {
    if const { std::mem::needs_drop::<E>() }
        && let Err(panic) = crate::isolate::run(|| drop(event))
    {
        let more = root.more.get_or_insert_default();
        more.fail(Failure::new(E::INFO, None, Cause::Drop(panic)));
    }
    root
}

#[inline]
fn run_plain<E: Event>(
    inner: &Arc<Inner>,
    roster: &Roster<E>,
    event: &E,
    root: &mut Root,
    depth: u32,
) {
    let handlers = &*roster.handlers;
    let mut emission = Emission::new(inner, roster, depth, false, &mut root.more);
    while let Err(payload) = catch_unwind(AssertUnwindSafe(|| {
        call_all(handlers, event, &mut emission);
    })) {
        emission.panicked(payload);
        emission.position += 1;
    }
    emission.join_given();
    root.done += handlers.len() - emission.undone;
}

/// Calls the handlers from the emission's position on.
#[inline]
fn call_all<E>(handlers: &[Bound<E>], event: &E, emission: &mut Emission<'_>) {
    let mut position = emission.position;
    let mut rest = handlers.get(position..).unwrap_or_default();
    macro_rules! call_sites {
        ($eight:ident: $($index:literal)+) => {$(
            emission.position = position + $index;
            $eight[$index](event, emission);
        )+};
    }
    while let Some((eight, tail)) = rest.split_first_chunk::<8>() {
        call_sites!(eight: 0 1 2 3 4 5 6 7);
        position += 8;
        rest = tail;
    }
    for handler in rest {
        emission.position = position;
        handler(event, emission);
        position += 1;
    }
}

/// The steps of an event: its handlers, with the subscriptions among them if there are any.
struct View<'v, E> {
    roster: &'v Roster<E>,
    steps: Option<&'v [Step<E>]>,
}

impl<E> View<'_, E> {
    fn len(&self) -> usize {
        self.steps.map_or(self.roster.handlers.len(), <[_]>::len)
    }

    /// Makes the delivery at the emission's position; `false` if the subscription there was
    /// cancelled meanwhile.
    #[inline]
    fn deliver(&self, event: &E, emission: &mut Emission<'_>) -> bool
    where
        E: Event,
    {
        let index = match self.steps {
            None => emission.position,
            Some(steps) => match &steps[emission.position] {
                Step::Handler(index) => *index,
                Step::Subscription(node) => return node.deliver(event, emission),
            },
        };
        self.roster.handlers[index](event, emission);
        true
    }
}

impl<E: Event> Who for View<'_, E> {
    fn event(&self) -> &'static EventInfo {
        E::INFO
    }

    fn handler(&self, position: usize) -> HandlerInfo {
        match self.steps.map(|steps| &steps[position]) {
            None => self.roster.handler(position),
            Some(Step::Handler(index)) => self.roster.handler(*index),
            Some(Step::Subscription(node)) => node.info,
        }
    }
}

fn run_full<E: Event>(
    inner: &Arc<Inner>,
    roster: &Roster<E>,
    event: &E,
    root: &mut Root,
    depth: u32,
) {
    let steps = roster.steps.load();
    let view = View {
        roster,
        steps: steps.as_ref().map(|steps| &***steps),
    };
    let observed = inner
        .observed
        .load(Ordering::Relaxed)
        .then(|| Observed::new(inner, event as &dyn AnyEvent, depth));
    let fail_fast = root.fail_fast;
    let mut emission = Emission::new(inner, &view, depth, fail_fast, &mut root.more);
    let end = view.len();
    let mut missed = 0;
    if let Some(observed) = &observed {
        observed.emission_started();
    }
    while emission.position < end {
        let run = catch_unwind(AssertUnwindSafe(|| {
            while emission.position < end && emission.halted.is_none() {
                if let Some(observed) = &observed {
                    emission.ended = Ended::Done;
                    observed.delivery_started(emission.handler());
                }
                if !view.deliver(event, &mut emission) {
                    missed += 1;
                } else if let Some(observed) = &observed {
                    observed.delivery_ended(&emission);
                }
                emission.position += 1;
            }
        }));
        if let Err(payload) = run {
            emission.panicked(payload);
            if let Some(observed) = &observed {
                observed.delivery_ended(&emission);
            }
            emission.position += 1;
        }
        if let Some(skip) = emission.halted {
            emission.skip_rest(end, skip, observed.as_ref());
        }
    }
    emission.join_given();
    let undone = emission.undone;
    root.done += end - missed - undone;
    if let Some(observed) = &observed {
        observed.emission_ended();
    }
}
