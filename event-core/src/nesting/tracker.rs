//! Tells when an emission and all that it causes have ended.
//!
//! Each delivery that is handed over has a [`TrackedDelivery`] until what it causes was emitted, and with that
//! handed over, too. So the first moment at which none is left is the end, and no delivery can be tracked after
//! it. The count is that of an `Arc`: a [`Tracker`], which lineages and reports keep, has a weak reference.

#[cfg(not(loom))]
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, Weak};
#[cfg(not(loom))]
use std::sync::{Mutex, MutexGuard};
use std::time::Instant;

use event_listener::{Event as Waiters, Listener as _};
#[cfg(loom)]
use loom::sync::atomic::{AtomicBool, Ordering};
#[cfg(loom)]
use loom::sync::{Mutex, MutexGuard};
use slab::Slab;

use crate::event::info::EventInfo;
use crate::handler_info::HandlerInfo;

#[cfg(all(test, loom))]
mod models;

/// A reference to what is tracked. It does not delay the end.
#[derive(Clone)]
pub(crate) struct Tracker(Weak<Tracked>);

/// A guard: what is tracked has not ended. It is one pointer, since each queued delivery has room for it.
pub(crate) struct TrackedDelivery(Arc<Tracked>);

/// The end of what is tracked.
pub(crate) struct TrackedEnd(Arc<End>);

/// What is tracked, or one delivery or spawned emission of it that is in a list.
struct Tracked {
    /// `None` for what is in a list.
    end: Option<Arc<End>>,
    deliveries: Option<Arc<DeliveryList>>,
    /// The delivery or the spawned emission in the list.
    listed: Option<usize>,
    /// The delivery that emitted, if another emission tracks that delivery. It ends after this emission. For what
    /// is in a list, what is tracked.
    outer: Option<TrackedDelivery>,
}

#[derive(Default)]
struct End {
    is_over: AtomicBool,
    waiters: Waiters,
}

/// The deliveries that were handed over, and the emissions that were spawned, and have not ended.
#[derive(Default)]
pub(crate) struct DeliveryList(Mutex<Slab<Listed>>);

/// A delivery: the event and the handler.
type ListedDelivery = (&'static EventInfo, HandlerInfo);

/// A delivery, or a spawned emission, which has no handler.
type Listed = (&'static EventInfo, Option<HandlerInfo>);

impl DeliveryList {
    fn lock(&self) -> MutexGuard<'_, Slab<Listed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn deliveries(&self) -> Vec<ListedDelivery> {
        let all = self.lock();
        let deliveries = all
            .iter()
            .filter_map(|(_, (event, handler))| Some((*event, (*handler)?)));
        deliveries.collect()
    }

    /// Returns the events of the spawned emissions.
    pub(crate) fn spawned(&self) -> Vec<&'static EventInfo> {
        let all = self.lock();
        let spawned = all.iter().filter(|(_, (_, handler))| handler.is_none());
        spawned.map(|(_, (event, _))| *event).collect()
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        if let (Some(at), Some(list)) = (self.listed, &self.deliveries) {
            list.lock().try_remove(at);
        }
        if let Some(end) = &self.end {
            end.is_over.store(true, Ordering::Release);
            end.waiters.notify(usize::MAX);
        }
        drop(self.outer.take());
    }
}

impl Tracker {
    /// Begins to track, which the guard keeps from its end. A tracker inside of one that lists its deliveries adds
    /// its own to that list.
    pub(crate) fn start(outer: Option<TrackedDelivery>) -> (Self, TrackedDelivery, TrackedEnd) {
        let list = outer.as_ref().and_then(|outer| outer.0.deliveries.clone());
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
            end: Some(Arc::clone(&end)),
            deliveries,
            listed: None,
            outer,
        });
        let weak = Self(Arc::downgrade(&tracked));
        (weak, TrackedDelivery(tracked), TrackedEnd(end))
    }

    /// Makes a guard; `None` after the end.
    pub(crate) fn track(&self) -> Option<TrackedDelivery> {
        self.0.upgrade().map(TrackedDelivery)
    }

    /// Makes the guard of a delivery; `None` after the end.
    pub(crate) fn track_delivery(
        &self,
        delivery: impl FnOnce() -> ListedDelivery,
    ) -> Option<TrackedDelivery> {
        self.list(|| {
            let (event, handler) = delivery();
            (event, Some(handler))
        })
    }

    /// Makes the guard of a spawned emission; `None` after the end.
    #[cfg(feature = "tokio")]
    pub(crate) fn track_emission(&self, event: &'static EventInfo) -> Option<TrackedDelivery> {
        self.list(|| (event, None))
    }

    fn list(&self, entry: impl FnOnce() -> Listed) -> Option<TrackedDelivery> {
        let guard = self.track()?;
        let Some(list) = guard.0.deliveries.clone() else {
            return Some(guard);
        };
        let listed = Some(list.lock().insert(entry()));
        Some(TrackedDelivery(Arc::new(Tracked {
            end: None,
            deliveries: Some(list),
            listed,
            outer: Some(guard),
        })))
    }

    /// Whether this tracker is `other`, or inside of it.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        if Weak::ptr_eq(&self.0, &other.0) {
            return true;
        }
        let tracked = self.0.upgrade();
        let outer = tracked.as_ref().and_then(|all| all.outer.as_ref());
        outer.is_some_and(|outer| {
            let outer = Self(Arc::downgrade(&outer.0));
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
