//! `emit_async`: an emission as a future, which also runs the async handlers and waits for room in
//! queues.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::at_once;
use super::cascade::{Cascade, WaitPolicy};
use super::depth;
use super::emit;
use super::inner::{DispatcherState, TableLookup};
use super::pending;
use super::queued;
use super::remainder::{self, StartedEmission};
use super::roster::{EventHandlers, mode};
use super::seat::Executor;
use super::shared::DeferredEvent;
use super::structured;
use crate::context::Values;
use crate::event::{Event, EventInfo};
use crate::observer::EmissionObservers;
use crate::panics::DropCaught;
use crate::pending::PendingEvents;
use crate::report::Report;

pin_project! {
/// An emission that has not begun: await it, or [shield](Self::shielded) it.
///
/// # Cancellation
///
/// Dropped midway (a `select!`, a client that is gone), what had not ended ends as cancelled, which
/// is logged and told to observers once; what was handed to a queue goes on. Where that must not
/// happen, [`shielded`](Self::shielded) makes it a task: dropping it then only stops the waiting.
#[must_use = "an emission does nothing until it is awaited"]
pub struct EmitAsync<'d, F> {
    pub(super) inner: &'d Arc<DispatcherState>,
    pub(super) event: &'static EventInfo,
    #[pin]
    pub(super) future: F,
}
}

impl<'d, F> EmitAsync<'d, F> {
    pub(super) fn new(
        inner: &'d Arc<DispatcherState>,
        event: &'static EventInfo,
        future: F,
    ) -> Self {
        Self {
            inner,
            event,
            future,
        }
    }
}

impl<F: Future<Output = Report>> Future for EmitAsync<'_, F> {
    type Output = Report;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Report> {
        self.project().future.poll(context)
    }
}

impl<F> fmt::Debug for EmitAsync<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmitAsync")
            .field("event", &self.event.name())
            .field("open", &self.inner.closing.is_open())
            .finish_non_exhaustive()
    }
}

/// Emits a root, runs its async handlers, and waits for room in queues.
///
/// What is done at once, which is most, needs nothing but this small future. All else goes on in a box:
/// its state is large, and would be moved about with every emission.
pub(crate) async fn emit_async<E: Event>(
    inner: Arc<DispatcherState>,
    event: E,
    values: Option<Arc<Values>>,
) -> Report {
    if let Some(roster) = at_once_roster(&inner, values.is_none()) {
        return emit_at_once(&inner, roster, event).await;
    }
    match begin(&inner, event, values) {
        StartedEmission::Ended(report) => report,
        StartedEmission::Pending(rest) => rest.go_on(&inner).await,
    }
}

/// The handlers of an event that is emitted as an outermost root, if most of them are ready at once.
fn at_once_roster<E: Event>(inner: &DispatcherState, is_bare: bool) -> Option<&EventHandlers<E>> {
    let is_plain_root = is_bare && !inner.is_stamping() && depth::is_outermost();
    let entry = inner.entry(E::slot()).filter(|_| is_plain_root)?;
    (entry.mode() == mode::AT_ONCE).then(|| entry.roster())
}

/// Emits an outermost root to handlers that mostly are ready at once.
async fn emit_at_once<E: Event>(
    inner: &Arc<DispatcherState>,
    roster: &EventHandlers<E>,
    event: E,
) -> Report {
    let shared = DropCaught::new(DeferredEvent::root(event));
    let mut root = Cascade::with(WaitPolicy::AwaitHandlers);
    {
        let (rest, refused) = poll_fn(|context| {
            Poll::Ready(depth::enter(0, || {
                at_once::run(inner, roster, &shared, &mut root, context)
            }))
        })
        .await;
        if rest.is_some() || refused.is_some() {
            root.pass_on(refused);
            remainder::go_on_at_once(inner, &mut root, &shared, rest).await;
        }
    }
    if root.record.get().is_none() && !const { std::mem::needs_drop::<E>() } {
        return root.into_report();
    }
    let (panic, refused) = depth::enter(0, || emit::discard_as(E::INFO, shared.into_inner()));
    match StartedEmission::new(inner, root, E::INFO, panic, refused) {
        StartedEmission::Ended(report) => report,
        StartedEmission::Pending(rest) => rest.go_on(inner).await,
    }
}

/// Hands the event of a root to its inline handlers and to queues.
fn begin<E: Event>(
    inner: &Arc<DispatcherState>,
    event: E,
    values: Option<Arc<Values>>,
) -> StartedEmission {
    let mut root = Cascade::with(WaitPolicy::AwaitHandlers);
    if values.is_none()
        && let Some(roster) = queued::roster(inner)
    {
        let refused = queued::emit(inner, roster, event, &mut root);
        return StartedEmission::new(inner, root, E::INFO, None, refused);
    }
    let origin = match emit::enter_root(inner, E::INFO, values) {
        Ok(origin) => origin,
        Err(why) => return StartedEmission::Ended(emit::refuse(inner, event, root, &why)),
    };
    let depth = origin.depth;
    let Some(found) = inner.find::<E>() else {
        let (panic, refused) = depth::enter(depth, || emit::discard(event));
        return StartedEmission::new(inner, root, E::INFO, panic, refused);
    };
    if !found.roster::<E>().has_later() {
        let (panic, refused) = depth::enter(depth, || {
            emit::deliver(inner, &found, &event, &mut root, origin);
            emit::discard(event)
        });
        return StartedEmission::new(inner, root, E::INFO, panic, refused);
    }
    if needs_hand_over::<E>(&found) {
        let (shared, refused) = depth::enter(depth, || {
            emit::deliver_shared(inner, &found, event, &mut root, origin)
        });
        return StartedEmission::handed_over(inner, root, shared, refused);
    }
    let shared = Arc::new(emit::share(inner, &found, event, origin, false));
    let observed = EmissionObservers::new(inner, shared.event(), shared.origin());
    let (halted, refused) = depth::enter(depth, || {
        let halted = emit::run_inline(inner, &found, &shared, &mut root, observed.as_ref());
        if let Some(skip) = halted {
            structured::skip_all(inner, &*shared, &mut root, skip);
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
    let (panic, refused) = depth::enter(depth, || emit::discard_as(E::INFO, shared));
    StartedEmission::new(inner, root, E::INFO, panic, refused)
}

/// Emits recorded events as one root, runs the async handlers of each, and waits for room in queues.
pub(crate) async fn emit_all_async(
    inner: Arc<DispatcherState>,
    pending: PendingEvents,
    values: Option<Arc<Values>>,
) -> Report {
    let event = pending.first();
    let mut root = Cascade::with(WaitPolicy::AwaitHandlers);
    pending::enter_all(&inner, pending, values, false, &mut root);
    match StartedEmission::new(&inner, root, event, None, None) {
        StartedEmission::Ended(report) => report,
        StartedEmission::Pending(rest) => rest.go_on(&inner).await,
    }
}

/// The same of an event that came from outside.
#[cfg(feature = "serde")]
pub(crate) async fn deliver_async<E: Event>(
    inner: Arc<DispatcherState>,
    event: Arc<E>,
    arrival: super::deliver::Arrival,
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
fn begin_arrived<E: Event>(
    inner: &Arc<DispatcherState>,
    event: DropCaught<Arc<E>>,
    arrival: super::deliver::Arrival,
) -> StartedEmission {
    let mut root = Cascade::with(WaitPolicy::AwaitHandlers);
    let Some(origin) = super::deliver::enter(inner, &**event, arrival, &mut root) else {
        return StartedEmission::Ended(root.into_report());
    };
    let stand = origin.stand();
    let (shared, refused) = stand.enter(inner, || {
        let found = inner.find::<E>()?;
        if found.roster::<E>().has_later() {
            let held = Arc::clone(&event);
            Some(emit::deliver_held(inner, &found, held, &mut root, origin))
        } else {
            emit::deliver(inner, &found, &**event, &mut root, origin);
            None
        }
    });
    if let Some(shared) = shared {
        return StartedEmission::handed_over(inner, root, shared, refused);
    }
    root.pass_on(refused);
    let discard = || emit::discard_as(E::INFO, event.into_inner());
    let (panic, refused) = stand.enter(inner, discard);
    StartedEmission::new(inner, root, E::INFO, panic, refused)
}

/// Whether something else than the emission will hold the event.
fn needs_hand_over<E: Event>(found: &TableLookup<'_>) -> bool {
    let roster = found.roster::<E>();
    let is_queued = |place: &Executor| matches!(place, Executor::Queue(_));
    roster.late_subscriptions.is_some() || roster.later.iter().any(|seat| is_queued(&seat.place))
}
