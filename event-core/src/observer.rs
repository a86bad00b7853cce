//! Observers see each emission and each delivery start and end. Tracing, metrics and test recorders are
//! observers.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use crate::event::any::AnyEvent;
use crate::handler_info::HandlerInfo;
use crate::meta::Meta;
use crate::panics;
use crate::report::failure::Failure;
use crate::report::returned::HoldsEvent;
use crate::report::status::DeliveryStatus;

pub use crate::engine::observers::ObserverGuard;

/// Sees each emission and each delivery of a dispatcher start and end.
///
/// Add an observer to the builder with [`observe`](crate::dispatcher::DispatcherBuilder::observe), or to
/// a dispatcher at run time. Its methods run where the delivery runs, on the thread of the emitter or of
/// a queue or in a task, in the order in which observers were added. A panic in one of them is caught,
/// logged, and [counted](crate::Dispatcher::counts). An event that a method emits is caused by the event
/// that the method is told about, is observed, too, and ends at the [limit of
/// causes](crate::dispatcher::DispatcherBuilder::depth_limit). An emission that started before the first
/// observer was added is not seen, and neither are its deliveries.
///
/// `delivery_ended` is called exactly once for every delivery. A delivery that never runs (skipped,
/// rejected, dropped, cancelled, abandoned) may end without having started. An event that a stream takes
/// is no delivery to a handler: observers are only told of events that the stream did not take. Failures
/// that are about no delivery, such as an exceeded limit, are only in reports and passed to
/// [`on_failure`](crate::dispatcher::DispatcherBuilder::on_failure). An `Arc` of an observer is an
/// observer, too, so that a test can keep a clone.
///
/// # Examples
///
/// ```standalone_crate
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use event_core::observer::{DeliveryResult, DeliveryView, Observer};
/// use event_core::{Dispatcher, Event, handler};
///
/// #[derive(Event)]
/// struct BellRung;
///
/// #[handler]
/// fn open_door(_event: &BellRung) {}
///
/// #[derive(Default)]
/// struct Count(AtomicUsize);
///
/// impl Observer for Count {
///     fn delivery_ended(&self, _: &DeliveryView<'_>, _: &DeliveryResult<'_>) {
///         self.0.fetch_add(1, Ordering::Relaxed);
///     }
/// }
///
/// let count = std::sync::Arc::new(Count::default());
/// let dispatcher = Dispatcher::builder().only(open_door).observe(count.clone()).build()?;
/// dispatcher.emit(BellRung);
/// assert_eq!(count.0.load(Ordering::Relaxed), 1);
/// # Ok::<(), event_core::error::BuildError>(())
/// ```
pub trait Observer: Send + Sync + 'static {
    /// An event is about to be handed to its handlers.
    fn emission_started(&self, emission: &EmissionView<'_>) {
        let _ = emission;
    }

    /// A handler is about to be called, which happens once for each attempt.
    fn delivery_started(&self, delivery: &DeliveryView<'_>) {
        let _ = delivery;
    }

    /// An attempt of a delivery failed, and the handler's [`RetryPolicy`](crate::retry::RetryPolicy) has the
    /// delivery tried again. The next attempt starts with `delivery_started`.
    fn attempt_failed(&self, delivery: &DeliveryView<'_>, attempt: &AttemptResult<'_>) {
        let _ = (delivery, attempt);
    }

    /// A delivery ended.
    fn delivery_ended(&self, delivery: &DeliveryView<'_>, end: &DeliveryResult<'_>) {
        let _ = (delivery, end);
    }

    /// Whether the observer keeps events longer than its methods run. Each event is then held in an `Arc`, which
    /// [`EmissionView::shared`] returns. Asked when observers are added or removed.
    fn keeps_events(&self) -> bool {
        false
    }

    /// Every inline handler of the event has run, and the others were handed over; those that an
    /// `emit_async` runs itself may end after this. Events that they caused are emitted after this.
    fn emission_ended(&self, emission: &EmissionView<'_>) {
        let _ = emission;
    }
}

impl<T: Observer + ?Sized> Observer for Arc<T> {
    fn emission_started(&self, emission: &EmissionView<'_>) {
        (**self).emission_started(emission);
    }

    fn delivery_started(&self, delivery: &DeliveryView<'_>) {
        (**self).delivery_started(delivery);
    }

    fn attempt_failed(&self, delivery: &DeliveryView<'_>, attempt: &AttemptResult<'_>) {
        (**self).attempt_failed(delivery, attempt);
    }

    fn delivery_ended(&self, delivery: &DeliveryView<'_>, end: &DeliveryResult<'_>) {
        (**self).delivery_ended(delivery, end);
    }

    fn keeps_events(&self) -> bool {
        (**self).keeps_events()
    }

    fn emission_ended(&self, emission: &EmissionView<'_>) {
        (**self).emission_ended(emission);
    }
}

/// Whether one of the observers keeps events. A panic in its answer is caught, and counts as a no.
pub(crate) fn keep_events(observers: &[Arc<dyn Observer>]) -> bool {
    let keeps = |observer: &Arc<dyn Observer>| panics::catch(|| observer.keeps_events());
    observers
        .iter()
        .any(|observer| keeps(observer).unwrap_or(false))
}

/// One event and the run through its handlers, as observers see it.
#[derive(Clone, Copy)]
pub struct EmissionView<'e> {
    pub(crate) event: &'e dyn AnyEvent,
    pub(crate) meta: &'e Meta,
    /// The holder of an event that outlives its emission.
    pub(crate) holder: Option<&'e dyn HoldsEvent>,
    pub(crate) emitted_at: Option<&'static Location<'static>>,
    pub(crate) returned_by: Option<&'e HandlerInfo>,
}

impl<'e> EmissionView<'e> {
    /// Returns the event.
    #[must_use]
    pub fn event(&self) -> &'e dyn AnyEvent {
        self.event
    }

    /// Returns the event as an `Arc`, which can be kept, and downcast to an `Arc` of the event's type by way of
    /// `Arc<dyn Any + Send + Sync>`. It is `None` unless an observer of the dispatcher
    /// [keeps events](Observer::keeps_events), and for an emission that began before that observer was added.
    #[must_use]
    pub fn shared(&self) -> Option<Arc<dyn AnyEvent>> {
        self.holder.and_then(HoldsEvent::share_event)
    }

    /// Returns how many causes lie between the event and the root that code outside of handlers emitted;
    /// 0 for that root.
    #[must_use]
    pub fn depth(&self) -> u32 {
        self.meta.depth()
    }

    /// Returns the meta of the emission: its id, its time, and its causes.
    #[must_use]
    pub fn meta(&self) -> &'e Meta {
        self.meta
    }

    /// Returns the line of the code that emitted the event: of a call of `emit` or its like, of an
    /// [`Emitter`](crate::Emitter), of a [unit of work](crate::Dispatcher::unit_of_work), or of
    /// [`PendingEvents::record`](crate::PendingEvents::record). A function with `#[track_caller]` that
    /// emits gives the line of its caller.
    ///
    /// It is `None` for an event that a handler [returned](Self::returned_by), for deliveries of an
    /// outbox that were read from its store, and in another program: it is not part of an envelope.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::{Arc, Mutex};
    /// use event_core::observer::{EmissionView, Observer};
    /// use event_core::{Dispatcher, Event};
    ///
    /// #[derive(Event)]
    /// struct BellRung;
    ///
    /// #[derive(Default)]
    /// struct Lines(Mutex<Vec<u32>>);
    ///
    /// impl Observer for Lines {
    ///     fn emission_started(&self, emission: &EmissionView<'_>) {
    ///         let line = emission.emitted_at().map(|at| at.line());
    ///         self.0.lock().unwrap().extend(line);
    ///     }
    /// }
    ///
    /// let lines = Arc::new(Lines::default());
    /// let dispatcher = Dispatcher::empty().observe(lines.clone()).build()?;
    /// let (line, _) = (line!(), dispatcher.emit(BellRung));
    /// assert_eq!(*lines.0.lock().unwrap(), [line]);
    /// # Ok::<(), event_core::error::BuildError>(())
    /// ```
    #[must_use]
    pub fn emitted_at(&self) -> Option<&'static Location<'static>> {
        self.emitted_at
    }

    /// Returns the handler or the subscription that returned the event.
    #[must_use]
    pub fn returned_by(&self) -> Option<HandlerInfo> {
        self.returned_by.copied()
    }
}

/// One event for one handler, as observers see it.
#[derive(Clone, Copy)]
pub struct DeliveryView<'e> {
    pub(crate) emission: EmissionView<'e>,
    pub(crate) handler: HandlerInfo,
    pub(crate) attempt: u32,
}

impl<'e> DeliveryView<'e> {
    /// Returns the emission that the delivery belongs to.
    #[must_use]
    pub fn emission(&self) -> EmissionView<'e> {
        self.emission
    }

    /// Returns the event.
    #[must_use]
    pub fn event(&self) -> &'e dyn AnyEvent {
        self.emission.event
    }

    /// Returns the handler or subscription.
    #[must_use]
    pub fn handler(&self) -> HandlerInfo {
        self.handler
    }

    /// Returns which attempt of the delivery it is, from 1: the [`attempt`](Meta::attempt) that the handler
    /// sees.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }
}

/// How an attempt of a delivery failed that is tried again, as observers see it.
#[derive(Clone, Copy, Debug)]
pub struct AttemptResult<'e> {
    pub(crate) failure: &'e Failure,
    pub(crate) took: Option<Duration>,
    pub(crate) wait: Duration,
}

impl<'e> AttemptResult<'e> {
    /// Returns why the attempt failed. The failure is in no report, and `on_failure` is not told.
    #[must_use]
    pub fn failure(&self) -> &'e Failure {
        self.failure
    }

    /// Returns how long the handler ran, with its parameters, and with the waits of an async handler; `None`
    /// if it was not called.
    #[must_use]
    pub fn took(&self) -> Option<Duration> {
        self.took
    }

    /// Returns how long the delivery waits for its next attempt.
    #[must_use]
    pub fn wait(&self) -> Duration {
        self.wait
    }
}

/// How a delivery ended, as observers see it.
#[derive(Clone, Copy, Debug)]
pub struct DeliveryResult<'e> {
    pub(crate) ended: DeliveryStatus,
    pub(crate) failure: Option<&'e Failure>,
    pub(crate) took: Option<Duration>,
}

impl<'e> DeliveryResult<'e> {
    /// Returns how it ended.
    #[must_use]
    pub fn ended(&self) -> DeliveryStatus {
        self.ended
    }

    /// Returns the failure, if it is one.
    #[must_use]
    pub fn failure(&self) -> Option<&'e Failure> {
        self.failure
    }

    /// Returns how long the handler ran, with its parameters, and with the waits of an async handler;
    /// `None` if it never started.
    #[must_use]
    pub fn took(&self) -> Option<Duration> {
        self.took
    }
}

impl fmt::Debug for EmissionView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmissionView")
            .field("event", &self.event)
            .field("meta", &self.meta)
            .finish()
    }
}

impl fmt::Debug for DeliveryView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeliveryView")
            .field("event", &self.emission.event)
            .field("handler", &self.handler)
            .finish()
    }
}

/// The observers that an emission had when it started.
pub(crate) type Observers = Arc<Vec<Arc<dyn Observer>>>;
