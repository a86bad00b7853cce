//! `emit_async`: an emission as a future, which also runs the async handlers and waits for room in
//! queues.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use crate::dispatcher::pending::PendingEvents;
#[cfg(feature = "serde")]
use crate::engine::arrival::ArrivedEvent;
use crate::engine::deferred::async_handlers;
use crate::engine::deferred::event::DeferredEvent;
use crate::engine::deferred::first_poll;
use crate::engine::deferred::pending_emission;
use crate::engine::deferred::pending_emission::StartedEmission;
use crate::engine::deferred::queued;
use crate::engine::emission::cascade::{Cascade, WaitPolicy};
use crate::engine::emission::erased::{RootEvent, Sharing};
use crate::engine::emission::nesting;
use crate::engine::emission::values::Values;
use crate::engine::emit;
use crate::engine::emit_all;
use crate::engine::observers::EmissionObservers;
use crate::engine::plan::executor::Executor;
use crate::engine::plan::handlers::{EventKind, EventType, TableEntry, mode};
use crate::engine::state::{DispatcherState, TableLookup};
use crate::event::Event;
use crate::panics::DropCaught;
use crate::report::Report;

/// Emits a root, runs its async handlers, and waits for room in queues.
///
/// What is done at once, which is most, needs nothing but this small future. All else goes on in a box:
/// its state is large, and would be moved about with every emission.
pub(crate) async fn emit_async<E: Event>(
    inner: Arc<DispatcherState>,
    event: E,
    values: Option<Arc<Values>>,
) -> Report {
    if let Some(entry) = at_once_entry(&inner, EventType::<E>::KIND, values.is_none()) {
        return emit_at_once(&inner, entry, event).await;
    }
    match begin(&inner, &mut Some(event), values) {
        StartedEmission::Ended(report) => report,
        StartedEmission::Pending(rest) => rest.go_on(&inner).await,
    }
}

/// The place of an event that is emitted as an outermost root, if most of its handlers are ready at once.
fn at_once_entry(inner: &DispatcherState, kind: EventKind, is_bare: bool) -> Option<&TableEntry> {
    let is_plain_root = is_bare && !inner.is_stamping() && nesting::is_outermost();
    let entry = inner.entry(kind.slot()).filter(|_| is_plain_root)?;
    (entry.mode() == mode::AT_ONCE).then_some(entry)
}

/// Emits an outermost root to handlers that mostly are ready at once.
async fn emit_at_once<E: Event>(
    inner: &Arc<DispatcherState>,
    entry: &TableEntry,
    event: E,
) -> Report {
    let shared = DropCaught::new(DeferredEvent::root(event));
    let mut root = Cascade::with(WaitPolicy::AwaitHandlers);
    {
        let (rest, refused) = poll_fn(|context| {
            Poll::Ready(nesting::enter(0, || {
                first_poll::run(inner, entry, &*shared, &mut root, context)
            }))
        })
        .await;
        if rest.is_some() || refused.is_some() {
            root.pass_on(refused);
            pending_emission::go_on_at_once(inner, &mut root, &*shared, rest).await;
        }
    }
    if root.record.get().is_none() && !const { std::mem::needs_drop::<E>() } {
        return root.into_report();
    }
    let (panic, refused) = nesting::enter(0, || emit::discard_as(E::INFO, shared.into_inner()));
    match StartedEmission::new(inner, root, E::INFO, panic, refused) {
        StartedEmission::Ended(report) => report,
        StartedEmission::Pending(rest) => rest.go_on(inner).await,
    }
}

/// Hands the event of a root to its inline handlers and to queues.
fn begin(
    inner: &Arc<DispatcherState>,
    event: &mut dyn RootEvent,
    values: Option<Arc<Values>>,
) -> StartedEmission {
    let mut root = Cascade::with(WaitPolicy::AwaitHandlers);
    let kind = event.event().kind();
    let info = kind.info();
    if values.is_none()
        && let Some(entry) = queued::entry(inner, kind)
    {
        let refused = queued::emit(inner, entry, event, &mut root);
        return StartedEmission::new(inner, root, info, None, refused);
    }
    let mut origin = match emit::enter_root(inner, info, values) {
        Ok(origin) => origin,
        Err(why) => return StartedEmission::Ended(emit::refuse(inner, event, root, &why)),
    };
    let depth = origin.depth;
    let Some(found) = inner.find(kind) else {
        let (panic, refused) = nesting::enter(depth, || emit::discard_root(event));
        return StartedEmission::new(inner, root, info, panic, refused);
    };
    if !found.has_later() {
        let (panic, refused) = nesting::enter(depth, || {
            emit::deliver(inner, &found, event.event(), &mut root, origin);
            emit::discard_root(event)
        });
        return StartedEmission::new(inner, root, info, panic, refused);
    }
    if needs_hand_over(&found) {
        let (shared, refused) = nesting::enter(depth, || {
            let share = |with| event.share(with);
            emit::deliver_shared(inner, &found, info, share, &mut root, origin)
        });
        return StartedEmission::handed_over(inner, root, shared, refused);
    }
    inner.begin(info, &mut origin);
    let shared = event.share(Sharing {
        origin,
        late: found.late(),
        as_arc: false,
    });
    let observed = EmissionObservers::new(inner, shared.as_any_event(), shared.origin());
    let (halted, refused) = nesting::enter(depth, || {
        let halted = emit::run_inline(inner, &found, &*shared, &mut root, observed.as_ref());
        if let Some(skip) = halted {
            async_handlers::skip_all(inner, &*shared, &mut root, skip);
        }
        halted
    });
    if halted.is_none() {
        let observers = observed.map(EmissionObservers::into_observers);
        return StartedEmission::pending(root, shared, None, observers, refused);
    }
    if let Some(observed) = &observed {
        observed.emission_ended();
    }
    drop(observed);
    root.pass_on(refused);
    let (panic, refused) = nesting::enter(depth, || emit::discard_as(info, shared));
    StartedEmission::new(inner, root, info, panic, refused)
}

/// Emits recorded events as one root, runs the async handlers of each, and waits for room in queues.
pub(crate) async fn emit_all_async(
    inner: Arc<DispatcherState>,
    pending: PendingEvents,
    values: Option<Arc<Values>>,
) -> Report {
    let event = pending.first();
    let mut root = Cascade::with(WaitPolicy::AwaitHandlers);
    emit_all::enter_all(&inner, pending, values, false, &mut root);
    match StartedEmission::new(&inner, root, event, None, None) {
        StartedEmission::Ended(report) => report,
        StartedEmission::Pending(rest) => rest.go_on(&inner).await,
    }
}

/// The same of an event that came from outside.
#[cfg(feature = "serde")]
pub(crate) async fn deliver_async(
    inner: Arc<DispatcherState>,
    event: Arc<dyn ArrivedEvent>,
    arrival: crate::engine::arrival::Arrival,
) -> Report {
    // Whoever sent it may hold it no more.
    let event = DropCaught::new(event);
    match begin_arrived(&inner, event, arrival) {
        StartedEmission::Ended(report) => report,
        StartedEmission::Pending(rest) => rest.go_on(&inner).await,
    }
}

/// Hands an event that came from outside to its inline handlers and to queues.
#[cfg(feature = "serde")]
fn begin_arrived(
    inner: &Arc<DispatcherState>,
    event: DropCaught<Arc<dyn ArrivedEvent>>,
    arrival: crate::engine::arrival::Arrival,
) -> StartedEmission {
    let mut root = Cascade::with(WaitPolicy::AwaitHandlers);
    let info = event.info();
    let Some(origin) =
        crate::engine::arrival::enter(inner, event.as_any_event(), arrival, &mut root)
    else {
        return StartedEmission::Ended(root.into_report());
    };
    let stand = origin.stand();
    let (shared, refused) = stand.enter(inner, || {
        let found = inner.find(event.kind())?;
        if found.has_later() {
            let share = |with| Arc::clone(&event).share(with);
            Some(emit::deliver_shared(
                inner, &found, info, share, &mut root, origin,
            ))
        } else {
            emit::deliver(inner, &found, &**event, &mut root, origin);
            None
        }
    });
    if let Some(shared) = shared {
        return StartedEmission::handed_over(inner, root, shared, refused);
    }
    root.pass_on(refused);
    let discard = || emit::discard_as(info, event.into_inner());
    let (panic, refused) = stand.enter(inner, discard);
    StartedEmission::new(inner, root, info, panic, refused)
}

/// Whether something else than the emission will hold the event.
fn needs_hand_over(found: &TableLookup<'_>) -> bool {
    let is_queued = |place: &Executor| matches!(place, Executor::Queue(_));
    found.late_subscriptions.is_some() || found.later.iter().any(|seat| is_queued(&seat.place))
}
