//! `emit_async`: an emission as a future, which also runs the async handlers and waits for capacity in
//! queues.

use std::sync::Arc;

use crate::engine::awaited_handlers::AwaitedHandlers;
use crate::engine::blocked_event::offer_when_free;
use crate::engine::deferred::async_handlers;
use crate::engine::deferred::queued::{self, EventOffer};
use crate::engine::deferred::redeliver::keep_failed;
use crate::engine::discard;
use crate::engine::emission::awaited_event::AwaitedEvent;
use crate::engine::emission::cascade::{Cascade, WaitPolicy};
#[cfg(feature = "serde")]
use crate::engine::emission::erased::ArrivedEvent;
use crate::engine::emission::erased::{RootEvent, Sharing};
use crate::engine::emission::options::RootOptions;
use crate::engine::emission::pending_event::PendingEvent;
use crate::engine::emit;
use crate::engine::emit_all;
use crate::engine::observers::EmissionObservers;
use crate::engine::pending_emission;
use crate::engine::pending_emission::StartedEmission;
use crate::engine::plan::flags;
use crate::engine::plan::handlers::{EventKind, EventType, TableEntry};
use crate::engine::state::DispatcherState;
use crate::event::Event;
use crate::event::info::EventInfo;
use crate::nesting;
use crate::nesting::scope;
use crate::nesting::tracker::Tracker;
use crate::nesting_depth;
#[cfg(feature = "serde")]
use crate::panics::DropCaught;
use crate::report::Report;

/// Emits a root, runs its async handlers, and waits for capacity in queues.
///
/// Most emissions need only this small future. Others continue in a boxed future, whose state is large and
/// would be moved with every emission.
#[allow(
    clippy::manual_async_fn,
    reason = "an `async fn` stores its arguments twice in its future"
)]
pub(crate) fn emit_async<E: Event>(
    inner: Arc<DispatcherState>,
    event: E,
    options: RootOptions,
) -> impl Future<Output = Report> + Send + use<E> {
    async move {
        let entry = plain_root(&inner, EventType::<E>::KIND, &options);
        let flags = entry.map_or(0, TableEntry::flags);
        let started = match entry {
            Some(entry) if flags & !flags::INLINE == flags::ASYNC => {
                let mut awaited = AwaitedEvent::new(event);
                let ended = match AwaitedHandlers::new(&inner, entry, &awaited).await {
                    Ok(done) if !const { std::mem::needs_drop::<E>() } => {
                        return Report::new(done, 0, None);
                    }
                    Ok(done) => Ok(done),
                    Err(started) => {
                        Err(pending_emission::resume_started(&inner, &awaited, started).await)
                    }
                };
                let cascade = match ended {
                    Ok(done) => Cascade::awaited(done),
                    Err(mut cascade) => {
                        keep_failed(&inner, &mut cascade, || awaited.share());
                        cascade
                    }
                };
                finish_awaited(&inner, awaited.take(), cascade)
            }
            Some(entry) if flags == flags::QUEUED => {
                let mut event = Some(event);
                match queued::offer_event(&inner, entry, &mut event) {
                    EventOffer::Taken => return Report::new(0, 1, None),
                    EventOffer::Full(place) => {
                        if Box::pin(offer_when_free(&inner, place, &mut event)).await {
                            return Report::new(0, 1, None);
                        }
                        offer_to_all(&inner, entry, &mut event, None)
                    }
                    EventOffer::Refused => begin(&inner, &mut event, &options),
                }
            }
            _ => begin(&inner, &mut Some(event), &options),
        };
        match started.resume(&inner) {
            Ok(report) => report,
            Err(rest) => rest.await,
        }
    }
}

/// Returns the table entry of an event that is emitted as an outermost root, without options and without
/// meta.
#[inline]
fn plain_root<'d>(
    inner: &'d DispatcherState,
    kind: EventKind,
    options: &RootOptions,
) -> Option<&'d TableEntry> {
    let is_outermost = nesting_depth::is_outermost() && !scope::is_tracked();
    if options.is_default() && !inner.makes_meta() && is_outermost {
        inner.entry(kind.slot())
    } else {
        None
    }
}

/// Offers the event of an outermost root to its queues.
fn offer_to_all(
    inner: &Arc<DispatcherState>,
    entry: &TableEntry,
    event: &mut dyn RootEvent,
    tracker: Option<Tracker>,
) -> StartedEmission {
    let info = event.event().info();
    let mut cascade = Cascade::with(WaitPolicy::AwaitHandlers);
    let refused = queued::emit(inner, entry, event, &mut cascade, tracker);
    StartedEmission::new(inner, cascade, info, None, refused)
}

/// Drops the event of an emission whose async handlers have ended.
fn finish_awaited<E: Event>(
    inner: &Arc<DispatcherState>,
    event: Option<E>,
    cascade: Cascade,
) -> StartedEmission {
    let (panic, refused) = nesting::enter(0, || discard::discard_as(E::INFO, event));
    StartedEmission::new(inner, cascade, E::INFO, panic, refused)
}

/// Runs the inline handlers of a root's event, and hands the event over to queues.
fn begin(
    inner: &Arc<DispatcherState>,
    event: &mut dyn RootEvent,
    options: &RootOptions,
) -> StartedEmission {
    let mut cascade = options.cascade(WaitPolicy::AwaitHandlers);
    let kind = event.event().kind();
    let info = kind.info();
    if options.is_plain()
        && let Some(entry) = queued::entry(inner, kind)
    {
        let tracker = options.tracker.clone().or_else(scope::tracker);
        return offer_to_all(inner, entry, event, tracker);
    }
    let mut lineage = match emit::begin(inner, info, options) {
        Ok(lineage) => lineage,
        Err(why) => return StartedEmission::Ended(emit::refuse(inner, event, cascade, &why)),
    };
    let scope = lineage.scope();
    let Some(entry) = inner.find(kind) else {
        let (panic, refused) = scope.enter(inner.id(), || discard::discard_root(event));
        return StartedEmission::new(inner, cascade, info, panic, refused);
    };
    if !entry.shares_event() {
        let (panic, refused) = scope.enter(inner.id(), || {
            emit::deliver(inner, &entry, event.event(), &mut cascade, lineage);
            discard::discard_root(event)
        });
        return StartedEmission::new(inner, cascade, info, panic, refused);
    }
    if needs_hand_over(&entry) {
        let (shared, refused) = scope.enter(inner.id(), || {
            let share = |with| event.share(with);
            emit::deliver_shared(inner, &entry, info, share, &mut cascade, lineage)
        });
        return StartedEmission::handed_over(inner, cascade, shared, refused);
    }
    inner.begin(info, &mut lineage);
    let shared = event.share(Sharing {
        lineage,
        late: entry.late(),
        as_arc: entry.keeps_event(),
    });
    let observed = EmissionObservers::shared(inner, &*shared);
    let (halted, refused) = scope.enter(inner.id(), || {
        let halted = emit::run_inline(inner, &entry, &*shared, &mut cascade, observed.as_ref());
        if let Some(skip) = halted {
            async_handlers::skip_all(inner, &*shared, &mut cascade, skip);
        }
        halted
    });
    if halted.is_none() {
        let observers = observed.map(EmissionObservers::into_observers);
        return StartedEmission::pending(cascade, shared, None, observers, refused);
    }
    if let Some(observed) = &observed {
        observed.emission_ended();
    }
    drop(observed);
    cascade.note_refused(refused);
    let (panic, refused) = scope.enter(inner.id(), || discard::discard_as(info, shared));
    StartedEmission::new(inner, cascade, info, panic, refused)
}

/// Emits recorded events as one root, runs the async handlers of each, and waits for capacity in queues.
/// Failures of the whole root have `event` as their event.
pub(crate) async fn emit_all_async(
    inner: Arc<DispatcherState>,
    events: Vec<PendingEvent>,
    event: &'static EventInfo,
    options: RootOptions,
) -> Report {
    let mut cascade = options.cascade(WaitPolicy::AwaitHandlers);
    emit_all::enter_all(&inner, events, &options, &mut cascade);
    match StartedEmission::new(&inner, cascade, event, None, None).resume(&inner) {
        Ok(report) => report,
        Err(rest) => rest.await,
    }
}

/// Delivers an event that came from outside, runs its async handlers, and waits for capacity in queues.
#[cfg(feature = "serde")]
pub(crate) async fn deliver_async(
    inner: Arc<DispatcherState>,
    event: Arc<dyn ArrivedEvent>,
    arrival: crate::engine::arrival::Arrival,
    options: RootOptions,
) -> Report {
    // The sender may have dropped its `Arc`, so that this one drops the event.
    let event = DropCaught::new(event);
    match begin_arrived(&inner, event, arrival, &options).resume(&inner) {
        Ok(report) => report,
        Err(rest) => rest.await,
    }
}

/// Runs the inline handlers of an event that came from outside, and hands the event over to queues.
#[cfg(feature = "serde")]
fn begin_arrived(
    inner: &Arc<DispatcherState>,
    event: DropCaught<Arc<dyn ArrivedEvent>>,
    arrival: crate::engine::arrival::Arrival,
    options: &RootOptions,
) -> StartedEmission {
    let mut cascade = options.cascade(WaitPolicy::AwaitHandlers);
    let info = event.info();
    let any = event.as_any_event();
    let Some(lineage) = crate::engine::arrival::enter(inner, any, arrival, options, &mut cascade)
    else {
        return StartedEmission::Ended(cascade.into_report());
    };
    let scope = lineage.scope();
    let (shared, refused) = scope.enter(inner.id(), || {
        let entry = inner.find(event.kind())?;
        if entry.shares_event() {
            let share = |with| Arc::clone(&event).share(with);
            let cascade = &mut cascade;
            Some(emit::deliver_shared(
                inner, &entry, info, share, cascade, lineage,
            ))
        } else {
            emit::deliver(inner, &entry, &**event, &mut cascade, lineage);
            None
        }
    });
    if let Some(shared) = shared {
        return StartedEmission::handed_over(inner, cascade, shared, refused);
    }
    cascade.note_refused(refused);
    let discard = || discard::discard_as(info, event.into_inner());
    let (panic, refused) = scope.enter(inner.id(), discard);
    StartedEmission::new(inner, cascade, info, panic, refused)
}

/// Whether queues or subscriptions will hold the event, too.
fn needs_hand_over(entry: &TableEntry) -> bool {
    entry.flags() & (flags::QUEUED | flags::DEFERRED_SUBSCRIBED) != 0
}
