//! `emit_async`: an emission as a future, which also runs the async handlers and waits for room in
//! queues.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::at_once::{self, Rest};
use super::cascade::{Hands, Root};
use super::depth;
use super::emit;
use super::inner::{Found, Inner};
use super::origin::Origin;
use super::pending;
use super::queued;
use super::rooms;
use super::roster::{Roster, mode};
use super::seat::Place;
use super::shared::Shared;
use super::structured::{self, Structured};
use crate::context::Values;
use crate::event::{Event, EventInfo};
use crate::isolate;
use crate::observer::Observed;
use crate::pending::PendingEvents;
use crate::report::{Cause, Ended, Failure, Report};

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
    pub(super) inner: &'d Arc<Inner>,
    pub(super) event: &'static EventInfo,
    #[pin]
    pub(super) future: F,
}
}

impl<'d, F> EmitAsync<'d, F> {
    pub(super) fn new(inner: &'d Arc<Inner>, event: &'static EventInfo, future: F) -> Self {
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
    inner: Arc<Inner>,
    event: E,
    values: Option<Arc<Values>>,
) -> Report {
    let is_plain_root = values.is_none() && !inner.is_stamping() && depth::is_outermost();
    if let (true, Some(entry)) = (is_plain_root, inner.entry(E::slot())) {
        match entry.mode() {
            mode::AT_ONCE => return emit_at_once(&inner, entry.roster(), event).await,
            mode::QUEUED => return emit_queued(&inner, entry.roster(), event).await,
            mode::PLAIN | mode::SUBSCRIBED => {
                return emit_inline(&inner, Found::Known(entry), event).await;
            }
            _ => {}
        }
    }
    Box::pin(emit_whatever(&inner, event, values)).await
}

/// Emits an outermost root to handlers that mostly are ready at once.
async fn emit_at_once<E: Event>(inner: &Arc<Inner>, roster: &Roster<E>, event: E) -> Report {
    let shared = Isolated(Some(Shared::root(event)));
    let mut root = Root::with(Hands::Structured);
    if let Some(shared) = &shared.0 {
        let (rest, refused) = poll_fn(|context| {
            Poll::Ready(depth::enter(0, || {
                at_once::run(inner, roster, shared.event(), &mut root, context)
            }))
        })
        .await;
        if rest.is_some() || refused.is_some() {
            root.pass_on(refused);
            let mut unfinished = Unfinished::new(inner, &mut root, E::INFO);
            Box::pin(unfinished.go_on(shared, rest)).await;
            unfinished.is_finished = true;
        }
    }
    if root.record.get().is_none() && !const { std::mem::needs_drop::<E>() } {
        return root.into_report();
    }
    let (panic, refused) = depth::enter(0, || emit::discard_as(E::INFO, shared.take()));
    go_on_with_others(inner, root, E::INFO, panic, refused).await
}

/// Emits an outermost root to queues alone, and waits for room.
async fn emit_queued<E: Event>(inner: &Arc<Inner>, roster: &Roster<E>, event: E) -> Report {
    let mut root = Root::with(Hands::Structured);
    let refused = queued::emit(inner, roster, event, &mut root);
    go_on_with_others(inner, root, E::INFO, None, refused).await
}

/// Emits an outermost root to inline handlers alone.
async fn emit_inline<E: Event>(inner: &Arc<Inner>, found: Found<'_>, event: E) -> Report {
    let mut root = Root::with(Hands::Structured);
    let (panic, refused) = depth::enter(0, || {
        emit::deliver(inner, &found, &event, &mut root, Origin::at(0));
        emit::discard(event)
    });
    go_on_with_others(inner, root, E::INFO, panic, refused).await
}

/// Emits what a root caused whose own event has had its turn, if it caused anything.
async fn go_on_with_others(
    inner: &Arc<Inner>,
    mut root: Root,
    event: &'static EventInfo,
    panic: Option<Failure>,
    refused: Option<depth::Refusal>,
) -> Report {
    if root.record.get().is_some() || panic.is_some() || refused.is_some() {
        let mut unfinished = Unfinished::new(inner, &mut root, event);
        unfinished.end_first(panic, refused);
        Box::pin(unfinished.others()).await;
    }
    root.into_report()
}

/// Emits a root, whatever its event needs.
async fn emit_whatever<E: Event>(
    inner: &Arc<Inner>,
    event: E,
    values: Option<Arc<Values>>,
) -> Report {
    let mut root = Root::with(Hands::Structured);
    let origin = match emit::enter_root(inner, E::INFO, values) {
        Ok(origin) => origin,
        Err(why) => return emit::refuse(inner, event, root, &why),
    };
    let mut unfinished = Unfinished::new(inner, &mut root, E::INFO);
    unfinished.first(event, origin).await;
    unfinished.others().await;
    drop(unfinished);
    root.into_report()
}

/// Emits recorded events as one root, runs the async handlers of each, and waits for room in queues.
pub(crate) async fn emit_all_async(
    inner: Arc<Inner>,
    pending: PendingEvents,
    values: Option<Arc<Values>>,
) -> Report {
    let mut root = Root::with(Hands::Structured);
    let first = pending.first();
    pending::enter_all(&inner, pending, values, false, &mut root);
    if root.waiting() > 0 {
        let mut unfinished = Unfinished::new(&inner, &mut root, first);
        Box::pin(unfinished.others()).await;
    }
    root.into_report()
}

/// The same of an event that came from outside.
#[cfg(feature = "serde")]
pub(crate) async fn deliver_async<E: Event>(
    inner: Arc<Inner>,
    event: Arc<E>,
    arrival: super::deliver::Arrival,
) -> Report {
    // Whoever sent it may hold it no more.
    let event = Isolated(Some(event));
    let mut root = Root::with(Hands::Structured);
    if let Some(origin) = super::deliver::enter(&inner, E::INFO, arrival, &mut root)
        && let Some(held) = &event.0
    {
        let stand = origin.stand();
        let mut unfinished = Unfinished::new(&inner, &mut root, E::INFO);
        unfinished.first_held(held, origin).await;
        let drop_event = || emit::discard_as(E::INFO, event.take());
        let (panic, refused) = stand.enter(&inner, drop_event);
        unfinished.end_first(panic, refused);
        unfinished.others().await;
    }
    root.into_report()
}

/// A root that is dropped before its end tells how much of it was lost.
struct Unfinished<'a> {
    inner: &'a Arc<Inner>,
    root: &'a mut Root,
    event: &'static EventInfo,
    is_finished: bool,
}

impl<'a> Unfinished<'a> {
    fn new(inner: &'a Arc<Inner>, root: &'a mut Root, event: &'static EventInfo) -> Self {
        Self {
            inner,
            root,
            event,
            is_finished: false,
        }
    }

    /// Hands the root's own event to its handlers.
    async fn first<E: Event>(&mut self, event: E, origin: Origin) {
        let Self { inner, root, .. } = self;
        let depth = origin.depth;
        let Some(found) = inner.find::<E>() else {
            let (panic, refused) = depth::enter(depth, || emit::discard(event));
            self.end_first(panic, refused);
            return;
        };
        if !found.roster::<E>().has_later() {
            let (panic, refused) = depth::enter(depth, || {
                emit::deliver(inner, &found, &event, root, origin);
                emit::discard(event)
            });
            self.end_first(panic, refused);
            return;
        }
        if needs_arc::<E>(&found) {
            let (shared, refused) = depth::enter(depth, || {
                emit::deliver_shared(inner, &found, event, root, origin)
            });
            let shared = Isolated(Some(shared));
            self.end_first(None, refused);
            self.run_structured().await;
            let (panic, refused) = depth::enter(depth, || emit::discard_as(E::INFO, shared.take()));
            self.end_first(panic, refused);
            return;
        }
        // Nothing outlives this future, so nothing is shared: no allocation but the calls'.
        let shared = Isolated(Some(emit::share(inner, &found, event, origin, false)));
        if let Some(shared) = &shared.0 {
            let observed = Observed::new(inner, shared.event(), shared.origin());
            let (halted, refused) = depth::enter(depth, || {
                emit::run_inline(inner, &found, shared, root, observed.as_ref())
            });
            root.pass_on(refused);
            match halted {
                None => structured::run(inner, shared, None, root).await,
                Some(skip) => structured::skip_all(inner, shared, root, skip),
            }
            if let Some(observed) = &observed {
                observed.emission_ended();
            }
        }
        let (panic, refused) = depth::enter(depth, || emit::discard_as(E::INFO, shared.take()));
        self.end_first(panic, refused);
    }

    /// The same with an event that somebody else holds, too.
    #[cfg(feature = "serde")]
    async fn first_held<E: Event>(&mut self, event: &Arc<E>, origin: Origin) {
        let Self { inner, root, .. } = self;
        let (shared, refused) = origin.stand().enter(inner, || {
            let found = inner.find::<E>()?;
            if found.roster::<E>().has_later() {
                let held = Arc::clone(event);
                Some(emit::deliver_held(inner, &found, held, root, origin))
            } else {
                emit::deliver(inner, &found, &**event, root, origin);
                None
            }
        });
        // Not the last of it: whoever called holds the event.
        let _shared = shared;
        self.end_first(None, refused);
        self.run_structured().await;
    }

    /// Goes on with handlers that were not simply done at once.
    async fn go_on<E: Event>(&mut self, shared: &Shared<E>, rest: Option<Box<Rest<'_>>>) {
        let Self { inner, root, .. } = self;
        root.end_emission(inner, shared.origin());
        if let Some(rest) = rest {
            structured::go_on(inner, shared, root, rest).await;
        }
    }

    fn end_first(&mut self, panic: Option<Failure>, refused: Option<depth::Refusal>) {
        if let Some(failure) = panic {
            self.root.more().fail(failure);
        }
        self.root.pass_on(refused);
    }

    /// Emits what was caused, in order, until nothing waits.
    async fn others(&mut self) {
        rooms::find_room(self.inner, self.root).await;
        while let Some(turn) = self.root.take_turn(self.inner) {
            // Held until its async handlers have ended: what a recorded event's `Drop` does is the
            // root's, too.
            let turn = Isolated(Some(turn));
            self.run_structured().await;
            if let Some(turn) = turn.take() {
                self.root.end_turn(turn);
            }
        }
        self.is_finished = true;
    }

    async fn run_structured(&mut self) {
        let structured = self
            .root
            .record
            .get_mut()
            .and_then(|more| more.get_mut().structured.take());
        let Some(Structured { event, subscribed }) = structured else {
            return;
        };
        let event = Isolated(Some(event));
        if let Some(event) = &event.0 {
            structured::run(self.inner, &**event, subscribed, self.root).await;
        }
    }
}

/// What holds an event, whose `Drop` is the user's wherever the emission is dropped.
struct Isolated<T>(Option<T>);

impl<T> Isolated<T> {
    fn take(mut self) -> Option<T> {
        self.0.take()
    }
}

impl<T> Drop for Isolated<T> {
    fn drop(&mut self) {
        if const { std::mem::needs_drop::<T>() } && self.0.is_some() {
            isolate::discard(self.0.take());
        }
    }
}

/// Whether something else than this future will hold the event.
fn needs_arc<E: Event>(found: &Found<'_>) -> bool {
    let roster = found.roster::<E>();
    let is_queued = |place: &Place| matches!(place, Place::Queue(_));
    roster.late_subscriptions.is_some() || roster.later.iter().any(|seat| is_queued(&seat.place))
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if self.is_finished {
            return;
        }
        let cancelled = self.root.count(Ended::Cancelled) + self.root.lost_rooms();
        let not_emitted = self.root.waiting();
        let cause = Cause::Cancelled {
            cancelled,
            not_emitted,
        };
        let failure = Failure::new(self.event, None, cause);
        crate::log::failure(&failure);
        self.inner.tell(&failure);
        self.root.discard_events();
    }
}
