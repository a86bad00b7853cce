//! Handlers and subscriptions that do not run inline: where each of them runs, and its limits.

use std::any::Any;
use std::ops::Deref;
use std::sync::Arc;

use super::calls::Later;
use super::limit::Limit;
use super::subscriptions::{Subscribed, SubscriptionNode};
use crate::handler::HandlerInfo;
use crate::handler::asynchronous::Running;
use crate::handler::registered::{Registered, Rung};
use crate::queue::buffer::Label;
use crate::queue::line::Line;
use crate::queue::{AnyQueue, Declared};
use crate::resolver::ByType;
use crate::wiring::waits_for;

/// A handler that does not run inline.
pub(crate) struct Seat<E> {
    pub(crate) handler: HandlerInfo,
    pub(crate) priority: i32,
    pub(crate) place: Place,
    pub(crate) has_timeout: bool,
    pub(crate) later: Later<E>,
}

/// Where such a handler runs.
pub(crate) enum Place {
    Task(TaskPlace),
    Queue(QueuePlace),
}

#[derive(Clone, Copy)]
pub(crate) struct QueuePlace {
    /// The index of the queue among the dispatcher's.
    pub(crate) line: usize,
    /// The number of the handler.
    pub(crate) label: Label,
}

pub(crate) struct TaskPlace {
    pub(crate) limit: Arc<Limit>,
    /// The positions of the seats that must have ended before.
    pub(crate) after: Box<[usize]>,
}

/// Gives each handler that does not run inline its place, while a dispatcher is built.
#[derive(Default)]
#[allow(
    missing_debug_implementations,
    reason = "it is named by `__private` alone"
)]
pub struct Places {
    queues: Vec<&'static dyn AnyQueue>,
    /// The handlers that queues run, once for each event that they see, by their number.
    labelled: Vec<&'static dyn Registered>,
    /// One handler has one limit, whatever the number of events it sees.
    limits: ByType<Arc<Limit>>,
}

impl Places {
    /// The places of the handlers of one event, in order.
    pub(crate) fn of(&mut self, later: &[&'static dyn Registered]) -> Vec<Place> {
        let waits_for = waits_for(later);
        let places = later.iter().zip(waits_for);
        places
            .map(|(handler, after)| match handler.spec().queue {
                Some(queue) => Place::Queue(QueuePlace {
                    line: self.index(queue()),
                    label: self.label(*handler),
                }),
                None => Place::Task(TaskPlace {
                    limit: self.limit(*handler),
                    after: after
                        .into_iter()
                        .filter(|at| later[*at].spec().rung() == Rung::Async)
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

    fn label(&mut self, handler: &'static dyn Registered) -> Label {
        let label = Label::try_from(self.labelled.len()).unwrap_or(Label::MAX);
        self.labelled.push(handler);
        label
    }

    /// The handler with a number.
    pub(crate) fn labelled(&self, label: Label) -> Option<HandlerInfo> {
        let handler = self.labelled.get(label as usize)?;
        Some(HandlerInfo::of(*handler))
    }

    /// The declaration of the queue at an index.
    pub(crate) fn declared(&self, index: usize) -> Option<&'static Declared> {
        self.queues.get(index).map(|queue| queue.declared())
    }

    fn limit(&mut self, handler: &'static dyn Registered) -> Arc<Limit> {
        let new = || Limit::new(handler.spec().concurrency);
        Arc::clone(self.limits.entry(handler.id()).or_insert_with(new))
    }

    /// The queues, by their index.
    pub(crate) fn queues(&self) -> &[&'static dyn AnyQueue] {
        &self.queues
    }
}

/// A subscription that does not run inline, whatever its event.
pub(crate) trait LateSubscription: SubscriptionNode {
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
    fn call(&self) -> LateCall<'_>;
}

/// The subscriptions of an event that do not run inline, each with its place among the seats.
pub(crate) type LateSubscribed = Arc<Subscribed<dyn LateSubscription>>;

/// What such a subscription does with an `Arc` of its event.
pub(crate) enum LateCall<'s> {
    Async {
        start: &'s (dyn Fn(Arc<dyn Any + Send + Sync>) -> Option<Running<'static>> + Send + Sync),
        limit: &'s Arc<Limit>,
    },
    Stream(&'s Arc<Line>),
}

/// A subscription that does not run inline, with the right to call it.
#[derive(Clone)]
pub(crate) struct Reserved {
    subscription: Arc<dyn LateSubscription>,
    _release: Option<Arc<Release>>,
}

/// Gives the right back when the delivery that has it goes, unless it made the call.
struct Release(Arc<dyn LateSubscription>);

impl Reserved {
    /// Reserves a call; `None` if the subscription is over, or if another delivery has its only call.
    pub(crate) fn new(subscription: &Arc<dyn LateSubscription>) -> Option<Self> {
        if !subscription.reserve() {
            return None;
        }
        let release = || Arc::new(Release(Arc::clone(subscription)));
        Some(Self {
            subscription: Arc::clone(subscription),
            _release: subscription.is_once().then(release),
        })
    }
}

impl Deref for Reserved {
    type Target = dyn LateSubscription;

    fn deref(&self) -> &Self::Target {
        &*self.subscription
    }
}

impl Drop for Release {
    fn drop(&mut self) {
        self.0.release();
    }
}
