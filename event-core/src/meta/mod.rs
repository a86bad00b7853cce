//! Who and when an event is: its identity, its time, and what it comes from.

pub(crate) mod clock;
pub(crate) mod parent;
#[cfg(feature = "serde")]
pub(crate) mod route;
pub(crate) mod source;
pub(crate) mod trace_parent;

use std::time::SystemTime;

use uuid::Uuid;

use crate::meta::parent::Identity;
#[cfg(feature = "serde")]
use crate::meta::route::Route;

pub use crate::meta::clock::Clock;
pub use crate::meta::trace_parent::{TraceParent, TraceParentError};

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

    /// Whether the event itself came from outside: it was [delivered](crate::Dispatcher::emit), and
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
