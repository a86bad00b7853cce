//! Tracks all that code on a thread emits, for a testing kit.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::event::info::EventInfo;
use crate::handler_info::HandlerInfo;
use crate::nesting::scope;
use crate::nesting::tracker::{DeliveryList, TrackedDelivery, TrackedEnd, Tracker};

/// The deliveries of all that some code emits, and of all that these cause, until they have ended.
#[allow(
    missing_debug_implementations,
    reason = "private to the crates of the framework"
)]
pub struct Session {
    tracker: Tracker,
    /// Kept while more code may run inside.
    open: Mutex<Option<TrackedDelivery>>,
    end: TrackedEnd,
    deliveries: Arc<DeliveryList>,
}

impl Session {
    /// Begins a session, inside of which no code has run.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "a session is begun, and closed")]
    pub fn begin() -> Self {
        let deliveries = Arc::<DeliveryList>::default();
        let (tracker, open, end) = Tracker::listing(&deliveries);
        Self {
            tracker,
            open: Mutex::new(Some(open)),
            end,
            deliveries,
        }
    }

    /// Runs code: what it emits on this thread belongs to the session, at every dispatcher. An async block is
    /// polled inside.
    pub fn inside<R>(&self, code: impl FnOnce() -> R) -> R {
        let _tracking = scope::track(&self.tracker);
        code()
    }

    /// Ends the time at which code may run inside.
    pub fn close(&self) {
        let open = self.open.lock();
        let open = open.unwrap_or_else(PoisonError::into_inner).take();
        drop(open);
    }

    /// Waits until the session is closed and all of its deliveries have ended.
    pub fn ended(&self) -> impl Future<Output = ()> + Send + '_ {
        self.end.wait()
    }

    /// Blocks the thread until the session is closed and all of its deliveries have ended, or until the deadline.
    /// Returns whether they have.
    #[must_use]
    pub fn wait_until(&self, deadline: Instant) -> bool {
        self.end.wait_until(deadline)
    }

    /// Whether the code that runs on this thread, such as an observer that is told of an emission, runs inside of
    /// the session or of what the session caused.
    #[must_use]
    pub fn is_current(&self) -> bool {
        scope::tracker().is_some_and(|current| current.is_within(&self.tracker))
    }

    /// Returns the deliveries that were handed over and have not ended. The async handlers of an `emit_async` are
    /// not handed over: they run in its future.
    #[must_use]
    pub fn pending(&self) -> Vec<(&'static EventInfo, HandlerInfo)> {
        self.deliveries.deliveries()
    }

    /// Returns the events of the emissions that were spawned and have not ended.
    #[must_use]
    pub fn spawned(&self) -> Vec<&'static EventInfo> {
        self.deliveries.spawned()
    }
}
