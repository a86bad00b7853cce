//! Tells when an emission and all that it causes have ended.
//!
//! Each delivery that is handed over has a [`TrackedDelivery`] until what it causes was emitted, and with that
//! handed over, too. So the first moment at which none is left is the end, and no delivery can be tracked after
//! it. The count is that of an `Arc`: a [`Tracker`], which lineages and reports keep, has a weak reference.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

use event_listener::{Event as Waiters, Listener as _};
use slab::Slab;

use crate::event::info::EventInfo;
use crate::handler_info::HandlerInfo;

/// A reference to what is tracked. It does not delay the end.
#[derive(Clone)]
pub(crate) struct Tracker(Weak<Tracked>);

/// A guard: what is tracked has not ended.
pub(crate) struct TrackedDelivery {
    tracked: Arc<Tracked>,
    /// The delivery in the list of the tracker, if that has one.
    listed: Option<usize>,
}

/// The end of what is tracked.
pub(crate) struct TrackedEnd(Arc<End>);

struct Tracked {
    end: Arc<End>,
    deliveries: Option<Arc<DeliveryList>>,
    /// The delivery that emitted, if another emission tracks that delivery. It ends after this emission.
    outer: Option<TrackedDelivery>,
}

#[derive(Default)]
struct End {
    is_over: AtomicBool,
    waiters: Waiters,
}

/// The deliveries that were handed over and have not ended.
#[derive(Default)]
pub(crate) struct DeliveryList(Mutex<Slab<ListedDelivery>>);

/// A delivery: the event and the handler.
type ListedDelivery = (&'static EventInfo, HandlerInfo);

impl DeliveryList {
    fn lock(&self) -> MutexGuard<'_, Slab<ListedDelivery>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn to_vec(&self) -> Vec<ListedDelivery> {
        self.lock().iter().map(|(_, delivery)| *delivery).collect()
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        self.end.is_over.store(true, Ordering::Release);
        self.end.waiters.notify(usize::MAX);
        drop(self.outer.take());
    }
}

impl Drop for TrackedDelivery {
    fn drop(&mut self) {
        if let (Some(at), Some(list)) = (self.listed, &self.tracked.deliveries) {
            list.lock().try_remove(at);
        }
    }
}

impl Tracker {
    /// Begins to track, which the guard keeps from its end. A tracker inside of one that lists its deliveries adds
    /// its own to that list.
    pub(crate) fn start(outer: Option<TrackedDelivery>) -> (Self, TrackedDelivery, TrackedEnd) {
        let list = outer
            .as_ref()
            .and_then(|outer| outer.tracked.deliveries.clone());
        Self::with(outer, list)
    }

    /// Begins to track deliveries, which are in the list until they end.
    pub(crate) fn listing(list: &Arc<DeliveryList>) -> (Self, TrackedDelivery, TrackedEnd) {
        Self::with(None, Some(Arc::clone(list)))
    }

    fn with(
        outer: Option<TrackedDelivery>,
        deliveries: Option<Arc<DeliveryList>>,
    ) -> (Self, TrackedDelivery, TrackedEnd) {
        let end = Arc::<End>::default();
        let tracked = Arc::new(Tracked {
            end: Arc::clone(&end),
            deliveries,
            outer,
        });
        let weak = Self(Arc::downgrade(&tracked));
        let guard = TrackedDelivery {
            tracked,
            listed: None,
        };
        (weak, guard, TrackedEnd(end))
    }

    /// Makes a guard; `None` after the end.
    pub(crate) fn track(&self) -> Option<TrackedDelivery> {
        let tracked = self.0.upgrade()?;
        Some(TrackedDelivery {
            tracked,
            listed: None,
        })
    }

    /// Makes the guard of a delivery; `None` after the end.
    pub(crate) fn track_delivery(
        &self,
        delivery: impl FnOnce() -> ListedDelivery,
    ) -> Option<TrackedDelivery> {
        let mut guard = self.track()?;
        if let Some(list) = &guard.tracked.deliveries {
            guard.listed = Some(list.lock().insert(delivery()));
        }
        Some(guard)
    }

    /// Whether this tracker is `other`, or inside of it.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        if Weak::ptr_eq(&self.0, &other.0) {
            return true;
        }
        let tracked = self.0.upgrade();
        let outer = tracked.as_ref().and_then(|all| all.outer.as_ref());
        outer.is_some_and(|outer| {
            let outer = Self(Arc::downgrade(&outer.tracked));
            outer.is_within(other)
        })
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

    /// [`wait_blocking`](Self::wait_blocking) until a deadline. Returns whether the end came.
    pub(crate) fn wait_until(&self, deadline: Instant) -> bool {
        while !self.is_over() {
            let ended = self.0.waiters.listen();
            if !self.is_over() && ended.wait_deadline(deadline).is_none() {
                return self.is_over();
            }
        }
        true
    }
}
