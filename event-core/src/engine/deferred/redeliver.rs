//! A delivery that was rejected or has failed, kept so that it can be delivered again.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::counted::Counted;
use crate::engine::deferred::async_handlers::handler_index;
use crate::engine::deferred::offer::offer_waiting;
use crate::engine::emission::cascade::Cascade;
use crate::engine::emission::deferred_delivery::DeferredDelivery;
use crate::engine::emission::deferred_event::{ErasedDeferredEvent, HandlerRef};
use crate::engine::plan::concurrency::{ConcurrencyLimit, ConcurrencyPermit};
use crate::engine::plan::executor::{DeferredCall, Executor, QueueExecutor};
use crate::engine::queue::live::{LiveQueue, OfferResult};
use crate::engine::state::DispatcherState;
use crate::panics;
use crate::report::failure::Failure;
use crate::report::redeliver::{Redeliver, RedeliverError};

/// A delivery that was rejected, since its queue was full or its handler at its limit, or that has failed.
pub(crate) struct KeptDelivery {
    item: Mutex<Option<DeferredDelivery>>,
    inner: Weak<DispatcherState>,
    to: Destination,
}

enum Destination {
    Queue(Arc<LiveQueue>),
    Task(Arc<ConcurrencyLimit>),
}

impl KeptDelivery {
    pub(crate) fn of_queue(
        inner: &Arc<DispatcherState>,
        item: DeferredDelivery,
        queue: &Arc<LiveQueue>,
    ) -> Self {
        Self::new(inner, item, Destination::Queue(Arc::clone(queue)))
    }

    pub(crate) fn of_task(
        inner: &Arc<DispatcherState>,
        item: DeferredDelivery,
        limit: &Arc<ConcurrencyLimit>,
    ) -> Self {
        Self::new(inner, item, Destination::Task(Arc::clone(limit)))
    }

    /// Keeps the item, which has ended for those that wait for the end of its emission.
    fn new(inner: &Arc<DispatcherState>, item: DeferredDelivery, to: Destination) -> Self {
        let item = DeferredDelivery {
            tracked: None,
            ..item
        };
        Self {
            item: Mutex::new(Some(item)),
            inner: Arc::downgrade(inner),
            to,
        }
    }

    /// Keeps a delivery that has failed. Returns `None` for a subscription that is called once, and for one
    /// that has no runtime.
    pub(crate) fn of_failed(
        inner: &Arc<DispatcherState>,
        event: &Arc<dyn ErasedDeferredEvent>,
        target: &HandlerRef,
    ) -> Option<Self> {
        let item = |label| DeferredDelivery::untracked(Arc::clone(event), target.clone(), label);
        let unlabelled = DeferredDelivery::UNLABELLED;
        match target {
            HandlerRef::DeferredHandler(index) => Some(match event.executor(inner, *index) {
                Executor::Task(task) => Self::of_task(inner, item(unlabelled), &task.limit),
                Executor::Queue(QueueExecutor { queue, label, .. }) => {
                    Self::of_queue(inner, item(*label), &inner.queues[*queue])
                }
            }),
            HandlerRef::Subscription(subscription) => match subscription.call() {
                DeferredCall::Async { limit, .. }
                    if !subscription.is_once() && inner.runtime.is_some() =>
                {
                    Some(Self::of_task(inner, item(unlabelled), limit))
                }
                DeferredCall::Queued { executor, .. } if !subscription.is_once() => {
                    let queue = &inner.queues[executor.queue];
                    Some(Self::of_queue(inner, item(executor.label), queue))
                }
                DeferredCall::Async { .. }
                | DeferredCall::Queued { .. }
                | DeferredCall::Stream(_) => None,
            },
            // Its outbox keeps it.
            HandlerRef::Transactional(_) => None,
        }
    }

    async fn redeliver_when_free(&self) -> Result<(), RedeliverError> {
        let inner = self.inner()?;
        let mut claimed = self.claim()?;
        match &self.to {
            Destination::Queue(queue) => loop {
                queue.buffer.capacity_free().await;
                if let Some(ended) = claimed.offer(&inner, queue) {
                    return ended;
                }
            },
            Destination::Task(limit) => claimed.start(&inner, limit.acquire().await),
        }
    }

    /// Returns the dispatcher, unless it is gone or being shut down.
    fn inner(&self) -> Result<Arc<DispatcherState>, RedeliverError> {
        let inner = self.inner.upgrade().ok_or(RedeliverError::Closed)?;
        if inner.closing.is_open() {
            Ok(inner)
        } else {
            Err(RedeliverError::Closed)
        }
    }

    /// Takes the item before the wait for capacity: a caller that is woken must have an item to offer, or
    /// another caller would wait while capacity is free.
    fn claim(&self) -> Result<RedeliveryAttempt<'_>, RedeliverError> {
        let item = self.kept().take().ok_or(RedeliverError::Again)?;
        Ok(RedeliveryAttempt {
            from: self,
            item: Some(item),
        })
    }

    fn kept(&self) -> MutexGuard<'_, Option<DeferredDelivery>> {
        self.item.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Redeliver for KeptDelivery {
    fn redeliver(
        self: Arc<Self>,
    ) -> Pin<Box<dyn Future<Output = Result<(), RedeliverError>> + Send>> {
        Box::pin(async move { self.redeliver_when_free().await })
    }

    fn redeliver_blocking(&self) -> Result<(), RedeliverError> {
        let inner = self.inner()?;
        let mut claimed = self.claim()?;
        match &self.to {
            Destination::Queue(queue) => loop {
                queue.buffer.capacity_free_blocking();
                if let Some(ended) = claimed.offer(&inner, queue) {
                    return ended;
                }
            },
            Destination::Task(limit) => claimed.start(&inner, limit.acquire_blocking()),
        }
    }
}

/// Keeps the failed deliveries of an event that was not shared while its handlers ran. `share` moves the
/// event, if a failure needs it. Returns whether the event was moved.
#[cold]
pub(crate) fn keep_failed(
    inner: &Arc<DispatcherState>,
    cascade: &mut Cascade,
    share: impl FnOnce() -> Option<Arc<dyn ErasedDeferredEvent>>,
) -> bool {
    let Some(state) = cascade.state.get_mut() else {
        return false;
    };
    let failures = &mut state.get_mut().details.failures;
    if !failures.iter().any(Failure::may_keep) {
        return false;
    }
    let Some(event) = share() else {
        return false;
    };
    let mut last: Option<(usize, Arc<dyn Redeliver>)> = None;
    for failure in failures.iter_mut().filter(|failure| failure.may_keep()) {
        let mut handlers = event.entry(inner).deferred.iter();
        let Some(index) = handlers.position(|other| Some(other.handler) == failure.handler())
        else {
            continue;
        };
        // Several errors of one delivery come one after another.
        let known = last.take().filter(|(other, _)| *other == index);
        let target = HandlerRef::DeferredHandler(handler_index(index));
        let kept = match known {
            Some((_, kept)) => Some(kept),
            None => KeptDelivery::of_failed(inner, &event, &target).map(|kept| Arc::new(kept) as _),
        };
        failure.redelivery.clone_from(&kept);
        last = kept.map(|kept| (index, kept));
    }
    panics::drop_caught(event);
    true
}

/// A delivery that is being redelivered; put back unless that succeeds.
struct RedeliveryAttempt<'u> {
    from: &'u KeptDelivery,
    /// `None` once the queue or the task has the item.
    item: Option<DeferredDelivery>,
}

impl RedeliveryAttempt<'_> {
    /// Offers the item once, unless the dispatcher is shut down. Returns `None` if the queue has no capacity.
    fn offer(
        &mut self,
        inner: &Arc<DispatcherState>,
        queue: &Arc<LiveQueue>,
    ) -> Option<Result<(), RedeliverError>> {
        if !inner.closing.is_open() {
            return Some(Err(RedeliverError::Closed));
        }
        match offer_waiting(queue, inner, self.item.take()?) {
            OfferResult::Waits => Some(Ok(())),
            OfferResult::NoCapacity(item)
            | OfferResult::Rejected(item)
            | OfferResult::Dropped(item) => {
                self.item = Some(item);
                None
            }
            // Its key was hashed when it was offered first.
            OfferResult::Closed(item)
            | OfferResult::NoConsumer(item)
            | OfferResult::Panicked(item, _) => {
                self.item = Some(item);
                Some(Err(RedeliverError::Closed))
            }
        }
    }

    fn start(
        &mut self,
        inner: &Arc<DispatcherState>,
        permit: ConcurrencyPermit,
    ) -> Result<(), RedeliverError> {
        if !inner.closing.is_open() {
            return Err(RedeliverError::Closed);
        }
        let item = self.item.take().ok_or(RedeliverError::Again)?;
        inner
            .tasks
            .start(inner, item, permit, None)
            .map_err(|item| {
                self.item = Some(item);
                RedeliverError::Closed
            })
    }
}

impl Drop for RedeliveryAttempt<'_> {
    fn drop(&mut self) {
        if let Some(item) = self.item.take() {
            *self.from.kept() = Some(item);
        }
    }
}

impl fmt::Display for KeptDelivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.to {
            Destination::Queue(queue) => write!(
                f,
                "queue `{}` is full ({} wait)",
                queue.name, queue.settings.capacity
            ),
            Destination::Task(limit) => {
                let calls = Counted::new(limit.most(), "concurrent call", "concurrent calls");
                write!(f, "its limit of {calls} is reached")
            }
        }
    }
}
