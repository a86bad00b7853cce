//! The way of an event through its handlers.
//!
//! The *plain* way serves events with linked handlers alone: one list of boxed closures, eight
//! call sites (a processor predicts eight calls better than one that jumps everywhere), and one `catch_unwind` around all of them that goes on behind a handler that
//! panicked. It reads memory that never changes after the build and writes its own stack:
//! no lock, no hashing, no reference count, no allocation, no shared write. The other ways are
//! in [`full`](crate::engine::inline::observed): subscriptions, observers, stoppable events and `try_emit`.
//!
//! Which way an event takes is one byte of its place in the table. A change of that byte may
//! reach an emit on another thread late; it then behaves as if it had started earlier.
//!
//! Past 400 lines, since it is one way read from top to bottom: a root comes in, its event is handed to
//! its handlers, they are called.

use std::sync::Arc;

use crate::engine::deferred::async_handlers::AsyncHandlers;
use crate::engine::deferred::event::ErasedDeferredEvent;
use crate::engine::deferred::hand_over;
use crate::engine::deferred::queued;
use crate::engine::emission::cascade::{Cascade, LazyState, WaitPolicy};
use crate::engine::emission::erased::{
    ErasedEvent, InlineEvent, ReturnedEvent, RootEvent, Sharing,
};
use crate::engine::emission::lineage::{Lineage, ROOT_LINEAGE};
use crate::engine::emission::nesting;
use crate::engine::emission::nesting::NestingError;
use crate::engine::emission::replay;
use crate::engine::emission::values::Values;
use crate::engine::inline::call::{run_erased, run_plain};
use crate::engine::inline::observed::{run_full, run_subscribed};
use crate::engine::observers::EmissionObservers;
use crate::engine::plan::handlers::{TableEntry, mode};
use crate::engine::state::{DispatcherState, TableLookup};
use crate::event::Event;
use crate::event::info::EventInfo;
use crate::meta::parent::ParentEvent;
use crate::panics;
use crate::report::Report;
use crate::report::failure::{Cause, Failure};
use crate::report::status::Skip;

/// Emits a root.
#[inline]
pub(crate) fn emit<E: Event>(inner: &Arc<DispatcherState>, event: E) -> Report {
    let Some(entry) = inner.entry(E::slot()) else {
        return emit_full(inner, event, Cascade::default());
    };
    let way = entry.mode();
    if way == mode::PLAIN && nesting::is_outermost() {
        return emit_by(inner, event, |event, record| {
            run_plain(inner, entry, event, record, &ROOT_LINEAGE)
        });
    }
    if way == mode::EMPTY && const { !std::mem::needs_drop::<E>() } {
        return Report::default();
    }
    match way {
        mode::EMPTY if nesting::is_outermost() => emit_by(inner, event, |_, _| 0),
        mode::SUBSCRIBED if nesting::is_outermost() => emit_subscribed(inner, entry, event),
        _ => emit_full(inner, event, Cascade::default()),
    }
}

/// Emits an outermost root to handlers and subscriptions.
#[inline(never)]
fn emit_subscribed<E: Event>(inner: &Arc<DispatcherState>, entry: &TableEntry, event: E) -> Report {
    emit_by(inner, event, |event, record| {
        run_subscribed(inner, entry, event, record, &ROOT_LINEAGE)
    })
}

/// Emits an outermost root with the given way through its handlers, and reports.
#[inline(always)]
#[allow(
    clippy::inline_always,
    reason = "measured: a call costs as much as one handler"
)]
fn emit_by<E: Event>(
    inner: &Arc<DispatcherState>,
    event: E,
    run: impl FnOnce(&E, &LazyState) -> usize,
) -> Report {
    let record = LazyState::new();
    nesting::begin();
    let ran = run(&event, &record);
    let panic = discard(event);
    report(inner, ran, record, panic)
}

/// Ends an outermost emission, and reports.
#[inline]
fn report(
    inner: &Arc<DispatcherState>,
    ran: usize,
    record: LazyState,
    panic: Option<Failure>,
) -> Report {
    let refused = nesting::end();
    let record = match record.into_inner() {
        Some(more) => LazyState::from(more),
        None if panic.is_none() && refused.is_none() => return Report::new(ran, 0, None),
        None => LazyState::new(),
    };
    finish_outermost(inner, ran, record, panic, refused)
}

/// Reports an outermost root of which there is more to say than how many deliveries there were.
#[cold]
#[inline(never)]
fn finish_outermost(
    inner: &Arc<DispatcherState>,
    ran: usize,
    record: LazyState,
    panic: Option<Failure>,
    refused: Option<NestingError>,
) -> Report {
    let mut root = Cascade {
        done: ran,
        record,
        ..Cascade::default()
    };
    root.end_emission(inner, &ROOT_LINEAGE);
    finish(inner, root, panic, refused)
}

/// Emits a root, whatever its event needs.
#[cold]
#[inline(never)]
pub(crate) fn emit_full<E: Event>(inner: &Arc<DispatcherState>, event: E, root: Cascade) -> Report {
    emit_root(inner, &mut Some(event), root)
}

/// The same with what the emitter gives along.
pub(crate) fn emit_with<E: Event>(
    inner: &Arc<DispatcherState>,
    event: E,
    root: Cascade,
    values: Option<Arc<Values>>,
) -> Report {
    emit_root_with(inner, &mut Some(event), root, values)
}

fn emit_root(inner: &Arc<DispatcherState>, event: &mut dyn RootEvent, mut root: Cascade) -> Report {
    if root.record.get().is_none()
        && let Some(entry) = queued::entry(inner, event.event().kind())
    {
        let refused = queued::emit(inner, entry, event, &mut root);
        if root.record.get().is_none() && refused.is_none() {
            return root.into_report();
        }
        return finish(inner, root, None, refused);
    }
    emit_root_with(inner, event, root, None)
}

fn emit_root_with(
    inner: &Arc<DispatcherState>,
    event: &mut dyn RootEvent,
    mut root: Cascade,
    values: Option<Arc<Values>>,
) -> Report {
    let (panic, refused) = match enter_root(inner, event.event().info(), values) {
        Ok(origin) => nesting::enter(origin.depth, || {
            deliver_root(inner, event, &mut root, origin)
        }),
        Err(refused) => return refuse(inner, event, root, &refused),
    };
    if root.record.get().is_none() && panic.is_none() && refused.is_none() {
        return root.into_report();
    }
    finish(inner, root, panic, refused)
}

/// Why a root was not emitted.
pub(crate) enum EmitRefusal {
    Refused(NestingError),
    Closed,
    /// It is in the record that is replayed.
    Discarded,
}

/// Where a new root of `event` stands.
///
/// # Errors
///
/// The dispatcher is closed, a limit of emits inside of emits was crossed, or a handler of a replayed
/// event emits what is in the record.
pub(crate) fn enter_root(
    inner: &DispatcherState,
    event: &'static EventInfo,
    values: Option<Arc<Values>>,
) -> Result<Lineage, EmitRefusal> {
    if !inner.closing.takes_roots(nesting::is_outermost()) {
        return Err(EmitRefusal::Closed);
    }
    let replays = replay::is_under_way(inner);
    if replays && event.is_wire() {
        inner.count_discarded();
        return Err(EmitRefusal::Discarded);
    }
    let depth = nesting::root(inner, event).map_err(EmitRefusal::Refused)?;
    Ok(Lineage {
        replays,
        values,
        parent: nesting::cause().map(ParentEvent::stamped),
        ..Lineage::at(depth)
    })
}

/// Reports a root that was not emitted.
#[cold]
pub(crate) fn refuse(
    inner: &Arc<DispatcherState>,
    event: &mut dyn RootEvent,
    mut root: Cascade,
    why: &EmitRefusal,
) -> Report {
    root.not_emitted(inner, event.event(), None, why);
    if nesting::is_beyond(inner) {
        // Only an event whose `Drop` emits it again gets here: leaking one ends that.
        event.forget();
        return root.into_report();
    }
    let (panic, _) = nesting::enter(nesting::next(), || discard_root(event));
    finish(inner, root, panic, None)
}

/// Hands the event of a root to its handlers; what its `Drop` panicked with, if it did.
fn deliver_root(
    inner: &Arc<DispatcherState>,
    event: &mut dyn RootEvent,
    root: &mut Cascade,
    origin: Lineage,
) -> Option<Failure> {
    let Some(found) = inner.find(event.event().kind()) else {
        return discard_root(event);
    };
    if found.has_later() {
        let info = event.event().info();
        let share = |with| event.share(with);
        discard_as(
            info,
            deliver_shared(inner, &found, info, share, root, origin),
        )
    } else {
        deliver(inner, &found, event.event(), root, origin);
        discard_root(event)
    }
}

/// Drops the event of a root that was not shared; what it panicked with, if its `Drop` did.
pub(crate) fn discard_root(event: &mut dyn RootEvent) -> Option<Failure> {
    if !event.needs_drop() {
        return None;
    }
    let info = event.event().info();
    let panic = panics::catch(|| event.drop_event()).err()?;
    Some(Failure::new(info, None, Cause::Drop(panic)))
}

/// Emits what the root caused, and reports.
#[cold]
#[inline(never)]
pub(crate) fn finish(
    inner: &Arc<DispatcherState>,
    mut root: Cascade,
    panic: Option<Failure>,
    refused: Option<NestingError>,
) -> Report {
    if let Some(failure) = panic {
        root.more().fail(inner, failure);
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
    discard_as(E::INFO, event)
}

/// Drops what holds an event.
pub(crate) fn discard_as<T>(info: &'static EventInfo, holder: T) -> Option<Failure> {
    let panic = panics::catch(|| drop(holder)).err()?;
    Some(Failure::new(info, None, Cause::Drop(panic)))
}

/// Hands one event to its inline handlers; it has no others.
pub(crate) fn deliver(
    inner: &Arc<DispatcherState>,
    entry: &TableEntry,
    event: &dyn InlineEvent,
    root: &mut Cascade,
    mut origin: Lineage,
) {
    let fail_fast = root.is_fail_fast();
    let record = &root.record;
    root.done += match entry.mode() {
        mode::EMPTY => 0,
        mode::PLAIN if !fail_fast => run_erased(inner, entry, event, record, &origin),
        mode::SUBSCRIBED if !fail_fast => event.run_subscribed(inner, entry, record, &origin),
        _ => {
            inner.begin(event.info(), &mut origin);
            let observed = EmissionObservers::new(inner, event, &origin);
            let ran = run_full(inner, entry, event, record, &origin, observed.as_ref());
            if let Some(observed) = &observed {
                observed.emission_ended();
            }
            ran
        }
    };
    root.end_emission(inner, &origin);
}

/// Hands one event to its handlers, of which some do not run inline. `share` keeps it for these.
pub(crate) fn deliver_shared(
    inner: &Arc<DispatcherState>,
    found: &TableLookup<'_>,
    event: &'static EventInfo,
    share: impl FnOnce(Sharing) -> Arc<dyn ErasedDeferredEvent>,
    root: &mut Cascade,
    mut origin: Lineage,
) -> Arc<dyn ErasedDeferredEvent> {
    let subscribed = found.late_subscribed();
    inner.begin(event, &mut origin);
    let shared = share(Sharing {
        origin,
        late: found.late(),
        as_arc: subscribed.is_some(),
    });
    let observed = EmissionObservers::new(inner, shared.as_any_event(), shared.origin());
    let halted = run_inline(inner, found, &*shared, root, observed.as_ref());
    hand_over::hand_over(inner, &shared, subscribed.as_deref(), root, halted);
    if root.wait_policy == WaitPolicy::AwaitHandlers && halted.is_none() {
        // Whoever runs the root goes on with these.
        let event = Arc::clone(&shared);
        root.more().structured = Some(AsyncHandlers { event, subscribed });
    }
    if let Some(observed) = &observed {
        observed.emission_ended();
    }
    drop(observed);
    shared
}

/// The first phase of an emission whose event others hold, too. Answers why the others shall not run,
/// if so.
pub(crate) fn run_inline(
    inner: &Arc<DispatcherState>,
    entry: &TableEntry,
    shared: &dyn ErasedDeferredEvent,
    root: &mut Cascade,
    observed: Option<&EmissionObservers<'_>>,
) -> Option<Skip> {
    let (event, origin) = (shared.event(), shared.origin());
    root.done += run_full(inner, entry, event, &root.record, origin, observed);
    let halted = root.halted();
    root.end_emission(inner, origin);
    halted
}

/// Hands an event that was caused to its handlers.
pub(crate) fn emit_caused(
    inner: &Arc<DispatcherState>,
    event: Box<dyn ErasedEvent>,
    root: &mut Cascade,
    origin: Lineage,
) -> ReturnedEvent {
    if let Some(found) = inner.find(event.kind()) {
        if found.has_later() {
            let info = event.info();
            let share = |with| event.share(with);
            let shared = deliver_shared(inner, &found, info, share, root, origin);
            return match shared.share_event() {
                Some(event) => ReturnedEvent::Event(event),
                None => ReturnedEvent::DeferredEvent(shared),
            };
        }
        deliver(inner, &found, &*event, root, origin);
    }
    ReturnedEvent::Own(event)
}
