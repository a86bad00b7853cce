//! A delivery that found no room, kept so that it can be offered again.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::dispatcher::inner::Inner;
use crate::dispatcher::seat::{Limit, Permit};
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
        loop {
            let ended = match &self.to {
                To::Queue(line) => {
                    line.buffer.room().await;
                    self.offer(&inner, line)
                }
                To::Task(limit) => {
                    let permit = limit.acquire().await;
                    Some(self.start(&inner, permit))
                }
            };
            if let Some(ended) = ended {
                return ended;
            }
        }
    }

    pub(crate) fn redeliver_blocking(&self) -> Result<(), RedeliverError> {
        let inner = self.inner()?;
        loop {
            let ended = match &self.to {
                To::Queue(line) => {
                    line.buffer.room_blocking();
                    self.offer(&inner, line)
                }
                To::Task(limit) => Some(self.start(&inner, limit.acquire_blocking())),
            };
            if let Some(ended) = ended {
                return ended;
            }
        }
    }

    fn inner(&self) -> Result<Arc<Inner>, RedeliverError> {
        self.inner.upgrade().ok_or(RedeliverError::Closed)
    }

    fn take(&self) -> Result<Item, RedeliverError> {
        let item = self
            .item
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        item.ok_or(RedeliverError::Again)
    }

    fn keep(&self, item: Item) {
        *self.item.lock().unwrap_or_else(PoisonError::into_inner) = Some(item);
    }

    /// Offers it once; `None` if there was no room after all.
    fn offer(&self, inner: &Arc<Inner>, line: &Arc<Line>) -> Option<Result<(), RedeliverError>> {
        let item = match self.take() {
            Ok(item) => item,
            Err(error) => return Some(Err(error)),
        };
        match line.offer(inner, item) {
            Offered::Waits => Some(Ok(())),
            Offered::NoRoom(item) | Offered::Rejected(item) | Offered::Dropped(item) => {
                self.keep(item);
                None
            }
            Offered::Closed(item) | Offered::Deserted(item) => {
                self.keep(item);
                Some(Err(RedeliverError::Closed))
            }
        }
    }

    fn start(&self, inner: &Arc<Inner>, permit: Permit) -> Result<(), RedeliverError> {
        let item = self.take()?;
        inner.tasks.start(inner, item, permit).map_err(|item| {
            self.keep(item);
            RedeliverError::Closed
        })
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
