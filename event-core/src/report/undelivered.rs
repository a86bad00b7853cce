//! A delivery that found no room, kept so that it can be offered again.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::dispatcher::inner::Inner;
use crate::dispatcher::limit::{Limit, Permit};
use crate::dispatcher::shared::Item;
use crate::error::RedeliverError;
use crate::queue::line::{Line, Offered};

/// A delivery that found no room.
pub(crate) struct Undelivered {
    item: Mutex<Option<Item>>,
    inner: Weak<Inner>,
    to: To,
}

enum To {
    Queue(Arc<Line>),
    Task(Arc<Limit>),
}

impl Undelivered {
    pub(crate) fn of_queue(inner: &Arc<Inner>, item: Item, line: &Arc<Line>) -> Self {
        Self {
            item: Mutex::new(Some(item)),
            inner: Arc::downgrade(inner),
            to: To::Queue(Arc::clone(line)),
        }
    }

    pub(crate) fn of_task(inner: &Arc<Inner>, item: Item, limit: &Arc<Limit>) -> Self {
        Self {
            item: Mutex::new(Some(item)),
            inner: Arc::downgrade(inner),
            to: To::Task(Arc::clone(limit)),
        }
    }

    pub(crate) async fn redeliver(&self) -> Result<(), RedeliverError> {
        let inner = self.inner()?;
        let mut claimed = self.claim()?;
        match &self.to {
            To::Queue(line) => loop {
                line.buffer.room().await;
                if let Some(ended) = claimed.offer(&inner, line) {
                    return ended;
                }
            },
            To::Task(limit) => claimed.start(&inner, limit.acquire().await),
        }
    }

    pub(crate) fn redeliver_blocking(&self) -> Result<(), RedeliverError> {
        let inner = self.inner()?;
        let mut claimed = self.claim()?;
        match &self.to {
            To::Queue(line) => loop {
                line.buffer.room_blocking();
                if let Some(ended) = claimed.offer(&inner, line) {
                    return ended;
                }
            },
            To::Task(limit) => claimed.start(&inner, limit.acquire_blocking()),
        }
    }

    fn inner(&self) -> Result<Arc<Inner>, RedeliverError> {
        self.inner.upgrade().ok_or(RedeliverError::Closed)
    }

    /// Takes the item before the wait for room: whoever is let go must have something to offer, or
    /// another would wait beside an empty place.
    fn claim(&self) -> Result<Claimed<'_>, RedeliverError> {
        let mut item = self.kept().take().ok_or(RedeliverError::Again)?;
        item.attempt += 1;
        Ok(Claimed {
            from: self,
            item: Some(item),
        })
    }

    fn kept(&self) -> MutexGuard<'_, Option<Item>> {
        self.item.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A delivery that is being redelivered; put back unless that succeeds.
struct Claimed<'u> {
    from: &'u Undelivered,
    /// There while nobody else has it.
    item: Option<Item>,
}

impl Claimed<'_> {
    /// Offers it once; `None` if there was no room after all.
    fn offer(
        &mut self,
        inner: &Arc<Inner>,
        line: &Arc<Line>,
    ) -> Option<Result<(), RedeliverError>> {
        match line.offer(inner, self.item.take()?, None) {
            Offered::Waits => Some(Ok(())),
            Offered::NoRoom(item) | Offered::Rejected(item) | Offered::Dropped(item) => {
                self.item = Some(item);
                None
            }
            // Its key was hashed when it was offered first.
            Offered::Closed(item) | Offered::Deserted(item) | Offered::Panicked(item, _) => {
                self.item = Some(item);
                Some(Err(RedeliverError::Closed))
            }
        }
    }

    fn start(&mut self, inner: &Arc<Inner>, permit: Permit) -> Result<(), RedeliverError> {
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

impl Drop for Claimed<'_> {
    fn drop(&mut self) {
        if let Some(mut item) = self.item.take() {
            item.attempt -= 1;
            *self.from.kept() = Some(item);
        }
    }
}

impl fmt::Display for Undelivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.to {
            To::Queue(line) => write!(
                f,
                "queue `{}` is full ({} wait)",
                line.name, line.settings.capacity
            ),
            To::Task(limit) => write!(f, "{} calls of it are under way", limit.most()),
        }
    }
}
