//! How many calls of a handler may be under way at once.

use std::sync::Arc;
#[cfg(not(loom))]
use std::sync::atomic::{AtomicU32, Ordering};

use event_listener::{Event as Waiters, Listener as _};
#[cfg(loom)]
use loom::sync::atomic::{AtomicU32, Ordering};

#[cfg(all(test, loom))]
mod models;

/// How many tasks a handler may have at once where it does not say.
const CONCURRENCY: u32 = 1024;

/// How many deliveries of one handler may be under way at once.
pub(crate) struct ConcurrencyLimit {
    running: AtomicU32,
    most: u32,
    /// The handler named it, so it holds inside of `emit_async`, too.
    named: bool,
    freed: Waiters,
}

/// A place under a [`ConcurrencyLimit`], until it is dropped.
pub(crate) struct ConcurrencyPermit(Arc<ConcurrencyLimit>);

impl ConcurrencyLimit {
    pub(crate) fn new(most: Option<u32>) -> Arc<Self> {
        Arc::new(Self {
            running: AtomicU32::new(0),
            most: most.unwrap_or(CONCURRENCY),
            named: most.is_some(),
            freed: Waiters::new(),
        })
    }

    pub(crate) fn is_named(&self) -> bool {
        self.named
    }

    pub(crate) fn most(&self) -> u32 {
        self.most
    }

    /// A place, if one is free.
    pub(crate) fn try_acquire(self: &Arc<Self>) -> Option<ConcurrencyPermit> {
        let next = |running| (running < self.most).then_some(running + 1);
        self.running
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, next)
            .is_ok()
            .then(|| ConcurrencyPermit(Arc::clone(self)))
    }

    /// A place, once one is free.
    pub(crate) async fn acquire(self: &Arc<Self>) -> ConcurrencyPermit {
        loop {
            if let Some(permit) = self.try_acquire() {
                return permit;
            }
            let freed = self.freed.listen();
            if let Some(permit) = self.try_acquire() {
                return permit;
            }
            freed.await;
        }
    }
}

impl ConcurrencyLimit {
    /// A place, once one is free; the thread waits.
    pub(crate) fn acquire_blocking(self: &Arc<Self>) -> ConcurrencyPermit {
        loop {
            if let Some(permit) = self.try_acquire() {
                return permit;
            }
            let freed = self.freed.listen();
            if let Some(permit) = self.try_acquire() {
                return permit;
            }
            freed.wait();
        }
    }
}

impl Drop for ConcurrencyPermit {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::AcqRel);
        // Additional, so that a waiter which is dropped after it was told costs nobody a turn.
        self.0.freed.notify_additional(1);
    }
}
