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

use crate::engine::deferred::hand_over;
use crate::engine::deferred::queued;
use crate::engine::emission::cascade::{Cascade, WaitPolicy};
use crate::engine::emission::cascade_state::AsyncHandlers;
use crate::engine::emission::cascade_state::LazyState;
use crate::engine::emission::deferred_event::{DeferredEvent, ErasedDeferredEvent};
use crate::engine::emission::erased::ErasedEvent;
use crate::engine::emission::lineage::{Lineage, ROOT_LINEAGE};
use crate::engine::emission::options::RootOptions;
use crate::engine::emission::refusal::EmitRefusal;
pub(crate) use crate::engine::inline::call::run_plain;
use crate::engine::inline::observed::{run_full, run_subscribed};
use crate::engine::observers::EmissionObservers;
use crate::engine::plan::executor::DeferredSubscriptions;
use crate::engine::plan::flags;
use crate::engine::plan::handlers::TableEntry;
use crate::engine::plan::lookup::TableLookup;
use crate::engine::state::DispatcherState;
use crate::event::Event;
use crate::event::any::AnyEvent;
use crate::event::info::EventInfo;
use crate::meta::parent::ParentEvent;
use crate::nesting;
use crate::nesting::NestingError;
use crate::nesting::scope;
use crate::nesting_depth;
use crate::panics;
use crate::report::Report;
use crate::report::failure::{Cause, Failure};
use crate::report::returned::ReturnedEvent;
use crate::report::status::SkipReason;

/// Emits a root.
#[inline]
pub(crate) fn emit<E: Event>(inner: &Arc<DispatcherState>, event: E) -> Report {
    let Some(entry) = inner.entry(E::slot()) else {
        return emit_full(inner, event, Cascade::default());
    };
    let flags = entry.flags();
    if flags == flags::INLINE && nesting_depth::is_outermost() {
        return emit_by(inner, event, |event, state| {
            run_plain(inner, entry.event_handlers(), event, state, &ROOT_LINEAGE)
        });
    }
    if flags == 0 && const { !std::mem::needs_drop::<E>() } {
        return Report::default();
    }
    match flags & !flags::INLINE {
        _ if !nesting_depth::is_outermost() => emit_full(inner, event, Cascade::default()),
        0 => emit_by(inner, event, |_, _| 0),
        flags::SUBSCRIBED => emit_subscribed(inner, entry, event),
        _ => emit_full(inner, event, Cascade::default()),
    }
}

/// Emits an outermost root to handlers and subscriptions.
#[inline(never)]
fn emit_subscribed<E: Event>(inner: &Arc<DispatcherState>, entry: &TableEntry, event: E) -> Report {
    emit_by(inner, event, |event, state| {
        run_subscribed(inner, entry.event_handlers(), event, state, &ROOT_LINEAGE)
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
    let state = LazyState::new();
    nesting::begin();
    let ran = run(&event, &state);
    let panic = discard(event);
    let refused = nesting::end();
    let state = match state.into_inner() {
        Some(state) => LazyState::from(state),
        None if panic.is_none() && refused.is_none() => return Report::new(ran, 0, None),
        None => LazyState::new(),
    };
    let mut cascade = Cascade {
        done: ran,
        state,
        ..Cascade::default()
    };
    cascade.end_emission(inner, &ROOT_LINEAGE);
    finish(inner, cascade, panic, refused)
}

/// Emits a root, whatever its event needs.
#[cold]
#[inline(never)]
pub(crate) fn emit_full<E: Event>(
    inner: &Arc<DispatcherState>,
    event: E,
    cascade: Cascade,
) -> Report {
    if cascade.state.get().is_none()
        && let Some(event_handlers) = queued::event_handlers(inner)
    {
        let mut cascade = cascade;
        let refused = queued::emit(inner, event_handlers, event, &mut cascade);
        if cascade.state.get().is_none() && refused.is_none() {
            return cascade.into_report();
        }
        return finish(inner, cascade, None, refused);
    }
    emit_cascade(inner, event, cascade, &RootOptions::default())
}

/// Emits a root with what its emitter chose.
pub(crate) fn emit_with<E: Event>(
    inner: &Arc<DispatcherState>,
    event: E,
    options: &RootOptions,
    wait_policy: WaitPolicy,
) -> Report {
    if options.is_default() {
        return emit_full(inner, event, Cascade::with(wait_policy));
    }
    let cascade = options.cascade(wait_policy);
    emit_cascade(inner, event, cascade, options)
}

fn emit_cascade<E: Event>(
    inner: &Arc<DispatcherState>,
    event: E,
    mut cascade: Cascade,
    options: &RootOptions,
) -> Report {
    let (panic, refused) = match begin(inner, E::INFO, options) {
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

/// Where a new root of `event` stands.
///
/// # Errors
///
/// The dispatcher is closed, a limit of emits inside of emits was crossed, or a handler of a replayed
/// event emits what is in the record.
pub(crate) fn begin(
    inner: &DispatcherState,
    event: &'static EventInfo,
    options: &RootOptions,
) -> Result<Lineage, EmitRefusal> {
    if !inner.closing.takes_roots(nesting_depth::is_outermost()) {
        return Err(EmitRefusal::Closed);
    }
    let replays = scope::is_under_way(inner.id());
    if replays && event.is_wire() {
        inner.count_discarded();
        return Err(EmitRefusal::Discarded);
    }
    let depth = nesting::root(&inner.limits, event).map_err(EmitRefusal::Refused)?;
    Ok(Lineage {
        replays: replays || options.replays,
        values: options.values.clone(),
        parent: nesting::cause().map(ParentEvent::known),
        ..Lineage::at(depth)
    })
}

/// Reports a root that was not emitted.
#[cold]
pub(crate) fn refuse<E: Event>(
    inner: &Arc<DispatcherState>,
    event: E,
    mut cascade: Cascade,
    why: &EmitRefusal,
) -> Report {
    cascade.not_emitted(inner, &event, None, why);
    if nesting::is_beyond(&inner.limits) {
        // Only an event whose `Drop` emits it again gets here: leaking one ends that.
        std::mem::forget(event);
        return cascade.into_report();
    }
    let (panic, _) = nesting::enter(nesting::next(), || discard(event));
    finish(inner, cascade, panic, None)
}

/// Hands the event of a root to its handlers; what its `Drop` panicked with, if it did.
fn deliver_root<E: Event>(
    inner: &Arc<DispatcherState>,
    event: E,
    cascade: &mut Cascade,
    lineage: Lineage,
) -> Option<Failure> {
    let Some(entry) = inner.find::<E>() else {
        return discard(event);
    };
    if entry.event_handlers::<E>().has_deferred() {
        discard_as(
            E::INFO,
            deliver_shared(inner, &entry, event, cascade, lineage),
        )
    } else {
        deliver(inner, &entry, &event, cascade, lineage);
        discard(event)
    }
}

/// Emits what the root caused, and reports.
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

/// Drops the event of a root; what it panicked with, if its `Drop`, which is the user's, did.
#[inline]
pub(crate) fn discard<E: Event>(event: E) -> Option<Failure> {
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
pub(crate) fn deliver<E: Event>(
    inner: &Arc<DispatcherState>,
    entry: &TableLookup<'_>,
    event: &E,
    cascade: &mut Cascade,
    mut lineage: Lineage,
) {
    let fail_fast = cascade.is_fail_fast();
    let state = &cascade.state;
    let flags = entry.flags();
    cascade.done += match flags & !flags::INLINE {
        0 if flags == 0 => 0,
        0 if !fail_fast => run_plain(inner, entry.event_handlers(), event, state, &lineage),
        flags::SUBSCRIBED if !fail_fast => {
            run_subscribed(inner, entry.event_handlers(), event, state, &lineage)
        }
        _ => {
            inner.begin(E::INFO, &mut lineage);
            let observed = EmissionObservers::new(inner, event, &lineage);
            let ran = run_full(
                inner,
                entry.event_handlers(),
                event,
                state,
                &lineage,
                observed.as_ref(),
            );
            if let Some(observed) = &observed {
                observed.emission_ended();
            }
            ran
        }
    };
    cascade.end_emission(inner, &lineage);
}

/// Hands one event to its handlers, of which some do not run inline.
pub(crate) fn deliver_shared<E: Event>(
    inner: &Arc<DispatcherState>,
    entry: &TableLookup<'_>,
    event: E,
    cascade: &mut Cascade,
    lineage: Lineage,
) -> Arc<dyn ErasedDeferredEvent> {
    let subscribed = entry.event_handlers::<E>().load_deferred_subscriptions();
    let shared = share(inner, entry, event, lineage, subscribed.is_some());
    deliver_as(inner, entry, shared, subscribed, cascade)
}

/// The same of an event that somebody else holds, too.
#[cfg(feature = "serde")]
pub(crate) fn deliver_held<E: Event>(
    inner: &Arc<DispatcherState>,
    entry: &TableLookup<'_>,
    event: Arc<E>,
    cascade: &mut Cascade,
    mut lineage: Lineage,
) -> Arc<dyn ErasedDeferredEvent> {
    inner.begin(E::INFO, &mut lineage);
    let subscribed = entry.event_handlers::<E>().load_deferred_subscriptions();
    let shared = DeferredEvent::held(event, lineage, entry);
    deliver_as(inner, entry, shared, subscribed, cascade)
}

fn deliver_as<E: Event>(
    inner: &Arc<DispatcherState>,
    entry: &TableLookup<'_>,
    shared: DeferredEvent<E>,
    subscribed: Option<DeferredSubscriptions>,
    cascade: &mut Cascade,
) -> Arc<dyn ErasedDeferredEvent> {
    let typed = Arc::new(shared);
    let observed = EmissionObservers::new(inner, typed.event(), typed.lineage());
    let halted = run_inline(inner, entry, &typed, cascade, observed.as_ref());
    let shared: Arc<dyn ErasedDeferredEvent> = Arc::clone(&typed) as Arc<dyn ErasedDeferredEvent>;
    hand_over::hand_over(inner, &shared, subscribed.as_deref(), cascade, halted);
    if cascade.wait_policy == WaitPolicy::AwaitHandlers && halted.is_none() {
        // Whoever runs the root goes on with these.
        let event = Arc::clone(&shared);
        cascade.state_mut().async_handlers = Some(AsyncHandlers { event, subscribed });
    }
    if let Some(observed) = &observed {
        observed.emission_ended();
    }
    shared
}

/// Keeps an event for the deliveries that run later, as an `Arc` if subscriptions want it.
pub(crate) fn share<E: Event>(
    inner: &DispatcherState,
    entry: &TableLookup<'_>,
    event: E,
    mut lineage: Lineage,
    is_subscribed: bool,
) -> DeferredEvent<E> {
    inner.begin(E::INFO, &mut lineage);
    DeferredEvent::new(event, lineage, entry, is_subscribed)
}

/// The first phase of an emission whose event others hold, too. Answers why the others shall not run,
/// if so.
pub(crate) fn run_inline<E: Event>(
    inner: &Arc<DispatcherState>,
    entry: &TableLookup<'_>,
    shared: &DeferredEvent<E>,
    cascade: &mut Cascade,
    observed: Option<&EmissionObservers<'_>>,
) -> Option<SkipReason> {
    let ran = run_full(
        inner,
        entry.event_handlers(),
        shared.event(),
        &cascade.state,
        shared.lineage(),
        observed,
    );
    cascade.done += ran;
    let halted = cascade.halted();
    cascade.end_emission(inner, shared.lineage());
    halted
}

impl<E: Event> ErasedEvent for E {
    fn info(&self) -> &'static EventInfo {
        E::INFO
    }

    fn as_any_event(&self) -> &dyn AnyEvent {
        self
    }

    fn emit(
        self: Box<Self>,
        inner: &Arc<DispatcherState>,
        cascade: &mut Cascade,
        lineage: Lineage,
    ) -> ReturnedEvent {
        if let Some(entry) = inner.find::<E>() {
            if entry.event_handlers::<E>().has_deferred() {
                let shared = deliver_shared(inner, &entry, *self, cascade, lineage);
                return match shared.share_event() {
                    Some(event) => ReturnedEvent::Event(event),
                    None => ReturnedEvent::Deferred(shared),
                };
            }
            deliver(inner, &entry, &*self, cascade, lineage);
        }
        ReturnedEvent::Own(self)
    }

    fn into_any(self: Box<Self>) -> Box<dyn AnyEvent> {
        self
    }
}
