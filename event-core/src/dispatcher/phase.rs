//! The phases of a dispatcher, and how many share it: what ends it exactly once.

#[cfg(loom)]
use loom::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
#[cfg(not(loom))]
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

#[cfg(all(test, loom))]
mod models;

const OPEN: u8 = 0;
const DRAINING: u8 = 1;
const CLOSED: u8 = 2;

/// Where a dispatcher stands on its way to its end.
pub(super) struct Phase {
    now: AtomicU8,
    /// How many dispatchers share it; what works for them does not count.
    dispatchers: AtomicUsize,
}

impl Default for Phase {
    fn default() -> Self {
        Self {
            now: AtomicU8::new(OPEN),
            dispatchers: AtomicUsize::new(0),
        }
    }
}

impl Phase {
    pub(super) fn is_open(&self) -> bool {
        self.now.load(Ordering::Acquire) == OPEN
    }

    pub(super) fn is_draining(&self) -> bool {
        self.now.load(Ordering::Acquire) == DRAINING
    }

    pub(super) fn is_closed(&self) -> bool {
        self.now.load(Ordering::Acquire) == CLOSED
    }

    /// Whether a root may be emitted; handlers that drain may go on emitting.
    pub(super) fn takes_roots(&self, is_outermost: bool) -> bool {
        match self.now.load(Ordering::Acquire) {
            OPEN => true,
            DRAINING => !is_outermost,
            _ => false,
        }
    }

    /// From open to draining; answers whether this did it.
    pub(super) fn drain(&self) -> bool {
        self.now
            .compare_exchange(OPEN, DRAINING, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }

    /// Closes it; answers whether this did it.
    pub(super) fn close(&self) -> bool {
        self.now.swap(CLOSED, Ordering::AcqRel) != CLOSED
    }

    /// Whether it drains, and nothing is under way any more. `taken` counts how many deliveries were
    /// ever taken in, one queue after the other; `None` if some are under way.
    ///
    /// Two looks: whatever was offered to one queue behind the first look's back shows in the
    /// second, as work or as a count. Whoever ends a delivery asks after that, so that of all that
    /// end at the same time the last one finds nothing under way.
    pub(super) fn is_drained(&self, mut taken: impl FnMut() -> Option<u64>) -> bool {
        self.is_draining() && taken().is_some_and(|first| taken() == Some(first))
    }

    /// One dispatcher more.
    pub(super) fn join(&self) {
        self.dispatchers.fetch_add(1, Ordering::Relaxed);
    }

    /// One dispatcher more, if there is one left.
    pub(super) fn join_others(&self) -> bool {
        let next = |dispatchers| (dispatchers > 0).then_some(dispatchers + 1);
        self.dispatchers
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, next)
            .is_ok()
    }

    /// One dispatcher less; answers whether it was the last.
    pub(super) fn leave(&self) -> bool {
        self.dispatchers.fetch_sub(1, Ordering::AcqRel) == 1
    }
}
