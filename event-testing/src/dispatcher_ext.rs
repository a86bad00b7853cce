//! What tests call on a dispatcher.

use std::future::Future;
use std::panic::Location;

use event_core::Dispatcher;

use crate::recorder::Recorder;
use crate::tracker::Tracker;

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

    /// Runs an async closure, and returns its output when all that it caused has ended: inline and async handlers,
    /// queues, next attempts, and the events that these emit. See [`Tracker`] for what is waited for.
    ///
    /// So a test needs no sleep, and what was not emitted by then is not emitted.
    ///
    /// # Examples
    ///
    /// ```standalone_crate
    /// use event_core::queue::Queue;
    /// use event_core::{Dispatcher, Event, handler};
    /// use event_testing::{DispatcherExt as _, assert_emitted, assert_not_emitted};
    ///
    /// static MAIL: Queue = Queue::new("mail");
    ///
    /// #[derive(Event)]
    /// struct OrderPlaced { id: u64 }
    ///
    /// #[derive(Event)]
    /// struct ReceiptSent { order: u64 }
    ///
    /// #[derive(Event)]
    /// struct ReceiptLost;
    ///
    /// #[handler(queue = MAIL)]
    /// async fn send_receipt(event: &OrderPlaced) -> Result<ReceiptSent, &'static str> {
    ///     Ok(ReceiptSent { order: event.id })
    /// }
    ///
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let dispatcher = Dispatcher::builder().build()?;
    /// let rec = dispatcher.record();
    /// let report = dispatcher.track(async |d| d.emit(OrderPlaced { id: 42 })).await;
    /// assert_eq!(report.handed_over(), 1);
    /// assert_emitted!(rec, ReceiptSent { order: 42 });
    /// assert_not_emitted!(rec, ReceiptLost);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    ///
    /// Something has not ended within [5 seconds](crate#limits). The text names it. [`tracker`](Self::tracker) sets
    /// another limit, and returns an error instead.
    ///
    /// # Cancellation
    ///
    /// That of [`Tracker::run`].
    #[track_caller]
    fn track<R>(&self, code: impl AsyncFnOnce(&Dispatcher) -> R) -> impl Future<Output = R>;

    /// Runs a closure, and blocks the thread until all that it caused has ended: [`track`](Self::track) for a test that
    /// is not async. Tasks and queues run in the dispatcher's runtime.
    ///
    /// # Examples
    ///
    /// ```standalone_crate
    /// use std::sync::atomic::{AtomicU32, Ordering};
    /// use event_core::queue::Queue;
    /// use event_core::{Dispatcher, Event, handler};
    /// use event_testing::DispatcherExt as _;
    ///
    /// static DISK: Queue = Queue::new("disk");
    ///
    /// #[derive(Event)]
    /// struct OrderPlaced;
    ///
    /// #[handler(queue = DISK)]
    /// fn archive(_event: &OrderPlaced, archived: &AtomicU32) {
    ///     archived.fetch_add(1, Ordering::Relaxed);
    /// }
    ///
    /// let runtime = tokio::runtime::Runtime::new()?;
    /// let archived = std::sync::Arc::new(AtomicU32::new(0));
    /// let builder = Dispatcher::builder().provide_arc(archived.clone());
    /// let dispatcher = builder.runtime(runtime.handle().clone()).build()?;
    /// dispatcher.track_blocking(|d| d.emit(OrderPlaced));
    /// assert_eq!(archived.load(Ordering::Relaxed), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    ///
    /// Something has not ended within the limit; see [`Tracker::run_blocking`].
    #[track_caller]
    fn track_blocking<R>(&self, code: impl FnOnce(&Dispatcher) -> R) -> R;

    /// Returns a tracker, which sets another limit, and returns an error at its limit where
    /// [`track`](Self::track) panics.
    fn tracker(&self) -> Tracker<'_>;
}

impl DispatcherExt for Dispatcher {
    fn record(&self) -> Recorder {
        Recorder::new(self)
    }

    #[track_caller]
    fn track<R>(&self, code: impl AsyncFnOnce(&Dispatcher) -> R) -> impl Future<Output = R> {
        let at = Location::caller();
        async move {
            match self.tracker().run(code).await {
                Ok(output) => output,
                // The place of a panic in a future is not that of the caller.
                Err(error) => panic!("{at}: {error}"),
            }
        }
    }

    #[track_caller]
    fn track_blocking<R>(&self, code: impl FnOnce(&Dispatcher) -> R) -> R {
        match self.tracker().run_blocking(code) {
            Ok(output) => output,
            Err(error) => panic!("{error}"),
        }
    }

    fn tracker(&self) -> Tracker<'_> {
        Tracker::new(self)
    }
}

mod sealed {
    pub trait Sealed {}

    impl Sealed for event_core::Dispatcher {}
}
