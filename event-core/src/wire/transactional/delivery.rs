//! Deliveries that an outbox makes.

#![allow(
    missing_docs,
    missing_debug_implementations,
    clippy::must_use_candidate,
    reason = "reachable through `__private` alone, which is not public API"
)]

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use crate::dispatcher::Dispatcher;
use crate::engine::deferred::call;
use crate::engine::deferred::capacity;
use crate::engine::deferred::settle::{AttemptEnd, SettledAttempt};
use crate::engine::deferred::transactional_call;
use crate::engine::emission::cascade::{Cascade, WaitPolicy};
use crate::engine::emission::cascade_state::CausedEvent;
use crate::engine::emission::deferred_delivery::DeferredDelivery;
use crate::engine::emission::deferred_event::HandlerRef;
use crate::engine::emission::erased::Sharing;
use crate::engine::emission::lineage::Lineage;
use crate::engine::shutdown::closing::TaskGuard;
use crate::engine::state::DispatcherState;
use crate::handler_info::HandlerInfo;
use crate::nesting::tracker::{TrackedDelivery, Tracker};
use crate::panics;
use crate::report::status::DeliveryStatus;
use crate::wire::transactional::event::{HandlerOf, TransactionalEvent};

/// A delivery of an event to one handler, which an outbox makes.
pub struct TransactionalDelivery {
    event: TransactionalEvent,
    handler: HandlerOf,
    tracked: Option<SessionDelivery>,
}

/// What a session that tracks waits for: a delivery that has not ended, whoever has it now.
pub struct SessionDelivery {
    session: Tracker,
    _delivery: TrackedDelivery,
}

/// An attempt of a delivery that has ended. What it caused is emitted by [`finish`](Self::finish), and dropped
/// with it otherwise.
pub struct Attempt {
    pub verdict: Verdict,
    inner: Arc<DispatcherState>,
    /// The durable events that it caused.
    durable: Vec<TransactionalEvent>,
    cascade: Cascade,
    task: RunningTask,
    tracked: Option<SessionDelivery>,
}

/// How an attempt ended.
#[derive(Debug)]
pub enum Verdict {
    Done,
    /// A filter or a parameter of the handler left it out.
    Skipped,
    Failed {
        /// How long the delivery waits for another attempt; `None` if it has failed for good.
        retry: Option<Duration>,
        /// What people read.
        error: String,
    },
}

/// A delivery among the tasks of its dispatcher. A drop before its end abandons it.
struct RunningTask {
    inner: Arc<DispatcherState>,
    handler: Option<HandlerInfo>,
    guard: TaskGuard,
}

impl Drop for RunningTask {
    fn drop(&mut self) {
        if let Some(handler) = self.handler.take() {
            self.inner.tasks.abandon(self.guard.id(), handler);
        }
    }
}

impl TransactionalEvent {
    /// Makes a delivery, which a session that tracks the event waits for from now on.
    pub fn delivery(&self, handler: HandlerOf) -> TransactionalDelivery {
        let tracked = self.in_session(&handler);
        self.clone().delivery_in(handler, tracked)
    }

    /// Lets a session that tracks the event wait for a delivery to this handler; `None` without such a session.
    pub fn in_session(&self, handler: &HandlerOf) -> Option<SessionDelivery> {
        let listed = || (self.event.info(), handler.info());
        let session = self.lineage.tracker.as_ref()?;
        Some(SessionDelivery {
            _delivery: session.track_delivery(listed)?,
            session: session.clone(),
        })
    }

    /// Makes a delivery that a session waits for already. What it causes belongs to the session, too.
    pub fn delivery_in(
        mut self,
        handler: HandlerOf,
        tracked: Option<SessionDelivery>,
    ) -> TransactionalDelivery {
        if let Some(tracked) = &tracked {
            self.lineage.tracker = Some(tracked.session.clone());
        }
        TransactionalDelivery {
            event: self,
            handler,
            tracked,
        }
    }
}

impl TransactionalDelivery {
    pub fn handler(&self) -> &HandlerOf {
        &self.handler
    }

    pub fn event(&self) -> &TransactionalEvent {
        &self.event
    }

    /// Takes what a session waits for, if the delivery is made later.
    pub fn take_session(&mut self) -> Option<SessionDelivery> {
        self.tracked.take()
    }

    /// Makes an attempt with an `async` handler, and lends it a value. Returns `None` if the dispatcher is closed.
    pub async fn run(
        self,
        dispatcher: &Dispatcher,
        attempt: u32,
        lent: Option<&mut (dyn Any + Send)>,
    ) -> Option<Attempt> {
        let inner = dispatcher.inner();
        let task = self.enter(inner)?;
        let item = self.item(inner, attempt);
        let mut cascade = Cascade::with(WaitPolicy::AwaitCapacity);
        let settled = transactional_call::run(inner, &item, lent, &mut cascade).await;
        Some(self.end(task, item, settled, cascade))
    }

    /// Makes an attempt with a handler that is no `async fn`, on this thread. Returns `None` if the dispatcher is
    /// closed.
    pub fn run_blocking(self, dispatcher: &Dispatcher, attempt: u32) -> Option<Attempt> {
        let inner = dispatcher.inner();
        let task = self.enter(inner)?;
        let item = self.item(inner, attempt);
        let mut cascade = Cascade::with(WaitPolicy::AwaitCapacity);
        let settled = call::run_sync(inner, &item, None, &mut cascade);
        Some(self.end(task, item, settled, cascade))
    }

    fn enter(&self, inner: &Arc<DispatcherState>) -> Option<RunningTask> {
        let handler = self.handler.info();
        let id = inner.tasks.enter(vec![handler])?;
        Some(RunningTask {
            inner: Arc::clone(inner),
            handler: Some(handler),
            guard: TaskGuard::new(inner, id),
        })
    }

    fn item(&self, inner: &Arc<DispatcherState>, attempt: u32) -> DeferredDelivery {
        let mut lineage = self.event.lineage.clone();
        inner.begin(self.event.event.info(), &mut lineage);
        let shared = Arc::clone(&self.event.event).share(Sharing {
            lineage,
            late: None,
            as_arc: true,
        });
        let target = HandlerRef::Transactional(Arc::clone(&self.handler.0));
        let unlabelled = DeferredDelivery::UNLABELLED;
        DeferredDelivery {
            attempt,
            ..DeferredDelivery::untracked(shared, target, unlabelled)
        }
    }

    fn end(
        self,
        task: RunningTask,
        item: DeferredDelivery,
        settled: SettledAttempt,
        mut cascade: Cascade,
    ) -> Attempt {
        let inner = Arc::clone(&task.inner);
        panics::drop_caught(item);
        let verdict = match settled.end {
            AttemptEnd::Failed { wait } => Verdict::Failed {
                retry: Some(wait),
                error: settled
                    .failed
                    .map_or_else(String::new, |failed| failed.failure.to_string()),
            },
            AttemptEnd::Ended(DeliveryStatus::Done) => Verdict::Done,
            AttemptEnd::Ended(DeliveryStatus::Skipped(_)) => Verdict::Skipped,
            AttemptEnd::Ended(_) => Verdict::Failed {
                retry: None,
                error: cascade.last_failure().unwrap_or_default(),
            },
        };
        let caused = cascade.take_durable();
        let durable = caused
            .into_iter()
            .map(|caused| caused_event(&inner, caused));
        Attempt {
            verdict,
            durable: durable.collect(),
            inner,
            cascade,
            task,
            tracked: self.tracked,
        }
    }
}

/// Gives an event that a delivery caused its identity.
fn caused_event(inner: &Arc<DispatcherState>, caused: CausedEvent) -> TransactionalEvent {
    let (event, lineage) = caused.begin(inner);
    let meta = inner.meta_of(&lineage, None);
    TransactionalEvent {
        event: event.arrive(),
        lineage: Lineage {
            meta: Some(meta),
            ..lineage
        },
    }
}

impl Attempt {
    /// Takes the durable events that the attempt caused, to be stored in the transaction that completes it.
    pub fn take_durable(&mut self) -> Vec<TransactionalEvent> {
        std::mem::take(&mut self.durable)
    }

    /// Takes what a session waits for, if another attempt follows.
    pub fn take_session(&mut self) -> Option<SessionDelivery> {
        self.tracked.take()
    }

    /// Whether the attempt caused durable events.
    pub fn has_durable(&self) -> bool {
        !self.durable.is_empty()
    }

    /// Ends the delivery, whose completion is stored: emits the other events that it caused, and tells of its
    /// failure.
    pub async fn finish(mut self) {
        if let Some(handler) = self.task.handler.take() {
            self.inner.tasks.end(self.task.guard.id(), handler);
        }
        capacity::run_caused(&self.inner, &mut self.cascade).await;
        self.inner
            .notify_failures(std::mem::take(&mut self.cascade));
    }
}

impl Drop for Attempt {
    /// Drops what the attempt caused, since it will be made again.
    fn drop(&mut self) {
        self.cascade.discard_events();
    }
}
