//! The rest of an `emit_async` after the inline handlers of its event have run and the event was handed over
//! to queues.
//!
//! Plain functions do everything before, and the rest is one future that does not depend on the event's
//! type: in a build without optimization the stack frame of a `poll` has space for every value that is moved
//! in it, and nested emits have all of their `poll` frames on the stack at once.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::engine::deferred::async_handlers;
use crate::engine::deferred::capacity::{self, CapacityWait};
use crate::engine::deferred::concurrent::ConcurrentFutures;
use crate::engine::deferred::first_polls::{Plain, StartedRoot};
use crate::engine::discard;
use crate::engine::emission::cascade::Cascade;
use crate::engine::emission::cascade_state::AsyncHandlers;
use crate::engine::emission::cascade_state::EmittedEvent;
use crate::engine::emission::deferred_event::ErasedDeferredEvent;
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

/// A root whose event's inline handlers have run, and whose event was handed over to queues.
pub(crate) enum StartedEmission {
    Ended(Report),
    Pending(PendingEmission),
}

/// The rest of a root: async handlers of its own event, and the events that were caused.
pub(crate) struct PendingEmission {
    cascade: Cascade,
    event: &'static EventInfo,
    first: Option<AsyncStep>,
}

/// An event whose async handlers run next.
struct AsyncStep {
    event: Option<DropCaught<Arc<dyn ErasedDeferredEvent>>>,
    /// The subscriptions of when the emission began.
    subscribed: Option<DeferredSubscriptions>,
    of: EventOwner,
}

/// The owner of the event.
enum EventOwner {
    /// The event is the root's own.
    Cascade {
        /// The observers to tell that the emission ended, unless they have been told.
        observers: Option<Observers>,
    },
    /// A caused or recorded event, held until its async handlers have ended: the effects of a recorded
    /// event's `Drop` belong to the root, too.
    EmittedEvent(DropCaught<EmittedEvent>),
}

impl StartedEmission {
    /// Makes a root whose own event's emission has ended.
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

    /// Returns the report of a root that has ended, or else a future that runs the root to its end. This
    /// function boxes the future, since a future that the caller makes would keep its space on the caller's
    /// stack, and in the caller's own future.
    pub(crate) fn resume(
        self,
        inner: &Arc<DispatcherState>,
    ) -> Result<Report, Pin<Box<dyn Future<Output = Report> + Send + '_>>> {
        match self {
            Self::Ended(report) => Ok(report),
            Self::Pending(rest) => Err(Box::pin(rest.run(inner))),
        }
    }

    /// Makes a root whose own event may have async handlers that have not started.
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
        let (panic, refused) = scope.enter(inner.id(), || discard::discard_as(info, event));
        Self::new(inner, cascade, info, panic, refused)
    }

    /// Makes a root whose own event has async handlers that have not started.
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
                async_handlers::run(inner, event, subscribed, unfinished.cascade).await;
            }
            unfinished.end(step);
        }
        unfinished.is_finished = true;
        drop(unfinished);
        self.cascade.into_report()
    }
}

/// Continues a root whose handlers were not all plainly done after their first poll. The future is boxed,
/// like that of [`StartedEmission::resume`].
pub(crate) fn resume_started<'a>(
    inner: &'a Arc<DispatcherState>,
    shared: &'a dyn ErasedDeferredEvent,
    started: Box<StartedRoot<'a>>,
) -> Pin<Box<dyn Future<Output = Cascade> + Send + 'a>> {
    let StartedRoot {
        mut cascade,
        refused,
        rest,
    } = *started;
    Box::pin(async move {
        cascade.note_refused(refused);
        let mut unfinished = EmissionGuard::new(inner, &mut cascade, shared.info());
        if unfinished.cascade.state.get().is_some() {
            unfinished.cascade.end_emission(inner, shared.lineage());
        }
        async_handlers::resume(inner, shared, unfinished.cascade, rest).await;
        unfinished.is_finished = true;
        drop(unfinished);
        cascade
    })
}

/// Cancels a root whose async handlers wait, or are done.
#[cold]
pub(crate) fn cancel_waiting(
    inner: &Arc<DispatcherState>,
    shared: &dyn ErasedDeferredEvent,
    done: usize,
    waiting: ConcurrentFutures<Plain<'_>>,
) {
    let mut cascade = Cascade::awaited(done);
    let unfinished = EmissionGuard::new(inner, &mut cascade, shared.info());
    async_handlers::cancel(inner, shared, unfinished.cascade, waiting);
    drop(unfinished);
}

/// Cancels a root whose only delivery waits for capacity.
pub(crate) fn cancel(
    inner: &Arc<DispatcherState>,
    cascade: &mut Cascade,
    event: &'static EventInfo,
) {
    let unfinished = EmissionGuard::new(inner, cascade, event);
    drop(CapacityWait::take(inner, unfinished.cascade));
    drop(unfinished);
}

/// Logs how much of a root was lost, if the root is dropped before its end.
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

    /// Runs the inline handlers of the next caused event, and hands the event over to queues.
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

    /// Drops an event whose async handlers have ended.
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
                let discard = || discard::discard_as(info, event.into_inner());
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
        let failure = failure.in_dispatcher(self.inner.name());
        crate::engine::failure_log::failure(self.inner, &failure, &Trace::NONE, &Trace::NONE);
        self.inner.notify_failure(&failure);
        self.cascade.discard_events();
    }
}
