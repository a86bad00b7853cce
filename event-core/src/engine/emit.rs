//! Emits an event: calls its handlers and returns the report.
//!
//! The *plain* path serves events with linked inline handlers alone. It has one list of boxed closures,
//! eight call sites (a processor predicts eight calls better than one with many targets), and one
//! `catch_unwind` around all of them, which continues behind a handler that panicked. It reads memory
//! that never changes after the build and writes its own stack: no lock, no hashing, no reference count,
//! no allocation, no shared write. Subscriptions, observers, stoppable events and fail-fast emissions
//! take the paths of [`observed`](crate::engine::inline::observed).
//!
//! One byte of the event's table entry selects the path. A change of that byte may reach an emit on
//! another thread late; the emit then behaves as if it had started earlier.
//!
//! The file is long, since it is one path read from top to bottom: a root is emitted, its event is handed
//! to its handlers, they are called.

use std::panic::Location;
use std::sync::Arc;

use crate::engine::deferred::hand_over;
use crate::engine::deferred::queued;
use crate::engine::discard::{discard, discard_as, discard_root};
use crate::engine::emission::cascade::{Cascade, WaitPolicy};
use crate::engine::emission::cascade_state::AsyncHandlers;
use crate::engine::emission::cascade_state::LazyState;
use crate::engine::emission::deferred_event::ErasedDeferredEvent;
use crate::engine::emission::erased::{InlineEvent, RootEvent, Sharing};
use crate::engine::emission::lineage::{Lineage, ROOT_LINEAGE};
use crate::engine::emission::options::RootOptions;
use crate::engine::emission::refusal::EmitRefusal;
use crate::engine::inline::call::{run_erased, run_plain};
use crate::engine::inline::observed::{run_full, run_subscribed};
use crate::engine::observers::EmissionObservers;
use crate::engine::plan::flags;
use crate::engine::plan::handlers::TableEntry;
use crate::engine::plan::lookup::TableLookup;
use crate::engine::state::DispatcherState;
use crate::event::Event;
use crate::event::info::EventInfo;
use crate::meta::parent::ParentEvent;
use crate::nesting;
use crate::nesting::NestingError;
use crate::nesting::scope;
use crate::nesting::tracker::Tracker;
use crate::nesting_depth;
use crate::report::Report;
use crate::report::failure::Failure;
use crate::report::status::SkipReason;

/// Emits a root, for the call at `at`.
#[inline]
pub(crate) fn emit<E: Event>(
    inner: &Arc<DispatcherState>,
    event: E,
    at: &'static Location<'static>,
) -> Report {
    let Some(entry) = inner.entry(E::slot()) else {
        return emit_full(inner, event, at);
    };
    let flags = entry.flags();
    if flags == flags::INLINE && nesting_depth::is_outermost() {
        return emit_by(inner, event, |event, state| {
            run_plain(inner, entry, event, state, &ROOT_LINEAGE)
        });
    }
    if flags == 0 && const { !std::mem::needs_drop::<E>() } {
        return Report::default();
    }
    match flags & !flags::INLINE {
        _ if !nesting_depth::is_outermost() => emit_full(inner, event, at),
        0 => emit_by(inner, event, |_, _| 0),
        flags::SUBSCRIBED => emit_subscribed(inner, entry, event),
        _ => emit_full(inner, event, at),
    }
}

/// Emits an outermost root to handlers and subscriptions.
#[inline(never)]
fn emit_subscribed<E: Event>(inner: &Arc<DispatcherState>, entry: &TableEntry, event: E) -> Report {
    emit_by(inner, event, |event, state| {
        run_subscribed(inner, entry, event, state, &ROOT_LINEAGE)
    })
}

/// Emits an outermost root by calling `run`, and reports.
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
    let state = LazyState::new();
    nesting::begin();
    let ran = run(&event, &state);
    let panic = discard(event);
    report(inner, ran, state, panic)
}

/// Ends an outermost emission, and reports.
#[inline]
fn report(
    inner: &Arc<DispatcherState>,
    ran: usize,
    state: LazyState,
    panic: Option<Failure>,
) -> Report {
    let refused = nesting::end();
    let state = match state.into_inner() {
        Some(state) => LazyState::from(state),
        None if panic.is_none() && refused.is_none() => return Report::new(ran, 0, None),
        None => LazyState::new(),
    };
    finish_outermost(inner, ran, state, panic, refused)
}

/// Reports an outermost root that has more to report than the number of its deliveries.
#[cold]
#[inline(never)]
fn finish_outermost(
    inner: &Arc<DispatcherState>,
    ran: usize,
    state: LazyState,
    panic: Option<Failure>,
    refused: Option<NestingError>,
) -> Report {
    let mut cascade = Cascade {
        done: ran,
        state,
        ..Cascade::default()
    };
    cascade.end_emission(inner, &ROOT_LINEAGE);
    finish(inner, cascade, panic, refused)
}

/// Emits a root on the path for all kinds of handlers.
#[cold]
#[inline(never)]
fn emit_full<E: Event>(
    inner: &Arc<DispatcherState>,
    event: E,
    at: &'static Location<'static>,
) -> Report {
    emit_root(inner, &mut Some(event), Cascade::default(), None, Some(at))
}

/// Emits a root with the options of its emitter.
pub(crate) fn emit_with<E: Event>(
    inner: &Arc<DispatcherState>,
    event: E,
    options: &RootOptions,
    wait_policy: WaitPolicy,
) -> Report {
    emit_root_with(inner, &mut Some(event), options, wait_policy)
}

fn emit_root(
    inner: &Arc<DispatcherState>,
    event: &mut dyn RootEvent,
    mut cascade: Cascade,
    tracker: Option<Tracker>,
    emitted_at: Option<&'static Location<'static>>,
) -> Report {
    if cascade.state.get().is_none()
        && let Some(entry) = queued::entry(inner, event.event().kind())
    {
        let tracker = tracker.or_else(scope::tracker);
        let blocks = cascade.wait_policy.blocks();
        if tracker.is_none() && queued::takes_event(inner, entry, event, blocks) {
            return Report::new(0, 1, None);
        }
        let refused = queued::emit(inner, entry, event, &mut cascade, tracker);
        if cascade.state.get().is_none() && refused.is_none() {
            return cascade.into_report();
        }
        return finish(inner, cascade, None, refused);
    }
    let options = RootOptions {
        tracker,
        emitted_at,
        ..RootOptions::default()
    };
    emit_cascade(inner, event, cascade, &options)
}

fn emit_root_with(
    inner: &Arc<DispatcherState>,
    event: &mut dyn RootEvent,
    options: &RootOptions,
    wait_policy: WaitPolicy,
) -> Report {
    if options.is_plain() {
        let cascade = Cascade::with(wait_policy);
        let (tracker, at) = (options.tracker.clone(), options.emitted_at);
        return emit_root(inner, event, cascade, tracker, at);
    }
    let cascade = options.cascade(wait_policy);
    emit_cascade(inner, event, cascade, options)
}

fn emit_cascade(
    inner: &Arc<DispatcherState>,
    event: &mut dyn RootEvent,
    mut cascade: Cascade,
    options: &RootOptions,
) -> Report {
    let (panic, refused) = match begin(inner, event.event().info(), options) {
        Ok(lineage) => lineage.scope().enter(inner.id(), || {
            deliver_root(inner, event, &mut cascade, lineage)
        }),
        Err(refused) => return refuse(inner, event, cascade, &refused),
    };
    if cascade.state.get().is_none() && panic.is_none() && refused.is_none() {
        return cascade.into_report();
    }
    finish(inner, cascade, panic, refused)
}

/// Makes the lineage of a new root of `event`.
///
/// # Errors
///
/// The dispatcher is closed, a limit of nested emits was exceeded, or a handler of a replayed event emits
/// an event that is in the journal.
pub(crate) fn begin(
    inner: &DispatcherState,
    event: &'static EventInfo,
    options: &RootOptions,
) -> Result<Lineage, EmitRefusal> {
    if !inner.closing.takes_roots(nesting_depth::is_outermost()) {
        return Err(EmitRefusal::Closed);
    }
    let replays = scope::is_replaying(inner.id());
    if replays && event.is_wire() {
        inner.count_discarded();
        return Err(EmitRefusal::Discarded);
    }
    let depth = nesting::root(&inner.limits, event).map_err(EmitRefusal::Refused)?;
    Ok(Lineage {
        replays: replays || options.replays,
        values: options.values.clone(),
        tracker: options.tracker.clone().or_else(scope::tracker),
        emitted_at: options.emitted_at,
        parent: nesting::cause().map(ParentEvent::known),
        ..Lineage::at(depth)
    })
}

/// Reports a root that was not emitted.
#[cold]
pub(crate) fn refuse(
    inner: &Arc<DispatcherState>,
    event: &mut dyn RootEvent,
    mut cascade: Cascade,
    why: &EmitRefusal,
) -> Report {
    cascade.not_emitted(inner, event.event(), None, why);
    if nesting::is_beyond(&inner.limits) {
        // Only an event whose `Drop` emits it again gets here; leaking it ends the recursion.
        event.forget();
        return cascade.into_report();
    }
    let (panic, _) = nesting::enter(nesting::next(), || discard_root(event));
    finish(inner, cascade, panic, None)
}

/// Hands the event of a root to its handlers; returns the failure if the event's `Drop` panicked.
fn deliver_root(
    inner: &Arc<DispatcherState>,
    event: &mut dyn RootEvent,
    cascade: &mut Cascade,
    lineage: Lineage,
) -> Option<Failure> {
    let Some(entry) = inner.find(event.event().kind()) else {
        return discard_root(event);
    };
    if entry.shares_event() {
        let info = event.event().info();
        let share = |with| event.share(with);
        discard_as(
            info,
            deliver_shared(inner, &entry, info, share, cascade, lineage),
        )
    } else {
        deliver(inner, &entry, event.event(), cascade, lineage);
        discard_root(event)
    }
}

/// Emits the events that the root caused, and reports.
#[cold]
#[inline(never)]
pub(crate) fn finish(
    inner: &Arc<DispatcherState>,
    mut cascade: Cascade,
    panic: Option<Failure>,
    refused: Option<NestingError>,
) -> Report {
    if let Some(failure) = panic {
        cascade.state_mut().fail(inner, failure);
    }
    cascade.note_refused(refused);
    cascade.run_caused(inner);
    cascade.into_report()
}

/// Hands one event to its handlers, all of which run inline.
pub(crate) fn deliver(
    inner: &Arc<DispatcherState>,
    entry: &TableEntry,
    event: &dyn InlineEvent,
    cascade: &mut Cascade,
    mut lineage: Lineage,
) {
    let fail_fast = cascade.is_fail_fast();
    let state = &cascade.state;
    let flags = entry.flags();
    cascade.done += match flags & !flags::INLINE {
        0 if flags == 0 => 0,
        0 if !fail_fast => run_erased(inner, entry, event, state, &lineage),
        flags::SUBSCRIBED if !fail_fast => event.run_subscribed(inner, entry, state, &lineage),
        _ => {
            inner.begin(event.info(), &mut lineage);
            let observed = EmissionObservers::new(inner, event, &lineage);
            let ran = run_full(inner, entry, event, state, &lineage, observed.as_ref());
            if let Some(observed) = &observed {
                observed.emission_ended();
            }
            ran
        }
    };
    cascade.end_emission(inner, &lineage);
}

/// Hands one event to its handlers, of which some do not run inline. `share` shares the event with these.
pub(crate) fn deliver_shared(
    inner: &Arc<DispatcherState>,
    entry: &TableLookup<'_>,
    event: &'static EventInfo,
    share: impl FnOnce(Sharing) -> Arc<dyn ErasedDeferredEvent>,
    cascade: &mut Cascade,
    mut lineage: Lineage,
) -> Arc<dyn ErasedDeferredEvent> {
    let subscribed = entry.load_deferred_subscriptions();
    inner.begin(event, &mut lineage);
    let shared = share(Sharing {
        lineage,
        late: entry.late(),
        as_arc: subscribed.is_some() || entry.keeps_event(),
    });
    let observed = EmissionObservers::shared(inner, &*shared);
    let halted = run_inline(inner, entry, &*shared, cascade, observed.as_ref());
    hand_over::hand_over(inner, &shared, subscribed.as_deref(), cascade, halted);
    if cascade.wait_policy == WaitPolicy::AwaitHandlers && halted.is_none() {
        // The caller that runs the root also runs the async handlers.
        let event = Arc::clone(&shared);
        cascade.state_mut().async_handlers = Some(AsyncHandlers { event, subscribed });
    }
    if let Some(observed) = &observed {
        observed.emission_ended();
    }
    drop(observed);
    shared
}

/// Runs the inline handlers of an emission whose event is shared with other deliveries. Returns why the
/// other handlers must not run, if so.
pub(crate) fn run_inline(
    inner: &Arc<DispatcherState>,
    entry: &TableEntry,
    shared: &dyn ErasedDeferredEvent,
    cascade: &mut Cascade,
    observed: Option<&EmissionObservers<'_>>,
) -> Option<SkipReason> {
    let (event, lineage) = (shared.event(), shared.lineage());
    cascade.done += run_full(inner, entry, event, &cascade.state, lineage, observed);
    let halted = cascade.halted();
    cascade.end_emission(inner, lineage);
    halted
}
