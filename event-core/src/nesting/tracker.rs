//! Tells when an emission and all that it causes have ended.
//!
//! Each delivery that is handed over has a [`TrackedDelivery`] until what it causes was emitted, and with that
//! handed over, too. So the first moment at which none is left is the end, and no delivery can be tracked after
//! it. The count is that of an `Arc`: a [`Tracker`], which lineages and reports keep, has a weak reference.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use event_listener::{Event as Waiters, Listener as _};

/// A reference to an emission that is tracked. It does not delay the end.
#[derive(Clone)]
pub(crate) struct Tracker(Weak<Tracked>);

/// A guard: the tracked emission has not ended.
#[derive(Clone)]
pub(crate) struct TrackedDelivery(#[allow(dead_code, reason = "held, and dropped")] Arc<Tracked>);

/// The end of a tracked emission.
pub(crate) struct TrackedEnd(Arc<End>);

struct Tracked {
    end: Arc<End>,
    /// The delivery that emitted, if another emission tracks that delivery. It ends after this emission.
    outer: Option<TrackedDelivery>,
}

#[derive(Default)]
struct End {
    is_over: AtomicBool,
    waiters: Waiters,
}

impl Drop for Tracked {
    fn drop(&mut self) {
        self.end.is_over.store(true, Ordering::Release);
        self.end.waiters.notify(usize::MAX);
        drop(self.outer.take());
    }
}

impl Tracker {
    /// Begins to track an emission, which the guard keeps from its end.
    pub(crate) fn start(outer: Option<TrackedDelivery>) -> (Self, TrackedDelivery, TrackedEnd) {
        let end = Arc::<End>::default();
        let tracked = Arc::new(Tracked {
            end: Arc::clone(&end),
            outer,
        });
        let tracker = Self(Arc::downgrade(&tracked));
        (tracker, TrackedDelivery(tracked), TrackedEnd(end))
    }

    /// Makes a guard; `None` after the end.
    pub(crate) fn track(&self) -> Option<TrackedDelivery> {
        self.0.upgrade().map(TrackedDelivery)
    }
}

impl TrackedEnd {
    fn is_over(&self) -> bool {
        self.0.is_over.load(Ordering::Acquire)
    }

    /// Waits for the end. Dropping the future is no problem.
    pub(crate) async fn wait(&self) {
        while !self.is_over() {
            let ended = self.0.waiters.listen();
            if !self.is_over() {
                ended.await;
            }
        }
    }

    /// [`wait`](Self::wait) for a thread.
    pub(crate) fn wait_blocking(&self) {
        while !self.is_over() {
            let ended = self.0.waiters.listen();
            if !self.is_over() {
                ended.wait();
            }
        }
    }
}
