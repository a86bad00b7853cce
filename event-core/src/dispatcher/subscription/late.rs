//! Subscriptions that do not run inline: async closures, those of queues, and streams.

use std::any::{Any, type_name};
use std::future::Future;
use std::panic::Location;
use std::sync::{Arc, Weak};

use crate::dispatcher::stream::EventStream;
use crate::dispatcher::subscription::Subscription;
use crate::dispatcher::subscription::builder::SubscriptionBuilder;
use crate::dispatcher::subscription::conditions::Selects;
use crate::dispatcher::subscription::queue_traits::RunsAsync;
use crate::engine::emission::delivery::Delivery;
use crate::engine::plan::bound::{HandlerFuture, NotRun};
use crate::engine::plan::concurrency::ConcurrencyLimit;
use crate::engine::plan::executor::{
    DeferredCall, ErasedSubscription, QueueExecutor, QueuedCall, StartCall, SyncCall,
};
use crate::engine::plan::handlers::{EventKind, EventType};
use crate::engine::plan::subscription::conditions::Conditions;
use crate::engine::plan::subscription::inline::{Cancel, Target};
use crate::engine::plan::subscription::state::State;
use crate::engine::plan::subscriptions::{SubscriptionKey, SubscriptionNode};
use crate::engine::queue::live::LiveQueue;
use crate::engine::state::DispatcherState;
use crate::event::Event;
use crate::event::any::AnyEvent;
use crate::handler::bind_async::{Conclusion, running};
use crate::handler_info::{DeliveryKind, HandlerInfo, SubscriptionDeclaration};
use crate::panics;
use crate::retry::RetryPolicy;

impl<S, Q> SubscriptionBuilder<'_, (), S, (), Q> {
    pub(crate) fn add_late<E, F>(
        self,
        at: &'static Location<'static>,
        target: Option<Target>,
        start: impl Fn(Arc<E>, &Delivery<'_>) -> Result<HandlerFuture<'static>, NotRun>
        + Send
        + Sync
        + 'static,
    ) -> Subscription
    where
        E: Event,
        S: Selects<E>,
        Q: RunsAsync,
    {
        let start = move |event: Arc<dyn Any + Send + Sync>, delivery: &Delivery<'_>| {
            let Ok(event) = event.downcast() else {
                unreachable!("a subscription is in the list of its event")
            };
            start(event, delivery)
        };
        if Q::IS_QUEUED {
            let start: Box<StartCall> = Box::new(start);
            return self.add_to_queue::<E, F>(at, target, QueuedSubscriptionCall::Async(start));
        }
        let call = DeferredSubscriptionCall::Async {
            start: Box::new(start),
            limit: ConcurrencyLimit::new(None),
        };
        let info = self.options.info::<F>(at, DeliveryKind::Async);
        let conditions = S::conditions(self.conditions).erased();
        add_late_node(
            self.dispatcher.inner(),
            EventType::<E>::KIND,
            self.options.once,
            info,
            target,
            conditions,
            call,
        )
    }
}

/// Subscribes a stream of `E`.
pub(crate) fn subscribe_stream<E: Event>(
    inner: &Arc<DispatcherState>,
    line: &Arc<LiveQueue>,
    at: &'static Location<'static>,
) -> Subscription {
    let info = HandlerInfo::of_subscription(SubscriptionDeclaration {
        name: type_name::<EventStream<E>>(),
        at,
        priority: 0,
        delivery: DeliveryKind::Stream,
        queue: None,
        filter: None,
        retry: None,
    });
    let call = DeferredSubscriptionCall::Stream(Arc::clone(line));
    let conditions = Conditions::default();
    add_late_node(
        inner,
        EventType::<E>::KIND,
        false,
        info,
        None,
        conditions,
        call,
    )
}

pub(super) fn add_late_node(
    inner: &Arc<DispatcherState>,
    kind: EventKind,
    once: bool,
    info: HandlerInfo,
    target: Option<Target>,
    conditions: Conditions<dyn AnyEvent>,
    call: DeferredSubscriptionCall,
) -> Subscription {
    let entry = inner.find_or_make(kind);
    let subscriptions = &entry.deferred_subscriptions;
    let node = Arc::new(DeferredSubscription {
        key: subscriptions.key(info.priority()),
        info,
        once,
        state: State::new(once),
        conditions,
        call: Some(call),
        target,
        kind,
        inner: Arc::downgrade(inner),
    });
    let guard = Subscription::new(Arc::downgrade(&node) as Weak<dyn Cancel>);
    subscriptions.add(node);
    inner.refresh(kind);
    guard
}

/// Makes a call that runs `future` and concludes its output.
pub(crate) fn conclude_async<R: 'static>(
    future: impl Future<Output = R> + Send + 'static,
    conclusion: &'static Conclusion<R>,
) -> HandlerFuture<'static> {
    running(future, conclusion)
}

/// A subscription that does not run inline.
struct DeferredSubscription {
    key: SubscriptionKey,
    info: HandlerInfo,
    once: bool,
    state: State,
    conditions: Conditions<dyn AnyEvent>,
    /// `Some` until the node is dropped.
    call: Option<DeferredSubscriptionCall>,
    target: Option<Target>,
    /// The kind of the subscription's event.
    kind: EventKind,
    inner: Weak<DispatcherState>,
}

pub(super) enum DeferredSubscriptionCall {
    Async {
        start: Box<StartCall>,
        limit: Arc<ConcurrencyLimit>,
    },
    Stream(Arc<LiveQueue>),
    Queued {
        executor: QueueExecutor,
        call: QueuedSubscriptionCall,
    },
}

pub(super) enum QueuedSubscriptionCall {
    Async(Box<StartCall>),
    Sync(Box<SyncCall>),
}

impl DeferredSubscription {
    fn lives(&self) -> bool {
        self.target.as_ref().is_none_or(|lives| lives())
    }

    fn remove(&self) {
        if let Some(inner) = self.inner.upgrade() {
            let entry = inner.find_or_make(self.kind);
            entry.deferred_subscriptions.remove(self.key);
            inner.refresh(self.kind);
        }
    }
}

impl SubscriptionNode for DeferredSubscription {
    fn key(&self) -> SubscriptionKey {
        self.key
    }

    fn info(&self) -> HandlerInfo {
        self.info
    }

    fn is_alive(&self) -> bool {
        !self.state.is_over() && self.lives()
    }
}

impl ErasedSubscription for DeferredSubscription {
    fn is_once(&self) -> bool {
        self.once
    }

    fn is_cancelled(&self) -> bool {
        self.state.is_cancelled() || !self.lives()
    }

    fn conditions(&self) -> &Conditions<dyn AnyEvent> {
        &self.conditions
    }

    fn retry(&self) -> Option<&RetryPolicy> {
        self.info.retry_policy()
    }

    fn end(&self) -> bool {
        let is_ended = self.state.end();
        if is_ended {
            self.remove();
        }
        is_ended
    }

    fn reserve(&self) -> bool {
        if !self.lives() {
            self.cancel();
        }
        self.state.reserve()
    }

    fn release(&self) {
        self.state.release();
    }

    fn claim(&self) -> bool {
        if !self.lives() {
            self.cancel();
        }
        let is_claimed = match self.retry() {
            None => self.state.claim_reserved(),
            Some(_) => self.state.claim_attempt(),
        };
        if is_claimed && self.once {
            self.remove();
        }
        is_claimed
    }

    fn call(&self) -> DeferredCall<'_> {
        match &self.call {
            Some(DeferredSubscriptionCall::Async { start, limit }) => {
                DeferredCall::Async { start, limit }
            }
            Some(DeferredSubscriptionCall::Stream(line)) => DeferredCall::Stream(line),
            Some(DeferredSubscriptionCall::Queued { executor, call }) => DeferredCall::Queued {
                executor: *executor,
                call: match call {
                    QueuedSubscriptionCall::Async(start) => QueuedCall::Async(start),
                    QueuedSubscriptionCall::Sync(call) => QueuedCall::Sync(call),
                },
            },
            None => unreachable!("it is there until the node is dropped"),
        }
    }
}

impl Cancel for DeferredSubscription {
    fn cancel(&self) {
        self.state.cancel();
        self.remove();
    }
}

impl Drop for DeferredSubscription {
    /// What the closure captured may panic in its `Drop`, which is caught.
    fn drop(&mut self) {
        panics::drop_caught(self.call.take());
    }
}
