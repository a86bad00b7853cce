//! The clock of a dispatcher.

use std::time::SystemTime;

/// Tells the time of emissions. Set it with the builder's
/// [`clock`](crate::dispatcher::DispatcherBuilder::clock). A closure is a clock, too.
///
/// # Examples
///
/// ```standalone_crate
/// use std::time::{Duration, SystemTime};
/// use event_core::{Dispatcher, Event, Meta, handler};
///
/// #[derive(Event)]
/// struct BellRung;
///
/// #[handler]
/// fn note(_event: &BellRung, meta: Meta) {
///     assert_eq!(meta.time(), SystemTime::UNIX_EPOCH + Duration::from_secs(60));
/// }
///
/// let one_minute = || SystemTime::UNIX_EPOCH + Duration::from_secs(60);
/// let dispatcher = Dispatcher::builder().only(note).clock(one_minute).build()?;
/// assert_eq!(dispatcher.emit(BellRung).done(), 1);
/// # Ok::<(), event_core::error::BuildError>(())
/// ```
pub trait Clock: Send + Sync + 'static {
    /// Returns the current time.
    fn now(&self) -> SystemTime;
}

impl<F: Fn() -> SystemTime + Send + Sync + 'static> Clock for F {
    fn now(&self) -> SystemTime {
        self()
    }
}
