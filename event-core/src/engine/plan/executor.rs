//! Handlers and subscriptions that do not run inline: where each of them runs, and its limits.

use std::any::Any;
use std::ops::Deref;
use std::sync::Arc;

use crate::engine::plan::bound::DeferredBinding;
use crate::engine::plan::bound::HandlerFuture;
use crate::engine::plan::concurrency::ConcurrencyLimit;
use crate::engine::plan::order::waits_for;
use crate::engine::plan::spec::{ExecutorKind, PlannedHandler};
use crate::engine::plan::subscriptions::{SubscriptionList, SubscriptionNode};
use crate::engine::queue::live::LiveQueue;
use crate::handler_info::HandlerInfo;
use crate::queue::buffer::slots::Label;
use crate::queue::{AnyQueue, Declared};
use crate::type_map::ByType;

/// A handler that does not run inline.
pub(crate) struct DeferredHandler {
    pub(crate) handler: HandlerInfo,
    pub(crate) priority: i32,
    pub(crate) executor: Executor,
    pub(crate) has_timeout: bool,
    pub(crate) binding: DeferredBinding,
}

/// Where such a handler runs.
pub(crate) enum Executor {
    Task(TaskExecutor),
    Queue(QueueExecutor),
}

#[derive(Clone, Copy)]
pub(crate) struct QueueExecutor {
    /// The index of the queue among the dispatcher's.
    pub(crate) queue: usize,
    /// The number of the handler.
    pub(crate) label: Label,
}

pub(crate) struct TaskExecutor {
    pub(crate) limit: Arc<ConcurrencyLimit>,
    /// The positions of the seats that must have ended before.
    pub(crate) after: Box<[usize]>,
}

/// Gives each handler that does not run inline its place, while a dispatcher is built.
#[derive(Default)]
pub(crate) struct Executors {
    queues: Vec<&'static dyn AnyQueue>,
    /// The handlers that queues run, once for each event that they see, by their number.
    labelled: Vec<&'static PlannedHandler>,
    /// One handler has one limit, whatever the number of events it sees.
    limits: ByType<Arc<ConcurrencyLimit>>,
}

impl Executors {
    /// The places of the handlers of one event, in order.
    pub(crate) fn of(&mut self, deferred: &[&'static PlannedHandler]) -> Vec<Executor> {
        let waits_for = waits_for(deferred);
        let executors = deferred.iter().zip(waits_for);
        executors
            .map(|(handler, after)| match handler.spec().queue {
                Some(queue) => Executor::Queue(QueueExecutor {
                    queue: self.index(queue()),
                    label: self.label(handler),
                }),
                None => Executor::Task(TaskExecutor {
                    limit: self.limit(handler),
                    after: after
                        .into_iter()
                        .filter(|at| deferred[*at].spec().executor_kind() == ExecutorKind::Async)
                        .collect(),
                }),
            })
            .collect()
    }

    /// The index of a queue in the dispatcher.
    pub(crate) fn index(&mut self, queue: &'static dyn AnyQueue) -> usize {
        self.position(queue).unwrap_or_else(|| {
            self.queues.push(queue);
            self.queues.len() - 1
        })
    }

    /// The index of a queue that has one.
    pub(crate) fn position(&self, queue: &'static dyn AnyQueue) -> Option<usize> {
        let id = queue.declared().id();
        let mut known = self.queues.iter();
        known.position(|other| other.declared().id() == id)
    }

    fn label(&mut self, handler: &'static PlannedHandler) -> Label {
        let label = Label::try_from(self.labelled.len()).unwrap_or(Label::MAX);
        self.labelled.push(handler);
        label
    }

    /// The handler with a number.
    pub(crate) fn labelled(&self, label: Label) -> Option<HandlerInfo> {
        let handler = self.labelled.get(label as usize)?;
        Some(handler.info())
    }

    /// The declaration of the queue at an index.
    pub(crate) fn declared(&self, index: usize) -> Option<&'static Declared> {
        self.queues.get(index).map(|queue| queue.declared())
    }

    fn limit(&mut self, handler: &'static PlannedHandler) -> Arc<ConcurrencyLimit> {
        let new = || ConcurrencyLimit::new(handler.spec().concurrency);
        Arc::clone(self.limits.entry(handler.id()).or_insert_with(new))
    }

    /// The queues, by their index.
    pub(crate) fn queues(&self) -> &[&'static dyn AnyQueue] {
        &self.queues
    }
}

/// A subscription that does not run inline, whatever its event.
pub(crate) trait ErasedSubscription: SubscriptionNode {
    fn info(&self) -> HandlerInfo;
    /// Whether it is called once.
    fn is_once(&self) -> bool;
    /// Keeps the right to make a call later; `false` if the subscription is over, or if another delivery
    /// has its only call.
    fn reserve(&self) -> bool;
    /// Gives back an only call that was reserved and not made.
    fn release(&self);
    /// Takes the right that was reserved, to make the call now; `false` if the subscription is over.
    fn claim(&self) -> bool;
    fn call(&self) -> DeferredCall<'_>;
}

/// The subscriptions of an event that do not run inline, each with its place among the seats.
pub(crate) type DeferredSubscriptions = Arc<SubscriptionList<dyn ErasedSubscription>>;

/// What such a subscription does with an `Arc` of its event.
pub(crate) enum DeferredCall<'s> {
    Async {
        start: &'s (
                dyn Fn(Arc<dyn Any + Send + Sync>) -> Option<HandlerFuture<'static>> + Send + Sync
            ),
        limit: &'s Arc<ConcurrencyLimit>,
    },
    Stream(&'s Arc<LiveQueue>),
}

/// A subscription that does not run inline, with the right to call it.
#[derive(Clone)]
pub(crate) struct SubscriptionClaim {
    subscription: Arc<dyn ErasedSubscription>,
    _release: Option<Arc<ClaimRelease>>,
}

/// Gives the right back when the delivery that has it goes, unless it made the call.
struct ClaimRelease(Arc<dyn ErasedSubscription>);

impl SubscriptionClaim {
    /// Reserves a call; `None` if the subscription is over, or if another delivery has its only call.
    pub(crate) fn new(subscription: &Arc<dyn ErasedSubscription>) -> Option<Self> {
        if !subscription.reserve() {
            return None;
        }
        let release = || Arc::new(ClaimRelease(Arc::clone(subscription)));
        Some(Self {
            subscription: Arc::clone(subscription),
            _release: subscription.is_once().then(release),
        })
    }
}

impl Deref for SubscriptionClaim {
    type Target = dyn ErasedSubscription;

    fn deref(&self) -> &Self::Target {
        &*self.subscription
    }
}

impl Drop for ClaimRelease {
    fn drop(&mut self) {
        self.0.release();
    }
}
