//! A rejected delivery, kept so that it can be offered again.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::counted::Counted;
use crate::engine::deferred::offer::offer;
use crate::engine::emission::deferred_event::DeferredDelivery;
use crate::engine::plan::concurrency::{ConcurrencyLimit, ConcurrencyPermit};
use crate::engine::queue::live::{LiveQueue, OfferResult};
use crate::engine::state::DispatcherState;
use crate::report::redeliver::{Redeliver, RedeliverError};

/// A delivery that was rejected: its queue was full, or its handler at its limit.
pub(crate) struct RejectedDelivery {
    item: Mutex<Option<DeferredDelivery>>,
    inner: Weak<DispatcherState>,
    to: Destination,
}

enum Destination {
    Queue(Arc<LiveQueue>),
    Task(Arc<ConcurrencyLimit>),
}

impl RejectedDelivery {
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

    fn inner(&self) -> Result<Arc<DispatcherState>, RedeliverError> {
        self.inner.upgrade().ok_or(RedeliverError::Closed)
    }

    /// Takes the item before the wait for capacity: a caller that is woken must have an item to offer, or
    /// another caller would wait while capacity is free.
    fn claim(&self) -> Result<RedeliveryAttempt<'_>, RedeliverError> {
        let mut item = self.kept().take().ok_or(RedeliverError::Again)?;
        item.attempt += 1;
        Ok(RedeliveryAttempt {
            from: self,
            item: Some(item),
        })
    }

    fn kept(&self) -> MutexGuard<'_, Option<DeferredDelivery>> {
        self.item.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Redeliver for RejectedDelivery {
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

/// A delivery that is being redelivered; put back unless that succeeds.
struct RedeliveryAttempt<'u> {
    from: &'u RejectedDelivery,
    /// `None` once the queue or the task has the item.
    item: Option<DeferredDelivery>,
}

impl RedeliveryAttempt<'_> {
    /// Offers the item once. Returns `None` if the queue has no capacity.
    fn offer(
        &mut self,
        inner: &Arc<DispatcherState>,
        queue: &Arc<LiveQueue>,
    ) -> Option<Result<(), RedeliverError>> {
        match offer(queue, inner, self.item.take()?, None) {
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
        if let Some(mut item) = self.item.take() {
            item.attempt -= 1;
            *self.from.kept() = Some(item);
        }
    }
}

impl fmt::Display for RejectedDelivery {
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
