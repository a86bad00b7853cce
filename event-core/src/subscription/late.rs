//! Subscriptions that do not run inline: async closures, and streams.

use std::any::{Any, type_name};
use std::future::Future;
use std::panic::Location;
use std::sync::{Arc, Weak};

use super::state::State;
use super::{Cancel, Subscription, SubscriptionOptions};
use crate::dispatcher::inner::Inner;
use crate::dispatcher::limit::Limit;
use crate::dispatcher::seat::{LateCall, LateSubscription};
use crate::event::Event;
use crate::handler::asynchronous::{Running, running};
use crate::handler::{Conclusion, HandlerInfo};
use crate::isolate;
use crate::queue::line::Line;

impl<W> SubscriptionOptions<'_, W> {
    pub(super) fn add_late<E: Event, F>(
        self,
        at: &'static Location<'static>,
        target: Option<Box<dyn Fn() -> bool + Send + Sync>>,
        start: impl Fn(Arc<E>) -> Option<Running<'static>> + Send + Sync + 'static,
    ) -> Subscription {
        let start = move |event: Arc<dyn Any + Send + Sync>| start(event.downcast().ok()?);
        let call = LateNodeCall::Async {
            start: Box::new(start),
            limit: Limit::new(None),
        };
        let info = HandlerInfo::of_subscription(type_name::<F>(), at);
        add_late_node::<E>(
            self.dispatcher.inner(),
            self.priority,
            self.once,
            info,
            target,
            call,
        )
    }
}

/// A stream of `E` as a subscription.
pub(crate) fn subscribe_stream<E: Event>(
    inner: &Arc<Inner>,
    line: &Arc<Line>,
    at: &'static Location<'static>,
) -> Subscription {
    let info = HandlerInfo::of_subscription(type_name::<crate::stream::EventStream<E>>(), at);
    let call = LateNodeCall::Stream(Arc::clone(line));
    add_late_node::<E>(inner, 0, false, info, None, call)
}

fn add_late_node<E: Event>(
    inner: &Arc<Inner>,
    priority: i32,
    once: bool,
    info: HandlerInfo,
    target: Option<Box<dyn Fn() -> bool + Send + Sync>>,
    call: LateNodeCall,
) -> Subscription {
    let node = Arc::new(LateNode {
        priority,
        info,
        state: State::new(once),
        call: Some(call),
        target,
        remove: remove_late::<E>,
        inner: Arc::downgrade(inner),
    });
    let late: Arc<dyn LateSubscription> = node.clone();
    inner
        .find_or_make::<E>()
        .roster::<E>()
        .late_subscriptions
        .add(late);
    inner.refresh::<E>();
    Subscription { node: Some(node) }
}

fn remove_late<E: Event>(inner: &Arc<Inner>, node: &Arc<dyn LateSubscription>) {
    let found = inner.find_or_make::<E>();
    found.roster::<E>().late_subscriptions.remove(node);
    inner.refresh::<E>();
}

/// A call that runs `future` and says what it led to.
pub(super) fn conclude_async<R: 'static>(
    future: impl Future<Output = R> + Send + 'static,
    conclude: fn(R, &mut Conclusion<'_>),
) -> Running<'static> {
    running(future, conclude)
}

/// A subscription that does not run inline.
struct LateNode {
    priority: i32,
    info: HandlerInfo,
    state: State,
    /// There until the node is dropped.
    call: Option<LateNodeCall>,
    target: Option<Box<dyn Fn() -> bool + Send + Sync>>,
    remove: fn(&Arc<Inner>, &Arc<dyn LateSubscription>),
    inner: Weak<Inner>,
}

enum LateNodeCall {
    Async {
        start: Box<dyn Fn(Arc<dyn Any + Send + Sync>) -> Option<Running<'static>> + Send + Sync>,
        limit: Arc<Limit>,
    },
    Stream(Arc<Line>),
}

impl LateNode {
    fn remove(self: &Arc<Self>) {
        if let Some(inner) = self.inner.upgrade() {
            let this: Arc<dyn LateSubscription> = self.clone();
            (self.remove)(&inner, &this);
        }
    }
}

impl LateSubscription for LateNode {
    fn info(&self) -> HandlerInfo {
        self.info
    }

    fn priority(&self) -> i32 {
        self.priority
    }

    fn is_alive(&self) -> bool {
        !self.state.is_over() && self.target.as_ref().is_none_or(|lives| lives())
    }

    fn claim(self: Arc<Self>) -> bool {
        let is_alive = self.state.claim() && self.target.as_ref().is_none_or(|lives| lives());
        if !is_alive || self.state.is_over() {
            self.remove();
        }
        is_alive
    }

    fn call(&self) -> LateCall<'_> {
        match &self.call {
            Some(LateNodeCall::Async { start, limit }) => LateCall::Async { start, limit },
            Some(LateNodeCall::Stream(line)) => LateCall::Stream(line),
            None => unreachable!("it is there until the node is dropped"),
        }
    }
}

impl Cancel for LateNode {
    fn cancel(self: Arc<Self>) {
        self.state.cancel();
        self.remove();
    }
}

impl Drop for LateNode {
    /// What the closure captured may panic in its `Drop`.
    fn drop(&mut self) {
        isolate::discard(self.call.take());
    }
}
