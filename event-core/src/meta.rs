//! Who and when an event is: its identity, its time, and what it comes from.

#[cfg(feature = "serde")]
pub(crate) mod route;
mod trace_parent;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use uuid::{ContextV7, Timestamp, Uuid};

#[cfg(feature = "serde")]
use self::route::Route;
use crate::dispatcher::origin::{Identity, Lineage, ParentEvent};
use crate::panics;
use crate::param::{Delivery, Param, Resolver};

pub use self::trace_parent::{TraceParent, TraceParentError};

/// The identity, time and descent of an emitted event: a handler's parameter.
///
/// All handlers of one emission see the same, and so does what it causes through queues and
/// tasks; [`attempt`](Self::attempt) alone is the delivery's own. It is made when the event is emitted,
/// and only in a dispatcher where somebody asks: a handler takes it, an observer watches, or it makes
/// spans. In any other it is made when a [failure](crate::report::Failure::meta) needs it.
///
/// That of an event is equal in every program which the event comes to: what it came through is not
/// compared.
///
/// # Examples
///
/// ```standalone_crate
/// use event_core::{Dispatcher, Event, Meta, handler};
///
/// #[derive(Event)]
/// struct OrderPlaced;
/// #[derive(Event)]
/// struct StockReserved;
///
/// #[handler]
/// fn reserve(_event: &OrderPlaced, meta: Meta) -> StockReserved {
///     assert_eq!(meta.causation(), None);
///     assert_eq!(meta.correlation(), meta.id());
///     StockReserved
/// }
///
/// #[handler]
/// fn tell(_event: &StockReserved, meta: Meta) {
///     assert_eq!(meta.causation(), Some(meta.correlation()));
///     assert_eq!(meta.depth(), 1);
/// }
///
/// let report = Dispatcher::builder().build()?.emit(OrderPlaced);
/// assert_eq!(report.done(), 2);
/// # Ok::<(), event_core::error::BuildError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Meta {
    id: Uuid,
    time: SystemTime,
    correlation: Uuid,
    causation: Option<Uuid>,
    depth: u32,
    attempt: u32,
    traceparent: Option<TraceParent>,
    #[cfg(feature = "serde")]
    route: Option<Route>,
}

impl Meta {
    /// The event's own id: a UUID of version 7, unless it came from outside with another. Those of
    /// one dispatcher grow with time.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// When the event was emitted, by the dispatcher's [`Clock`].
    #[must_use]
    pub fn time(&self) -> SystemTime {
        self.time
    }

    /// The id of the root that the event descends from; its own id, if it is the root.
    #[must_use]
    pub fn correlation(&self) -> Uuid {
        self.correlation
    }

    /// The id of the event whose handler caused this one; `None` for a root.
    #[must_use]
    pub fn causation(&self) -> Option<Uuid> {
        self.causation
    }

    /// How many causes lie between the root and this event, in all programs that they happened in; 0 for
    /// the root.
    #[must_use]
    pub fn depth(&self) -> u32 {
        self.depth
    }

    /// Which delivery of the event to the handler it is: 1 for the first, and one more each time that
    /// it is [redelivered](crate::report::Failure::redeliver). Where no single delivery is meant, as for
    /// an emission and for an event from outside, it is 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Where the event stands in a distributed trace.
    ///
    /// It is the emission's own position where the dispatcher makes spans with a
    /// [`Propagator`](crate::spans::Propagator). Elsewhere it is that of the event from outside that
    /// this one descends from, handed on as it came.
    #[must_use]
    pub fn traceparent(&self) -> Option<TraceParent> {
        self.traceparent
    }

    #[cfg(feature = "tracing")]
    pub(crate) fn set_traceparent(&mut self, position: TraceParent) {
        self.traceparent = Some(position);
    }
}

#[cfg(feature = "serde")]
impl Meta {
    /// Of an event that came from outside.
    pub(crate) fn of(
        id: Uuid,
        time: SystemTime,
        correlation: Uuid,
        causation: Option<Uuid>,
        depth: u32,
        traceparent: Option<TraceParent>,
    ) -> Self {
        Self {
            id,
            time,
            correlation,
            causation,
            depth,
            attempt: 1,
            traceparent,
            route: None,
        }
    }

    /// Whether the event itself came from outside: it was [delivered](crate::Dispatcher::deliver), and
    /// not emitted here. One that its handlers cause is emitted here.
    ///
    /// Who sends events to other programs forwards what came from outside, too, unless it asks this.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        self.route.is_some()
    }

    /// Who wrote the event, if it came from outside: its CloudEvents `source`.
    #[must_use]
    pub fn source(&self) -> Option<&str> {
        self.route.as_ref().map(Route::source)
    }

    /// The sources of the programs that forwarded the event, in order, each once; none if it came from
    /// its [`source`](Self::source) directly, or was emitted here.
    pub fn forwarders(&self) -> impl Iterator<Item = &str> {
        self.route.iter().flat_map(Route::forwarders)
    }

    pub(crate) fn route(&self) -> Option<&Route> {
        self.route.as_ref()
    }

    pub(crate) fn with_route(self, route: Option<Route>) -> Self {
        Self { route, ..self }
    }

    /// How deep the event is in an envelope that `own` writes. To forward it once more is a step of its
    /// own, so that a loop in which nobody minds that ends at a limit.
    pub(crate) fn depth_outside(&self, own: &str) -> u32 {
        let route = self.route.as_ref();
        let is_repeated = route.is_some_and(|route| route.is_repeated_by(own));
        let depth = self.depth.saturating_add(u32::from(is_repeated));
        depth.min(i32::MAX.unsigned_abs())
    }

    /// That of an echo which is let in; this is the step that forwarding it once more is.
    pub(crate) fn one_deeper(self) -> Self {
        Self {
            depth: self.depth.saturating_add(1),
            ..self
        }
    }
}

impl Meta {
    /// The identity as one delivery has it.
    pub(crate) fn with_attempt(self, attempt: u32) -> Self {
        Self { attempt, ..self }
    }

    /// What passes on to what the event causes.
    pub(crate) fn parent(&self) -> Identity {
        Identity {
            id: self.id,
            time: self.time,
            correlation: self.correlation,
            traceparent: self.traceparent,
        }
    }
}

impl PartialEq for Meta {
    fn eq(&self, other: &Self) -> bool {
        let all = |it: &Self| {
            (
                it.id,
                it.time,
                it.correlation,
                it.causation,
                it.depth,
                it.traceparent,
            )
        };
        all(self) == all(other)
    }
}

impl Eq for Meta {}

/// That a dispatcher stamps its emissions: what a parameter which shows a [`Meta`] resolves to.
#[derive(Clone, Copy, Debug)]
pub struct Stamped(());

impl Param for Meta {
    type State = Stamped;
    type Rejection = std::convert::Infallible;

    fn resolve(resolver: &mut Resolver<'_>) -> Option<Stamped> {
        resolver.stamps();
        Some(Stamped(()))
    }

    fn param(_: &Stamped, delivery: &Delivery<'_>) -> Result<Self, Self::Rejection> {
        Ok(delivery.emission().meta())
    }
}

/// Tells the time of emissions; give one to the builder with
/// [`clock`](crate::DispatcherBuilder::clock). A closure is one.
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
    /// The time now.
    fn now(&self) -> SystemTime;
}

impl<F: Fn() -> SystemTime + Send + Sync + 'static> Clock for F {
    fn now(&self) -> SystemTime {
        self()
    }
}

/// Makes the [`Meta`] of a dispatcher's emissions.
pub(crate) struct MetaSource {
    clock: Arc<dyn Clock>,
    /// Keeps ids of one millisecond in order.
    context: Mutex<ContextV7>,
}

impl MetaSource {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            context: Mutex::new(ContextV7::new()),
        }
    }

    /// The clock, for whoever drops it.
    pub(crate) fn take_clock(&mut self) -> Arc<dyn Clock> {
        std::mem::replace(&mut self.clock, Arc::new(SystemTime::now))
    }

    /// The identity of an event that comes from `origin`: that of `own`, as what it causes knows it, or
    /// a new one.
    pub(crate) fn stamp(&self, origin: &Lineage, own: Option<&ParentEvent>) -> Meta {
        // The parent's first, so that ids grow with the descent.
        let parent = origin.parent.as_ref().map(|parent| parent.stamp(self));
        let (id, time) = own.map_or_else(|| self.make(), |own| own.made(self));
        Meta {
            id,
            time,
            correlation: parent.map_or(id, |parent| parent.correlation),
            causation: parent.map(|parent| parent.id),
            depth: origin.depth,
            attempt: 1,
            traceparent: parent.and_then(|parent| parent.traceparent),
            #[cfg(feature = "serde")]
            route: None,
        }
    }

    /// A new id, and when it was made. The clock is the user's: if it panics, the system's stands in.
    pub(crate) fn make(&self) -> (Uuid, SystemTime) {
        let time = panics::catch(|| self.clock.now()).unwrap_or_else(|_| SystemTime::now());
        let since = time
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or(Duration::ZERO);
        let timestamp = {
            let context = self.context.lock().unwrap_or_else(PoisonError::into_inner);
            Timestamp::from_unix(&*context, since.as_secs(), since.subsec_nanos())
        };
        (Uuid::new_v7(timestamp), time)
    }
}
