//! The meta of an event: its identity, its time, and its causes.

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

/// The identity, time and causes of an emitted event: a handler's parameter.
///
/// All handlers of one emission see the same meta, and so do the events that it causes through queues and
/// tasks; only [`attempt`](Self::attempt) differs for each delivery. The meta is made when the event is
/// emitted, but only in a dispatcher that needs it: for a handler that takes it, an observer, or spans.
/// In any other dispatcher it is made when a [failure](crate::report::Failure::meta) needs it.
///
/// The meta of an event is equal in every program that the event reaches: the programs that forwarded it
/// are not compared.
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
    /// Returns the event's own id: a UUID of version 7, unless it came from outside with another one. The
    /// ids of one dispatcher grow with time.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Returns when the event was emitted, by the dispatcher's [`Clock`].
    #[must_use]
    pub fn time(&self) -> SystemTime {
        self.time
    }

    /// Returns the id of the root that the event descends from; its own id, if it is the root.
    #[must_use]
    pub fn correlation(&self) -> Uuid {
        self.correlation
    }

    /// Returns the id of the event whose handler caused this one; `None` for a root.
    #[must_use]
    pub fn causation(&self) -> Option<Uuid> {
        self.causation
    }

    /// Returns how many causes lie between the root and this event, in all programs that were involved; 0
    /// for the root.
    #[must_use]
    pub fn depth(&self) -> u32 {
        self.depth
    }

    /// Returns which attempt of the delivery this is: 1 for the first, and one more each time that the
    /// handler's `retry` has it tried again. A [redelivery](crate::report::Failure::redeliver) is a new
    /// delivery, which starts at 1. It is 1 if the meta belongs to no single delivery, as for an emission
    /// and for an event from outside.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Returns the event's position in a distributed trace.
    ///
    /// It is the emission's own position if the dispatcher makes spans with a
    /// [`Propagator`](crate::spans::Propagator). Otherwise it is that of the event from outside that this
    /// one descends from, passed on unchanged.
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
    /// Makes the meta of an event that came from outside.
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

    /// Whether the event itself came from outside: it was [delivered](crate::Dispatcher::emit), and not
    /// emitted here. An event that its handlers cause is emitted here.
    ///
    /// Code that sends events to other programs must check this, or it forwards events from outside, too.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        self.route.is_some()
    }

    /// Returns the CloudEvents `source` that wrote the event, if it came from outside.
    #[must_use]
    pub fn source(&self) -> Option<&str> {
        self.route.as_ref().map(Route::source)
    }

    /// Returns the sources of the programs that forwarded the event, in order, each once; none if it came
    /// from its [`source`](Self::source) directly, or was emitted here.
    pub fn forwarders(&self) -> impl Iterator<Item = &str> {
        self.route.iter().flat_map(Route::forwarders)
    }

    pub(crate) fn route(&self) -> Option<&Route> {
        self.route.as_ref()
    }

    pub(crate) fn with_route(self, route: Option<Route>) -> Self {
        Self { route, ..self }
    }

    /// Returns the depth of the event in an envelope that `own` writes. Forwarding it again counts as a
    /// step, so that a loop that is not detected as an echo ends at a limit.
    pub(crate) fn depth_outside(&self, own: &str) -> u32 {
        let route = self.route.as_ref();
        let is_repeated = route.is_some_and(|route| route.is_repeated_by(own));
        let depth = self.depth.saturating_add(u32::from(is_repeated));
        depth.min(i32::MAX.unsigned_abs())
    }

    /// Returns the meta of an echo that is accepted; its depth counts the step of forwarding it again.
    pub(crate) fn one_deeper(self) -> Self {
        Self {
            depth: self.depth.saturating_add(1),
            ..self
        }
    }
}

impl Meta {
    /// Returns the identity with the attempt of one delivery.
    pub(crate) fn with_attempt(self, attempt: u32) -> Self {
        Self { attempt, ..self }
    }

    /// Returns the part of the identity that the caused events inherit.
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
