//! Names a dispatcher, and sets what is told of its emissions and failures.

use std::sync::Arc;

use crate::dispatcher::builder::DispatcherBuilder;
use crate::observer::Observer;
use crate::report::failure::Failure;
#[cfg(feature = "tracing")]
use crate::spans::Spans;

impl DispatcherBuilder {
    /// Names the dispatcher, for programs that have several: the name is shown in its
    /// [failures](Failure::dispatcher), in the log, and in its `Debug`. With `event-telemetry` it is a
    /// label of each figure. Without a name, nothing is shown. Two dispatchers may have one name.
    ///
    /// # Examples
    ///
    /// ```
    /// use event_core::{Dispatcher, Event};
    ///
    /// #[derive(Event)]
    /// struct OrderPlaced;
    ///
    /// let dispatcher = Dispatcher::empty().name("orders").build()?;
    /// let failing = dispatcher.subscribe(|_: &OrderPlaced| Err::<(), _>("out of stock"));
    /// let report = dispatcher.emit(OrderPlaced);
    /// let failure = &report.failures()[0];
    /// assert_eq!(failure.dispatcher(), Some("orders"));
    /// assert!(failure.to_string().starts_with("in dispatcher `orders`: "));
    /// # drop(failing);
    /// # Ok::<(), event_core::error::BuildError>(())
    /// ```
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Adds an observer for as long as the dispatcher lives.
    pub fn observe(mut self, observer: impl Observer) -> Self {
        self.observers.push(Arc::new(observer));
        self
    }

    /// Makes a `tracing` span for each emission and each delivery; see [`spans`](crate::spans).
    ///
    /// # Examples
    ///
    /// ```standalone_crate
    /// use event_core::{Dispatcher, Event, handler};
    ///
    /// #[derive(Event)]
    /// struct BellRung;
    ///
    /// #[handler]
    /// fn open_door(_event: &BellRung) {
    ///     tracing::info!("it is open"); // inside of the delivery's span
    /// }
    ///
    /// let dispatcher = Dispatcher::builder().spans().build()?;
    /// assert_eq!(dispatcher.emit(BellRung).done(), 1);
    /// # Ok::<(), event_core::error::BuildError>(())
    /// ```
    #[cfg(feature = "tracing")]
    pub fn spans(mut self) -> Self {
        if !self.spans.are_on() {
            self.spans = Spans::On(None);
        }
        self
    }

    /// Makes spans, and lets their traces continue in other processes: the
    /// [`traceparent`](crate::Meta::traceparent) of an emission is that of its span, and an event that is
    /// [delivered](crate::Dispatcher::emit) from outside continues the trace of its envelope.
    #[cfg(feature = "tracing")]
    pub fn spans_with(mut self, propagator: impl crate::spans::propagator::Propagator) -> Self {
        self.spans = Spans::On(Some(Box::new(propagator)));
        self
    }

    /// Calls `hook` with each failure that is in no report: failures of queued and detached deliveries,
    /// and of emissions that were dropped. They are logged, too. Without the feature `tracing` the
    /// default logger writes a line to stderr.
    ///
    /// A failure has the [meta](Failure::meta) of its event and [shows](Failure::payload) its payload;
    /// with the feature `serde` it has the bytes of a dead letter, in `Failure::envelope`.
    ///
    /// An event that the hook emits on the thread that called it is caused by the failed event: it has
    /// that event's correlation, its id as causation, and is one deeper. So a chain of alerts whose
    /// deliveries fail ends at [`depth_limit`](Self::depth_limit); the hook is then called once more,
    /// with the failure that the next alert was not emitted. A spawned `emit_async` that the hook starts
    /// is caused by the event, too. Any other emission on another thread or task is a root, and has no
    /// such limit. A panic of the hook is ignored.
    pub fn on_failure(mut self, hook: impl Fn(&Failure) + Send + Sync + 'static) -> Self {
        self.on_failure = Some(Box::new(hook));
        self
    }
}
