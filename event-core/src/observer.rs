//! Sees each emission and each delivery start and end. Tracing, metrics and test recorders
//! are observers and nothing else.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::dispatcher::inner::DispatcherState;
use crate::dispatcher::origin::Lineage;
use crate::dispatcher::replaying::NestingScope;
use crate::dispatcher::shared::ErasedDeferredEvent;
use crate::event::AnyEvent;
use crate::handler::HandlerInfo;
use crate::meta::Meta;
use crate::report::{Ended, Failure};
use crate::spans::Trace;
use crate::{log, panics};

/// Sees each emission and each delivery of a dispatcher start and end.
///
/// Give one to the builder with [`observe`](crate::DispatcherBuilder::observe), or to a
/// dispatcher at run time. The methods run where the delivery does, on the emitter's thread, a
/// queue's, or a task's, in the order in which observers were added; a panic in one is isolated,
/// logged, and counted in [`observer_panics`](crate::Dispatcher::observer_panics). What a method emits is
/// caused by the event that it is told about, is observed, too, and ends at the
/// [limit of causes](crate::DispatcherBuilder::depth_limit). An emission that
/// started before the first observer came is not seen, and neither are its deliveries.
///
/// For every delivery `delivery_ended` is called exactly once. One that never comes to run (skipped,
/// rejected, dropped, cancelled, abandoned) may end without having started. What a stream takes in is
/// no delivery to a handler: nothing is told of it but what the stream did not take. Failures that are about
/// no delivery, such as a limit that was crossed, are in reports and told to
/// [`on_failure`](crate::DispatcherBuilder::on_failure) alone. An `Arc` of an observer is
/// one, too, for those who want to ask it later.
///
/// # Examples
///
/// ```standalone_crate
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use event_core::observer::{DeliveryEnd, DeliverySeen, Observer};
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
///     fn delivery_ended(&self, _: &DeliverySeen<'_>, _: &DeliveryEnd<'_>) {
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
    fn emission_started(&self, emission: &EmissionSeen<'_>) {
        let _ = emission;
    }

    /// A handler is about to be called.
    fn delivery_started(&self, delivery: &DeliverySeen<'_>) {
        let _ = delivery;
    }

    /// A delivery ended.
    fn delivery_ended(&self, delivery: &DeliverySeen<'_>, end: &DeliveryEnd<'_>) {
        let _ = (delivery, end);
    }

    /// Every inline handler of the event has run, and the others were handed over; those that an
    /// `emit_async` runs itself may end after this. What they caused is emitted after this.
    fn emission_ended(&self, emission: &EmissionSeen<'_>) {
        let _ = emission;
    }
}

impl<T: Observer + ?Sized> Observer for Arc<T> {
    fn emission_started(&self, emission: &EmissionSeen<'_>) {
        (**self).emission_started(emission);
    }

    fn delivery_started(&self, delivery: &DeliverySeen<'_>) {
        (**self).delivery_started(delivery);
    }

    fn delivery_ended(&self, delivery: &DeliverySeen<'_>, end: &DeliveryEnd<'_>) {
        (**self).delivery_ended(delivery, end);
    }

    fn emission_ended(&self, emission: &EmissionSeen<'_>) {
        (**self).emission_ended(emission);
    }
}

/// One event on its way to its handlers, as observers see it.
#[derive(Clone, Copy)]
pub struct EmissionSeen<'e> {
    event: &'e dyn AnyEvent,
    meta: &'e Meta,
}

impl<'e> EmissionSeen<'e> {
    /// The event.
    #[must_use]
    pub fn event(&self) -> &'e dyn AnyEvent {
        self.event
    }

    /// How many causes lie between the event and the one that code outside of handlers
    /// emitted; 0 for that one.
    #[must_use]
    pub fn depth(&self) -> u32 {
        self.meta.depth()
    }

    /// The identity of the emission: its id, its time, and what it comes from.
    #[must_use]
    pub fn meta(&self) -> &'e Meta {
        self.meta
    }
}

/// One event for one handler, as observers see it.
#[derive(Clone, Copy)]
pub struct DeliverySeen<'e> {
    emission: EmissionSeen<'e>,
    handler: HandlerInfo,
}

impl<'e> DeliverySeen<'e> {
    /// The emission that the delivery belongs to.
    #[must_use]
    pub fn emission(&self) -> EmissionSeen<'e> {
        self.emission
    }

    /// The event.
    #[must_use]
    pub fn event(&self) -> &'e dyn AnyEvent {
        self.emission.event
    }

    /// The handler or subscription.
    #[must_use]
    pub fn handler(&self) -> HandlerInfo {
        self.handler
    }
}

/// How a delivery ended, as observers see it.
#[derive(Clone, Copy, Debug)]
pub struct DeliveryEnd<'e> {
    ended: Ended,
    failure: Option<&'e Failure>,
    took: Option<Duration>,
}

impl<'e> DeliveryEnd<'e> {
    /// How it ended.
    #[must_use]
    pub fn ended(&self) -> Ended {
        self.ended
    }

    /// The failure, if it is one.
    #[must_use]
    pub fn failure(&self) -> Option<&'e Failure> {
        self.failure
    }

    /// How long the handler ran, with what its parameters took, and with what an async one waited
    /// for; `None` if it never started.
    #[must_use]
    pub fn took(&self) -> Option<Duration> {
        self.took
    }
}

impl fmt::Debug for EmissionSeen<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmissionSeen")
            .field("event", &self.event)
            .field("meta", &self.meta)
            .finish()
    }
}

impl fmt::Debug for DeliverySeen<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeliverySeen")
            .field("event", &self.emission.event)
            .field("handler", &self.handler)
            .finish()
    }
}

/// The observers that an emission had when it started.
pub(crate) type Observers = Arc<Vec<Arc<dyn Observer>>>;

/// One emission and the observers it had when it started.
pub(crate) struct EmissionObservers<'e> {
    inner: &'e DispatcherState,
    observers: Observers,
    emission: EmissionSeen<'e>,
    stand: NestingScope,
    trace: &'e Trace,
}

/// A delivery that has started and not ended, as long as somebody observes it.
#[derive(Clone, Default)]
pub(crate) struct DeliveryTimer {
    since: Option<Instant>,
    pub(crate) trace: Trace,
}

impl DeliveryTimer {
    /// Whether observers were told that it started.
    pub(crate) fn is_known(&self) -> bool {
        self.since.is_some()
    }
}

impl<'e> EmissionObservers<'e> {
    /// Tells the observers, if there are any, that an emission started. One that began before the
    /// first of them came is not stamped, and not seen.
    pub(crate) fn new(
        inner: &'e DispatcherState,
        event: &'e dyn AnyEvent,
        origin: &'e Lineage,
    ) -> Option<Self> {
        let observed = Self::of(inner, event, origin)?;
        observed.emission_started();
        Some(observed)
    }

    /// The same, to go on with an emission that started before.
    pub(crate) fn later(
        inner: &'e DispatcherState,
        event: &'e dyn ErasedDeferredEvent,
    ) -> Option<Self> {
        Self::of(inner, event.as_any_event(), event.origin())
    }

    /// The same, with the observers that were told that it started.
    pub(crate) fn again(
        inner: &'e DispatcherState,
        event: &'e dyn ErasedDeferredEvent,
        observers: Observers,
    ) -> Option<Self> {
        Self::with(inner, event.as_any_event(), event.origin(), observers)
    }

    /// Whoever was told that the emission started, to be told later that it ended.
    pub(crate) fn into_observers(mut self) -> Observers {
        std::mem::take(&mut self.observers)
    }

    fn of(
        inner: &'e DispatcherState,
        event: &'e dyn AnyEvent,
        origin: &'e Lineage,
    ) -> Option<Self> {
        if !inner.is_observed() {
            return None;
        }
        Self::with(inner, event, origin, inner.observers.load_full())
    }

    fn with(
        inner: &'e DispatcherState,
        event: &'e dyn AnyEvent,
        origin: &'e Lineage,
        observers: Observers,
    ) -> Option<Self> {
        Some(Self {
            inner,
            observers,
            emission: EmissionSeen {
                event,
                meta: origin.stamp.as_ref()?,
            },
            stand: origin.stand(),
            trace: &origin.trace,
        })
    }

    fn emission_started(&self) {
        self.each(|observer| observer.emission_started(&self.emission));
    }

    pub(crate) fn emission_ended(&self) {
        self.each(|observer| observer.emission_ended(&self.emission));
    }

    pub(crate) fn delivery_started(&self, handler: HandlerInfo) -> DeliveryTimer {
        let emission = self.emission;
        let delivery = DeliverySeen { emission, handler };
        self.each(|observer| observer.delivery_started(&delivery));
        let info = emission.event.info();
        DeliveryTimer {
            trace: self.trace.delivery(info, emission.meta, handler),
            since: Some(Instant::now()),
        }
    }

    /// A delivery ended: one that was under way, or one that never started.
    pub(crate) fn ended(
        &self,
        handler: HandlerInfo,
        ended: Ended,
        failure: Option<&Failure>,
        under_way: &DeliveryTimer,
    ) {
        under_way.trace.ended(ended, failure.is_some());
        let delivery = DeliverySeen {
            emission: self.emission,
            handler,
        };
        let end = DeliveryEnd {
            ended,
            failure,
            took: under_way.since.map(|since| since.elapsed()),
        };
        self.each(|observer| observer.delivery_ended(&delivery, &end));
    }

    /// What observers emit is caused by the event that they are told about.
    fn each(&self, call: impl Fn(&dyn Observer)) {
        let cause = Some(self.emission.meta.parent());
        for observer in &*self.observers {
            let told = || panics::catch(|| call(&**observer));
            if let (Err(panic), _) = self.stand.descend(self.inner, cause, told) {
                self.inner.observer_panics.fetch_add(1, Ordering::Relaxed);
                log::observer_panicked(&panic);
            }
        }
    }
}

/// A guard: the observer is taken off when it is dropped. Outside of an emission, a panic in the
/// observer's own `Drop` goes on to whoever drops the guard.
#[must_use = "dropping the guard takes the observer off, and `let _ =` drops it at once: bind it to a name, or call `.detach()`"]
pub struct Observation {
    pub(crate) inner: std::sync::Weak<DispatcherState>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
}

impl Observation {
    /// Keeps the observer for as long as the dispatcher lives.
    pub fn detach(mut self) {
        self.observer = None;
    }
}

impl Drop for Observation {
    fn drop(&mut self) {
        let Some(observer) = self.observer.take() else {
            return;
        };
        panics::release(|| {
            if let Some(inner) = self.inner.upgrade() {
                inner.change_observers(|all| {
                    if let Some(at) = all.iter().position(|other| Arc::ptr_eq(other, &observer)) {
                        all.remove(at);
                    }
                });
            }
            panics::drop_caught(observer);
        });
    }
}

impl Drop for EmissionObservers<'_> {
    /// An observer that was taken off meanwhile may end here.
    fn drop(&mut self) {
        panics::drop_caught(std::mem::take(&mut self.observers));
    }
}

impl fmt::Debug for Observation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observation").finish_non_exhaustive()
    }
}
