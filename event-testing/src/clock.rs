//! A clock that a test moves.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use event_core::meta::Clock;

/// A [`Clock`] that moves only when the test moves it: for the time of events, in a dispatcher's
/// [`Meta`](event_core::Meta). Clones share the time.
///
/// Timeouts and the waits of retries use the clock of the runtime, which `tokio::time::pause` pauses.
///
/// # Examples
///
/// ```standalone_crate
/// use std::time::{Duration, SystemTime};
/// use event_core::{Dispatcher, Event};
/// use event_testing::{DispatcherExt as _, ManualClock, assert_emitted};
///
/// #[derive(Event)]
/// struct BellRung;
///
/// let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
/// let dispatcher = Dispatcher::builder().clock(clock.clone()).build()?;
/// let rec = dispatcher.record();
/// clock.advance(Duration::from_secs(60));
/// dispatcher.emit(BellRung);
/// let rung = assert_emitted!(rec, BellRung);
/// assert_eq!(rung.meta().time(), SystemTime::UNIX_EPOCH + Duration::from_secs(60));
/// # Ok::<(), event_core::error::BuildError>(())
/// ```
#[derive(Clone)]
pub struct ManualClock(Arc<Mutex<SystemTime>>);

impl ManualClock {
    /// Makes a clock that shows a time.
    #[must_use]
    pub fn new(now: SystemTime) -> Self {
        Self(Arc::new(Mutex::new(now)))
    }

    /// Moves the clock forward.
    ///
    /// # Panics
    ///
    /// The system cannot represent the time.
    pub fn advance(&self, by: Duration) {
        *self.lock() += by;
    }

    /// Sets the clock, also to an earlier time.
    pub fn set(&self, now: SystemTime) {
        *self.lock() = now;
    }

    fn lock(&self) -> MutexGuard<'_, SystemTime> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> SystemTime {
        *self.lock()
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ManualClock").field(&self.now()).finish()
    }
}
