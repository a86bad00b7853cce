//! Handlers and subscriptions that do not run inline: where each of them runs, and its limits.

use std::any::{Any, TypeId};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwapOption;

use super::calls::Later;
use super::limit::Limit;
use crate::handler::HandlerInfo;
use crate::handler::asynchronous::Running;
use crate::handler::registered::{Registered, Rung};
use crate::queue::buffer::Label;
use crate::queue::line::Line;
use crate::queue::{AnyQueue, Declared};
use crate::wiring::waits_for;

/// A handler that does not run inline.
pub(crate) struct Seat<E> {
    pub(crate) handler: HandlerInfo,
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
    limits: Vec<(TypeId, Arc<Limit>)>,
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
        let known = self.limits.iter().find(|(id, _)| *id == handler.id());
        if let Some((_, limit)) = known {
            return Arc::clone(limit);
        }
        let limit = Limit::new(handler.spec().concurrency);
        self.limits.push((handler.id(), Arc::clone(&limit)));
        limit
    }

    /// The queues, by their index.
    pub(crate) fn queues(&self) -> &[&'static dyn AnyQueue] {
        &self.queues
    }
}

/// A subscription that does not run inline, whatever its event.
pub(crate) trait LateSubscription: Send + Sync {
    fn info(&self) -> HandlerInfo;
    fn priority(&self) -> i32;
    /// Whether it may still be called.
    fn is_alive(&self) -> bool;
    /// Takes the right to make this call; `false` if the subscription is over.
    fn claim(self: Arc<Self>) -> bool;
    fn call(&self) -> LateCall<'_>;
}

/// What such a subscription does with an `Arc` of its event.
pub(crate) enum LateCall<'s> {
    Async {
        start: &'s (dyn Fn(Arc<dyn Any + Send + Sync>) -> Option<Running<'static>> + Send + Sync),
        limit: &'s Arc<Limit>,
    },
    Stream(&'s Arc<Line>),
}

/// The subscriptions of one event that do not run inline; `None` while there are none.
#[derive(Default)]
pub(crate) struct LateSubscriptions {
    all: ArcSwapOption<Vec<Arc<dyn LateSubscription>>>,
    changing: Mutex<()>,
}

impl LateSubscriptions {
    pub(crate) fn is_some(&self) -> bool {
        self.all.load().is_some()
    }

    pub(crate) fn load(&self) -> Option<Arc<Vec<Arc<dyn LateSubscription>>>> {
        self.all.load_full()
    }

    /// Adds one behind those of its priority, and removes those that are over.
    pub(crate) fn add(&self, subscription: Arc<dyn LateSubscription>) {
        self.change(|all| {
            all.retain(|other| other.is_alive());
            let at = all.partition_point(|other| other.priority() <= subscription.priority());
            all.insert(at, subscription);
        });
    }

    pub(crate) fn remove(&self, subscription: &Arc<dyn LateSubscription>) {
        self.change(|all| all.retain(|other| !Arc::ptr_eq(other, subscription)));
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Arc<dyn LateSubscription>>)) {
        let changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = self
            .all
            .load_full()
            .map_or_else(Vec::new, |all| all.to_vec());
        change(&mut all);
        let before = self.all.swap((!all.is_empty()).then(|| Arc::new(all)));
        drop(changing);
        // Outside of the lock: it may be the last owner of what closures captured.
        drop(before);
    }
}
