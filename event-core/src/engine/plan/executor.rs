//! Handlers and subscriptions that do not run inline: their executors and limits.

use std::any::Any;
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

use crate::engine::emission::Emission;
use crate::engine::emission::deferred_delivery::DeferredDelivery;
use crate::engine::emission::delivery::Delivery;
use crate::engine::plan::bound::{DeferredBinding, HandlerFuture, NotRun};
use crate::engine::plan::concurrency::ConcurrencyLimit;
use crate::engine::plan::handlers::EventKind;
use crate::engine::plan::order::waits_for;
use crate::engine::plan::planned::PlannedHandler;
use crate::engine::plan::port::PortAddress;
use crate::engine::plan::subscription::conditions::Conditions;
use crate::engine::plan::subscriptions::{SubscriptionList, SubscriptionNode};
use crate::engine::queue::live::LiveQueue;
use crate::event::any::AnyEvent;
use crate::handler_info::HandlerInfo;
use crate::handler_info::spec::ExecutorKind;
use crate::prehashed::ByType;
use crate::queue::buffer::line::Ring;
use crate::queue::buffer::slots::Label;
use crate::queue::{AnyQueue, Declared};
use crate::retry::RetryPolicy;

/// A handler that does not run inline.
pub(crate) struct DeferredHandler {
    pub(crate) handler: HandlerInfo,
    pub(crate) executor: Executor,
    pub(crate) has_timeout: bool,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) binding: DeferredBinding,
}

/// Where a handler that does not run inline runs.
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
    /// The index of the handler's ring in the queue, if its events wait there by value.
    pub(crate) port: Option<u32>,
}

/// A port of a queue, and where its events wait.
pub(crate) type PortWithRing = (PortAddress, Box<dyn Ring<DeferredDelivery>>);

pub(crate) struct TaskExecutor {
    pub(crate) limit: Arc<ConcurrencyLimit>,
    /// The indexes of the handlers that must have ended before.
    pub(crate) after: Box<[usize]>,
}

/// Makes the executors of all handlers that do not run inline, while a dispatcher is built.
#[derive(Default)]
pub(crate) struct Executors {
    queues: Vec<&'static dyn AnyQueue>,
    /// The handlers that queues run, once for each event that they handle, and the subscriptions, by their
    /// number.
    labelled: Vec<HandlerInfo>,
    /// The numbers of subscriptions; two that are made at one place have one.
    subscriptions: HashMap<HandlerInfo, Label>,
    /// The limit of each handler, which all events share that it handles.
    limits: ByType<Arc<ConcurrencyLimit>>,
    /// The ports of each queue, until the queues are made.
    ports: Vec<Vec<PortWithRing>>,
    has_queues: bool,
}

impl Executors {
    /// Makes the executors of the handlers of one event, in order.
    pub(crate) fn of(&mut self, deferred: &[&'static PlannedHandler]) -> Vec<Executor> {
        let waits_for = waits_for(deferred);
        let executors = deferred.iter().zip(waits_for);
        executors
            .map(|(handler, after)| match handler.spec().queue {
                Some(queue) => Executor::Queue(QueueExecutor {
                    queue: self.index(queue()),
                    label: self.label(handler.info()),
                    port: None,
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

    /// Returns the index of a queue in the dispatcher, and adds the queue if it has none.
    pub(crate) fn index(&mut self, queue: &'static dyn AnyQueue) -> usize {
        self.position(queue).unwrap_or_else(|| {
            self.queues.push(queue);
            self.queues.len() - 1
        })
    }

    /// Returns the index of a queue in the dispatcher, if it has one.
    pub(crate) fn position(&self, queue: &'static dyn AnyQueue) -> Option<usize> {
        let id = queue.declared().id();
        let mut known = self.queues.iter();
        known.position(|other| other.declared().id() == id)
    }

    /// Adds the port of a handler to its queue, if the handler has a port and no filter. A queue that was
    /// made takes no more ports, and a `LocalQueue` has none.
    pub(crate) fn add_port(
        &mut self,
        kind: EventKind,
        index: u32,
        executor: &QueueExecutor,
        binding: &DeferredBinding,
    ) -> Option<u32> {
        let port = binding.port.as_ref()?;
        let is_local = self.declared(executor.queue)?.local;
        if self.has_queues || is_local || binding.filter.is_some() {
            return None;
        }
        if self.ports.len() <= executor.queue {
            self.ports.resize_with(executor.queue + 1, Vec::new);
        }
        let address = PortAddress {
            kind,
            index,
            label: executor.label,
        };
        let ports = &mut self.ports[executor.queue];
        ports.push((address, port.new_ring(address)));
        u32::try_from(ports.len() - 1).ok()
    }

    /// Takes the ports of a queue that is being made.
    pub(crate) fn take_ports(&mut self, queue: usize) -> Vec<PortWithRing> {
        self.has_queues = true;
        self.ports
            .get_mut(queue)
            .map_or_else(Vec::new, std::mem::take)
    }

    fn label(&mut self, handler: HandlerInfo) -> Label {
        let label = Label::try_from(self.labelled.len()).unwrap_or(Label::MAX);
        self.labelled.push(handler);
        label
    }

    /// Returns the number of a subscription.
    pub(crate) fn label_subscription(&mut self, subscription: HandlerInfo) -> Label {
        if let Some(label) = self.subscriptions.get(&subscription) {
            return *label;
        }
        let label = self.label(subscription);
        self.subscriptions.insert(subscription, label);
        label
    }

    /// Returns the handler or subscription with a number.
    pub(crate) fn labelled(&self, label: Label) -> Option<HandlerInfo> {
        self.labelled.get(label as usize).copied()
    }

    /// Returns the declaration of the queue at an index.
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

/// A subscription to any event that does not run inline.
pub(crate) trait ErasedSubscription: SubscriptionNode {
    /// Whether the subscription is called once.
    fn is_once(&self) -> bool;
    /// Whether no call begins any more.
    fn is_cancelled(&self) -> bool;
    fn conditions(&self) -> &Conditions<dyn AnyEvent>;
    /// Returns how often a failed delivery is tried again, if it is.
    fn retry(&self) -> Option<&RetryPolicy>;
    /// Ends the subscription with an event that is handed over. Returns `false` if it was over.
    fn end(&self) -> bool;
    /// Reserves a call for later. Returns `false` if the subscription is over, or if another delivery has its
    /// only call.
    fn reserve(&self) -> bool;
    /// Releases an only call that was reserved and not made.
    fn release(&self);
    /// Claims the reserved call, to make it now. Returns `false` if the subscription is over.
    fn claim(&self) -> bool;
    fn call(&self) -> DeferredCall<'_>;
}

/// The subscriptions of an event that do not run inline, each with its place among the handlers.
pub(crate) type DeferredSubscriptions = Arc<SubscriptionList<dyn ErasedSubscription>>;

/// Makes the future of a subscription's call from an `Arc` of the event.
pub(crate) type StartCall = dyn Fn(Arc<dyn Any + Send + Sync>, &Delivery<'_>) -> Result<HandlerFuture<'static>, NotRun>
    + Send
    + Sync;

/// What a subscription that does not run inline does with its event.
pub(crate) enum DeferredCall<'s> {
    Async {
        start: &'s StartCall,
        limit: &'s Arc<ConcurrencyLimit>,
    },
    Stream(&'s Arc<LiveQueue>),
    Queued {
        executor: QueueExecutor,
        call: QueuedCall<'s>,
    },
}

/// Calls a subscription that is no future, with the value that a pump lends. Returns `false` if a target of
/// the subscription is gone.
pub(crate) type SyncCall =
    dyn Fn(&dyn AnyEvent, &Emission<'_>, Option<&mut dyn Any>) -> bool + Send + Sync;

/// The call of a subscription that a queue runs.
#[derive(Clone, Copy)]
pub(crate) enum QueuedCall<'s> {
    Async(&'s StartCall),
    Sync(&'s SyncCall),
}

/// A subscription that does not run inline, with a reserved call.
#[derive(Clone)]
pub(crate) struct SubscriptionClaim {
    subscription: Arc<dyn ErasedSubscription>,
    _release: Option<Arc<ClaimRelease>>,
}

/// Releases a reserved call when the delivery that has it is dropped, unless the call was made.
struct ClaimRelease(Arc<dyn ErasedSubscription>);

impl SubscriptionClaim {
    /// Reserves a call. Returns `None` if the subscription is over, or if another delivery has its only call.
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

    /// Makes the target of a delivery that ends without a call.
    pub(crate) fn without_call(subscription: &Arc<dyn ErasedSubscription>) -> Self {
        Self {
            subscription: Arc::clone(subscription),
            _release: None,
        }
    }
}

impl SubscriptionClaim {
    /// Whether the call is a future.
    pub(crate) fn is_async(&self) -> bool {
        match self.call() {
            DeferredCall::Async { .. } | DeferredCall::Stream(_) => true,
            DeferredCall::Queued { call, .. } => matches!(call, QueuedCall::Async(_)),
        }
    }

    /// Claims the reserved call, and starts it with an `Arc` of the event. Returns `None` if the call is no
    /// future.
    pub(crate) fn start(
        &self,
        event: Option<Arc<dyn Any + Send + Sync>>,
        delivery: &Delivery<'_>,
    ) -> Option<Result<HandlerFuture<'static>, NotRun>> {
        let start = match self.call() {
            DeferredCall::Async { start, .. }
            | DeferredCall::Queued {
                call: QueuedCall::Async(start),
                ..
            } => start,
            DeferredCall::Queued { .. } | DeferredCall::Stream(_) => return None,
        };
        // The subscription may have been cancelled since the event was handed over.
        if !self.claim() {
            return Some(Err(NotRun::Cancelled));
        }
        Some(start(event?, delivery))
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
