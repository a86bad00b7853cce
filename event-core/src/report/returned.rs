//! An event that a handler returned, or gave to an emitter, as a report keeps it.

use std::sync::Arc;

use crate::event::any::AnyEvent;

/// Holds an event that is delivered later.
pub(crate) trait HoldsEvent: Send + Sync {
    fn as_any_event(&self) -> &dyn AnyEvent;
    /// Returns the event as an `Arc<dyn AnyEvent>`, if it is held as an `Arc<E>`.
    fn share_event(&self) -> Option<Arc<dyn AnyEvent>>;
}

/// An event after its emission.
pub(crate) enum ReturnedEvent {
    Own(Box<dyn AnyEvent>),
    /// Deliveries that run later hold the event, too.
    Deferred(Arc<dyn HoldsEvent>),
    /// The event is shared without its lineage, so that a report that is kept keeps no span open.
    Event(Arc<dyn AnyEvent>),
}

impl ReturnedEvent {
    pub(crate) fn event(&self) -> &dyn AnyEvent {
        match self {
            Self::Own(event) => &**event,
            Self::Deferred(event) => event.as_any_event(),
            Self::Event(event) => &**event,
        }
    }
}
