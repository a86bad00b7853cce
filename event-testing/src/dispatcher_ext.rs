//! What tests call on a dispatcher.

use event_core::Dispatcher;

use crate::recorder::Recorder;

/// What tests call on a [`Dispatcher`].
pub trait DispatcherExt: sealed::Sealed {
    /// Records the events that the dispatcher emits from now on, until the recorder is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use event_core::{Dispatcher, Event};
    /// use event_testing::{DispatcherExt as _, assert_emitted};
    ///
    /// #[derive(Event)]
    /// struct BellRung;
    ///
    /// let dispatcher = Dispatcher::empty().build()?;
    /// let rec = dispatcher.record();
    /// dispatcher.emit(BellRung);
    /// assert_emitted!(rec, BellRung);
    /// # Ok::<(), event_core::error::BuildError>(())
    /// ```
    #[must_use = "dropping the recorder ends the recording"]
    fn record(&self) -> Recorder;
}

impl DispatcherExt for Dispatcher {
    fn record(&self) -> Recorder {
        Recorder::new(self)
    }
}

mod sealed {
    pub trait Sealed {}

    impl Sealed for event_core::Dispatcher {}
}
