//! The events that a cascade has still to emit, in order, and what it has to report.

use std::cell::{OnceCell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::time::Duration;

use crate::engine::emission::deferred_delivery::DeferredDelivery;
use crate::engine::emission::deferred_event::ErasedDeferredEvent;
use crate::engine::emission::emitter_buffer::{DrainedEmits, EmitterBuffer};
use crate::engine::emission::erased::ErasedEvent;
use crate::engine::emission::lineage::Lineage;
use crate::engine::emission::pending_event::PendingEvent;
use crate::engine::failure_log;
use crate::engine::observers::DeliveryTimer;
use crate::engine::plan::executor::DeferredSubscriptions;
use crate::engine::queue::live::LiveQueue;
use crate::engine::state::DispatcherState;
use crate::handler_info::HandlerInfo;
use crate::meta::Meta;
use crate::meta::parent::ParentEvent;
use crate::nesting::{self, NestingError};
use crate::panics;
use crate::queue::buffer::slots::Slot;
use crate::report::failure::{Cause, Failure};
use crate::report::returned::ReturnedEvent;
use crate::report::snapshot::Snapshot;
use crate::report::status::{DeliveryStatus, SkipReason};
use crate::report::{Details, Returned};
use crate::spans::Trace;

/// What a root has beyond the count of done deliveries; made on first use.
pub(crate) type LazyState = OnceCell<Box<RefCell<CascadeState>>>;

#[derive(Default)]
pub(crate) struct CascadeState {
    pub(crate) waiting: VecDeque<CausedEvent>,
    pub(crate) caused: usize,
    /// The buffers of emitters, until their events join the list.
    pub(crate) emitters: Vec<Arc<EmitterBuffer>>,
    /// Whether the first failure ends the root.
    pub(crate) fail_fast: bool,
    /// Set at that failure, for calls that wait to be started.
    pub(crate) stop: Option<Arc<AtomicBool>>,
    /// Deliveries that wait for capacity in their queues.
    pub(crate) blocked: Vec<BlockedDelivery>,
    /// How many of those were lost when the future that waited was dropped.
    pub(crate) cancelled_waits: Option<Arc<AtomicUsize>>,
    /// The event whose async handlers the root runs itself.
    pub(crate) async_handlers: Option<AsyncHandlers>,
    /// The progress of the current emission.
    pub(crate) progress: EmissionProgress,
    pub(crate) details: Details,
}

/// What an emission keeps about deliveries that ended with a status other than done.
pub(crate) struct EmissionProgress {
    pub(crate) not_done: usize,
    /// One more than the position of the last such delivery: a delivery is counted once.
    pub(crate) not_done_at: usize,
    /// The status of that delivery.
    pub(crate) ended: DeliveryStatus,
    /// Why no further handler of the event runs, if so.
    pub(crate) halted: Option<SkipReason>,
    /// The emission's identity, if a handler asked for it.
    pub(crate) meta: Option<Meta>,
    /// The event as the parent of the events that it caused, unless its lineage has one.
    pub(crate) own: Option<Arc<ParentEvent>>,
    /// The event as failures keep it, if a delivery failed.
    pub(crate) snapshot: Option<Arc<Snapshot>>,
    /// The timer of the current delivery, if it is observed.
    pub(crate) timer: DeliveryTimer,
    /// The current delivery is not tried again, whatever its error.
    pub(crate) is_permanent: bool,
    /// The failure of the current attempt, if the delivery is tried again.
    pub(crate) failed_attempt: Option<Box<FailedAttempt>>,
}

/// An attempt that failed, of a delivery that is tried again.
pub(crate) struct FailedAttempt {
    pub(crate) failure: Failure,
    /// How long the delivery waits for its next attempt.
    pub(crate) wait: Duration,
}

pub(crate) struct CausedEvent {
    pub(crate) event: Box<dyn ErasedEvent>,
    /// The handler that caused it; `None` for an event that was recorded.
    pub(crate) by: Option<HandlerInfo>,
    pub(crate) lineage: Lineage,
}

impl CausedEvent {
    /// Returns the event and its lineage, which names the handler that returned the event.
    pub(crate) fn begin(self, inner: &DispatcherState) -> (Box<dyn ErasedEvent>, Lineage) {
        let mut lineage = self.lineage;
        if inner.is_observed() && lineage.emitted_at.is_none() {
            lineage.returned_by = self.by.map(Box::new);
        }
        (self.event, lineage)
    }
}

/// An event that was handed to its handlers, and is not yet kept or dropped.
pub(crate) struct EmittedEvent {
    pub(crate) event: ReturnedEvent,
    pub(crate) by: Option<HandlerInfo>,
    pub(crate) depth: u32,
}

/// The lengths of the lists of a root that handlers add to.
#[derive(Clone, Copy, Default)]
pub(crate) struct CascadeMark {
    pub(crate) waiting: usize,
    pub(crate) returned: usize,
}

/// What handlers added to the lists of a root: events that wait for their turn, and those that a replay
/// discards.
#[derive(Default)]
pub(crate) struct CascadeTail {
    pub(crate) waiting: VecDeque<CausedEvent>,
    pub(crate) returned: Vec<Returned>,
}

impl CascadeTail {
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.returned.is_empty()
    }
}

/// A delivery that waits for capacity in its queue.
pub(crate) struct BlockedDelivery {
    pub(crate) queue: Arc<LiveQueue>,
    pub(crate) item: DeferredDelivery,
    /// Where a shutdown finds it, unless the caller gets the report of its root.
    pub(crate) slot: Option<Slot>,
}

impl Default for EmissionProgress {
    fn default() -> Self {
        Self {
            not_done: 0,
            not_done_at: 0,
            ended: DeliveryStatus::Done,
            halted: None,
            meta: None,
            own: None,
            snapshot: None,
            timer: DeliveryTimer::default(),
            is_permanent: false,
            failed_attempt: None,
        }
    }
}

impl EmissionProgress {
    /// Returns the event as the parent of the events that it causes.
    pub(crate) fn parent(&mut self, lineage: &Lineage) -> Arc<ParentEvent> {
        if let Some(own) = lineage.own() {
            return Arc::clone(own);
        }
        let known = self.meta.as_ref();
        let own = self.own.get_or_insert_with(|| lineage.as_parent(known));
        Arc::clone(own)
    }
}

impl CascadeState {
    /// Adds an event that `handler` caused. An event that a replay finds in the journal is kept for the
    /// report and discarded; it never waits.
    pub(crate) fn queue(
        &mut self,
        inner: &DispatcherState,
        event: Box<dyn ErasedEvent>,
        handler: HandlerInfo,
        lineage: Lineage,
    ) {
        if lineage.discards(event.info()) {
            self.discard(inner, event, Some(handler), lineage.depth);
            return;
        }
        self.waiting.push_back(CausedEvent {
            event,
            by: Some(handler),
            lineage,
        });
    }

    /// Takes the events that emitters were given into the list, in the order of the handlers.
    pub(crate) fn drain_emitters(&mut self, inner: &DispatcherState, lineage: &Lineage) {
        for emitters in std::mem::take(&mut self.emitters) {
            let DrainedEmits { events, trace } = emitters.close();
            for PendingEvent { event, emitted_at } in events {
                let lineage = Lineage {
                    emitted_at,
                    within: trace.clone(),
                    ..lineage.clone()
                };
                self.queue(inner, event, emitters.handler, lineage);
            }
        }
    }

    #[cold]
    pub(crate) fn discard(
        &mut self,
        inner: &DispatcherState,
        event: Box<dyn ErasedEvent>,
        by: Option<HandlerInfo>,
        depth: u32,
    ) {
        inner.count_discarded();
        self.details.discarded += 1;
        self.keep(inner, ReturnedEvent::Own(event), by, depth);
    }

    /// Adds a failure that is about no delivery.
    pub(crate) fn fail(&mut self, inner: &DispatcherState, failure: Failure) {
        let failure = failure.in_dispatcher(inner.name());
        failure_log::failure(inner, &failure, &Trace::NONE, &Trace::NONE);
        self.details.failures.push(failure);
    }

    /// Notes that an emit inside of the root was refused. The refusal was logged when it happened.
    pub(crate) fn note_refused(&mut self, refused: Option<NestingError>) {
        self.details.failures.extend(refused.map(Failure::refused));
    }

    /// Returns the next event to emit, unless the root ends here.
    pub(crate) fn next(&mut self, inner: &DispatcherState) -> Option<CausedEvent> {
        if self.fail_fast && !self.details.failures.is_empty() {
            self.keep_unemitted(inner);
            return None;
        }
        loop {
            let next = self.waiting.pop_front()?;
            if next.lineage.depth > inner.limits.depth {
                let limit = inner.limits.depth;
                self.keep_not_emitted(inner, next, Some(Cause::TooDeep { limit }));
            } else if next.event.info().is_durable() {
                self.keep_not_emitted(inner, next, Some(Cause::NoTransaction));
            } else if next.by.is_none() || self.caused < inner.limits.count {
                self.caused += usize::from(next.by.is_some());
                self.details.events += 1;
                return Some(next);
            } else {
                let cause = Cause::TooMany {
                    limit: inner.limits.count,
                    not_emitted: 1 + self.waiting.len(),
                };
                self.keep_not_emitted(inner, next, Some(cause));
                self.keep_unemitted(inner);
                return None;
            }
        }
    }

    /// Keeps an event without emitting it.
    pub(crate) fn keep_not_emitted(
        &mut self,
        inner: &DispatcherState,
        waiting: CausedEvent,
        why: Option<Cause>,
    ) {
        let CausedEvent { event, by, lineage } = waiting;
        self.details.not_emitted += 1;
        if let Some(cause) = why {
            let failure = Failure::new(event.info(), by, cause);
            let snapshot = inner.snapshot(event.as_any_event(), &lineage);
            let failure = failure.of(snapshot, lineage.scope());
            let failure = failure.in_dispatcher(inner.name());
            failure_log::failure(inner, &failure, &Trace::NONE, &lineage.within);
            self.details.failures.push(failure);
        }
        self.keep(inner, ReturnedEvent::Own(event), by, lineage.depth);
    }

    pub(crate) fn keep_unemitted(&mut self, inner: &DispatcherState) {
        while let Some(waiting) = self.waiting.pop_front() {
            self.keep_not_emitted(inner, waiting, None);
        }
    }

    /// Keeps an event whose turn is over. An event that was recorded is dropped; its `Drop` is the user's
    /// code, so panics are caught.
    pub(crate) fn keep(
        &mut self,
        inner: &DispatcherState,
        event: ReturnedEvent,
        by: Option<HandlerInfo>,
        depth: u32,
    ) {
        if let Some(handler) = by {
            let returned = Returned {
                handler,
                event,
                depth,
            };
            self.details.returned.push(returned);
            return;
        }
        if nesting::is_beyond(&inner.limits) {
            // Only an event whose `Drop` emits it again gets here; leaking it ends the recursion.
            std::mem::forget(event);
            return;
        }
        let info = event.event().info();
        // The drop counts as inside of the root, or an event whose `Drop` emits it would never end.
        let (dropped, refused) = nesting::enter(nesting::next(), || panics::catch(|| drop(event)));
        self.note_refused(refused);
        if let Err(panic) = dropped {
            self.fail(inner, Failure::new(info, None, Cause::Drop(panic)));
        }
    }
}

/// An event whose async handlers its root runs itself.
pub(crate) struct AsyncHandlers {
    pub(crate) event: Arc<dyn ErasedDeferredEvent>,
    /// The subscriptions as they were when the emission began.
    pub(crate) subscribed: Option<DeferredSubscriptions>,
}
