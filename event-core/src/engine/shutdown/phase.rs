//! The phases of a dispatcher, and the number of its owners, which end it exactly once.

#[cfg(not(loom))]
use std::sync::Mutex;
use std::sync::PoisonError;
#[cfg(not(loom))]
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::task::Waker;

#[cfg(loom)]
use loom::sync::Mutex;
#[cfg(loom)]
use loom::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use crate::engine::shutdown::tasks::Tasks;
use crate::queue::buffer::Buffer;
use crate::runtime::Aborter;

#[cfg(all(test, loom))]
mod models;

const OPEN: u8 = 0;
const DRAINING: u8 = 1;
const CLOSED: u8 = 2;

/// The phase of a dispatcher: open, draining or closed.
pub(crate) struct Phase {
    now: AtomicU8,
    /// Held while the dispatcher is closed, so that code that finds it closed finds all deliveries named.
    closing: Mutex<()>,
    /// How many dispatchers share it; tasks and consumers do not count.
    dispatchers: AtomicUsize,
}

/// What a dispatcher abandons that was closed before its deliveries had ended.
pub(crate) struct GivenUp<T> {
    pub(crate) aborters: Vec<Aborter>,
    /// The deliveries that waited, by buffer.
    pub(crate) items: Vec<Vec<T>>,
    pub(crate) woken: Vec<Waker>,
}

impl Default for Phase {
    fn default() -> Self {
        Self {
            now: AtomicU8::new(OPEN),
            closing: Mutex::new(()),
            dispatchers: AtomicUsize::new(0),
        }
    }
}

impl Phase {
    pub(crate) fn is_open(&self) -> bool {
        self.now.load(Ordering::Acquire) == OPEN
    }

    fn is_draining(&self) -> bool {
        self.now.load(Ordering::Acquire) == DRAINING
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.now.load(Ordering::Acquire) == CLOSED
    }

    /// Whether a root may be emitted; handlers that drain may continue to emit.
    pub(crate) fn takes_roots(&self, is_outermost: bool) -> bool {
        match self.now.load(Ordering::Acquire) {
            OPEN => true,
            DRAINING => !is_outermost,
            _ => false,
        }
    }

    /// Changes from open to draining; returns whether this call did it. The accounts are opened first, so
    /// that each delivery that ends after the dispatcher is seen to drain is named.
    pub(crate) fn drain<T>(&self, tasks: &Tasks, buffers: &[&Buffer<T>]) -> bool {
        tasks.open_account();
        for buffer in buffers {
            buffer.open_account();
        }
        self.now
            .compare_exchange(OPEN, DRAINING, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }

    /// Closes the dispatcher, if it drains and no delivery is left; if this call did it, returns the
    /// wakers to wake.
    ///
    /// All is checked and closed in one step, with the locks of all that can hold a delivery. So a
    /// delivery is either found, or it will be refused.
    pub(crate) fn close_if_quiet<T>(
        &self,
        tasks: &Tasks,
        buffers: &[&Buffer<T>],
    ) -> Option<Vec<Waker>> {
        if !self.is_draining() {
            return None;
        }
        let _closing = self.closing.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.is_draining() {
            return None;
        }
        let woken = tasks.close_if_quiet(|| Buffer::close_all_if_quiet(buffers))?;
        self.now.store(CLOSED, Ordering::Release);
        Some(woken)
    }

    /// Closes the dispatcher, and abandons the deliveries that are left; `None` if it was closed already.
    /// When it returns, all these deliveries have been named.
    pub(crate) fn close<T>(&self, tasks: &Tasks, buffers: &[&Buffer<T>]) -> Option<GivenUp<T>> {
        let _closing = self.closing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.now.swap(CLOSED, Ordering::AcqRel) == CLOSED {
            return None;
        }
        let mut given_up = GivenUp {
            aborters: tasks.close_and_abandon(),
            items: Vec::new(),
            woken: Vec::new(),
        };
        for buffer in buffers {
            let (items, woken) = buffer.close_and_abandon();
            given_up.items.push(items);
            given_up.woken.extend(woken);
        }
        Some(given_up)
    }

    /// Counts one more dispatcher.
    pub(crate) fn join(&self) {
        self.dispatchers.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts one more dispatcher, if any is left; returns whether it did.
    pub(crate) fn join_others(&self) -> bool {
        let next = |dispatchers| (dispatchers > 0).then_some(dispatchers + 1);
        self.dispatchers
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, next)
            .is_ok()
    }

    /// Counts one dispatcher less; returns whether it was the last.
    pub(crate) fn leave(&self) -> bool {
        self.dispatchers.fetch_sub(1, Ordering::AcqRel) == 1
    }
}
