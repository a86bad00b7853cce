//! An event that a handler returned, or gave to an emitter, as a report has it.

use std::sync::Arc;

use crate::event::any::AnyEvent;

/// What holds an event that is delivered later.
pub(crate) trait HoldsEvent: Send + Sync {
    fn as_any_event(&self) -> &dyn AnyEvent;
}

/// An event whose turn is over.
pub(crate) enum ReturnedEvent {
    Own(Box<dyn AnyEvent>),
    /// Deliveries that run later hold it, too.
    Deferred(Arc<dyn HoldsEvent>),
    /// The same, without what it comes from: whoever keeps a report keeps no span open.
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
