//! What is left of an `emit_async` once its event has been handed to its inline handlers and to queues.
//!
//! All that comes first is done by plain functions, and what is left is one future that does not depend
//! on the event's type: in a build that is not optimized the frame of a `poll` has room for whatever is
//! moved in it, and emits inside of each other have their `poll`s on the stack all at once.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::engine::deferred::async_handlers;
use crate::engine::deferred::capacity;
use crate::engine::deferred::first_polls;
use crate::engine::emission::cascade::Cascade;
use crate::engine::emission::cascade_state::AsyncHandlers;
use crate::engine::emission::cascade_state::EmittedEvent;
use crate::engine::emission::deferred_event::ErasedDeferredEvent;
use crate::engine::emit;
use crate::engine::observers::EmissionObservers;
use crate::engine::plan::executor::DeferredSubscriptions;
use crate::engine::state::DispatcherState;
use crate::event::info::EventInfo;
use crate::nesting::NestingError;
use crate::observer::Observers;
use crate::panics::DropCaught;
use crate::report::Report;
use crate::report::failure::{Cause, Failure};
use crate::report::status::DeliveryStatus;
use crate::spans::Trace;

/// A root whose own event has been handed to its inline handlers and to queues.
pub(crate) enum StartedEmission {
    Ended(Report),
    Pending(PendingEmission),
}

/// What is left of a root: async handlers of its own event, and what was caused.
pub(crate) struct PendingEmission {
    cascade: Cascade,
    event: &'static EventInfo,
    first: Option<AsyncStep>,
}

/// An event whose async handlers are run next.
struct AsyncStep {
    event: Option<DropCaught<Arc<dyn ErasedDeferredEvent>>>,
    /// The subscriptions as they were when the emission began.
    subscribed: Option<DeferredSubscriptions>,
    of: EventOwner,
}

/// Whose event it is.
enum EventOwner {
    /// The root's own.
    Cascade {
        /// Whoever is told that the emission ended, unless they were told.
        observers: Option<Observers>,
    },
    /// Held until its async handlers have ended: what a recorded event's `Drop` does is the root's, too.
    EmittedEvent(DropCaught<EmittedEvent>),
}

impl StartedEmission {
    /// A root whose own event has had its turn.
    pub(crate) fn new(
        inner: &DispatcherState,
        mut cascade: Cascade,
        event: &'static EventInfo,
        panic: Option<Failure>,
        refused: Option<NestingError>,
    ) -> Self {
        cascade.end_first(inner, panic, refused);
        if cascade.state.get().is_none() {
            return Self::Ended(cascade.into_report());
        }
        Self::Pending(PendingEmission {
            cascade,
            event,
            first: None,
        })
    }

    /// A root whose own event may have async handlers that have not begun.
    pub(crate) fn handed_over(
        inner: &DispatcherState,
        mut cascade: Cascade,
        event: Arc<dyn ErasedDeferredEvent>,
        refused: Option<NestingError>,
    ) -> Self {
        if let Some(async_handlers) = cascade.take_async_handlers() {
            let subscribed = async_handlers.subscribed;
            return Self::pending(cascade, event, subscribed, None, refused);
        }
        cascade.note_refused(refused);
        let (info, scope) = (event.info(), event.lineage().scope());
        let (panic, refused) = scope.enter(inner.id(), || emit::discard_as(info, event));
        Self::new(inner, cascade, info, panic, refused)
    }

    /// A root whose own event has async handlers that have not begun.
    pub(crate) fn pending(
        mut cascade: Cascade,
        event: Arc<dyn ErasedDeferredEvent>,
        subscribed: Option<DeferredSubscriptions>,
        observers: Option<Observers>,
        refused: Option<NestingError>,
    ) -> Self {
        cascade.note_refused(refused);
        Self::Pending(PendingEmission {
            cascade,
            event: event.info(),
            first: Some(AsyncStep {
                event: Some(DropCaught::new(event)),
                subscribed,
                of: EventOwner::Cascade { observers },
            }),
        })
    }
}

impl PendingEmission {
    /// Goes on to the root's end. In a box, which is made here: where a future is made it has room on
    /// the stack, and whoever awaits it stays there.
    pub(crate) fn resume(
        self,
        inner: &Arc<DispatcherState>,
    ) -> Pin<Box<dyn Future<Output = Report> + Send + '_>> {
        Box::pin(self.run(inner))
    }

    async fn run(mut self, inner: &Arc<DispatcherState>) -> Report {
        let mut unfinished = EmissionGuard::new(inner, &mut self.cascade, self.event);
        let mut next = self.first.take();
        loop {
            if next.is_none() {
                capacity::wait_for_capacity(inner, unfinished.cascade).await;
                next = unfinished.next();
            }
            let Some(mut step) = next.take() else {
                break;
            };
            if let Some(event) = &step.event {
                let subscribed = step.subscribed.take();
                async_handlers::run(inner, &***event, subscribed, unfinished.cascade).await;
            }
            unfinished.end(step);
        }
        unfinished.is_finished = true;
        drop(unfinished);
        self.cascade.into_report()
    }
}

/// Goes on with a root whose async handlers were not simply done at once. In a box, like the rest.
pub(crate) fn go_on_at_once<'a>(
    inner: &'a Arc<DispatcherState>,
    cascade: &'a mut Cascade,
    shared: &'a dyn ErasedDeferredEvent,
    rest: Option<Box<first_polls::RemainingHandlers<'a>>>,
) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
    Box::pin(async move {
        let mut unfinished = EmissionGuard::new(inner, cascade, shared.info());
        unfinished.cascade.end_emission(inner, shared.lineage());
        if let Some(rest) = rest {
            async_handlers::resume(inner, shared, unfinished.cascade, rest).await;
        }
        unfinished.is_finished = true;
    })
}

/// A root that is dropped before its end tells how much of it was lost.
struct EmissionGuard<'a> {
    inner: &'a Arc<DispatcherState>,
    cascade: &'a mut Cascade,
    event: &'static EventInfo,
    is_finished: bool,
}

impl<'a> EmissionGuard<'a> {
    fn new(
        inner: &'a Arc<DispatcherState>,
        cascade: &'a mut Cascade,
        event: &'static EventInfo,
    ) -> Self {
        Self {
            inner,
            cascade,
            event,
            is_finished: false,
        }
    }

    /// Hands the next event that was caused to its inline handlers and to queues.
    fn next(&mut self) -> Option<AsyncStep> {
        let emitted = self.cascade.emit_next(self.inner)?;
        let of = EventOwner::EmittedEvent(DropCaught::new(emitted));
        Some(match self.cascade.take_async_handlers() {
            Some(AsyncHandlers { event, subscribed }) => AsyncStep {
                event: Some(DropCaught::new(event)),
                subscribed,
                of,
            },
            None => AsyncStep {
                event: None,
                subscribed: None,
                of,
            },
        })
    }

    /// The async handlers of an event have ended: lets go of it.
    fn end(&mut self, step: AsyncStep) {
        let AsyncStep { event, of, .. } = step;
        match of {
            EventOwner::EmittedEvent(emitted) => {
                drop(event);
                self.cascade
                    .finish_emitted(self.inner, emitted.into_inner());
            }
            EventOwner::Cascade { observers } => {
                let Some(event) = event else {
                    return;
                };
                if let Some(observers) = observers
                    && let Some(observed) =
                        EmissionObservers::again(self.inner, &**event, observers)
                {
                    observed.emission_ended();
                }
                let (info, scope) = (event.info(), event.lineage().scope());
                let discard = || emit::discard_as(info, event.into_inner());
                let (panic, refused) = scope.enter(self.inner.id(), discard);
                self.cascade.end_first(self.inner, panic, refused);
            }
        }
    }
}

impl Drop for EmissionGuard<'_> {
    fn drop(&mut self) {
        if self.is_finished {
            return;
        }
        let cancelled =
            self.cascade.count(DeliveryStatus::Cancelled) + self.cascade.cancelled_waits();
        let not_emitted = self.cascade.waiting();
        let cause = Cause::Cancelled {
            cancelled,
            not_emitted,
        };
        let failure = Failure::new(self.event, None, cause);
        crate::engine::failure_log::failure(self.inner, &failure, &Trace::NONE, &Trace::NONE);
        self.inner.notify_failure(&failure);
        self.cascade.discard_events();
    }
}
