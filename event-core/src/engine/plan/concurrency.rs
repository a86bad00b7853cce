//! Limits the concurrent calls of a handler.

use std::sync::Arc;
#[cfg(not(loom))]
use std::sync::atomic::{AtomicU32, Ordering};

use event_listener::{Event as Waiters, Listener as _};
#[cfg(loom)]
use loom::sync::atomic::{AtomicU32, Ordering};

#[cfg(all(test, loom))]
mod models;

/// The default limit of concurrent tasks of a handler.
const CONCURRENCY: u32 = 1024;

/// The limit of concurrent deliveries of one handler.
pub(crate) struct ConcurrencyLimit {
    running: AtomicU32,
    most: u32,
    /// Whether the handler names the limit; it then applies inside of `emit_async`, too.
    named: bool,
    freed: Waiters,
}

/// The right to one concurrent call, until it is dropped.
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

    /// Takes a permit, if one is free.
    pub(crate) fn try_acquire(self: &Arc<Self>) -> Option<ConcurrencyPermit> {
        let next = |running| (running < self.most).then_some(running + 1);
        self.running
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, next)
            .is_ok()
            .then(|| ConcurrencyPermit(Arc::clone(self)))
    }

    /// Waits for a permit.
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
    /// Waits for a permit, and blocks the thread meanwhile.
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
        // Notifies an additional waiter, so that a notified waiter that is dropped does not lose the
        // permit for others.
        self.0.freed.notify_additional(1);
    }
}
