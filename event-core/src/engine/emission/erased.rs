//! TODO

use std::sync::Arc;

use crate::engine::deferred::event::ErasedDeferredEvent;
use crate::engine::emission::cascade::Cascade;
use crate::engine::emission::lineage::Lineage;
use crate::engine::state::DispatcherState;
use crate::event::any::AnyEvent;
use crate::event::info::EventInfo;

/// An event that waits for its turn, whatever its type.
pub(crate) trait ErasedEvent: Send + Sync {
    fn info(&self) -> &'static EventInfo;
    fn as_any_event(&self) -> &dyn AnyEvent;
    /// Hands the event to its handlers.
    fn emit(
        self: Box<Self>,
        inner: &Arc<DispatcherState>,
        root: &mut Cascade,
        origin: Lineage,
    ) -> ReturnedEvent;
    fn into_any(self: Box<Self>) -> Box<dyn AnyEvent>;
}

/// An event whose turn is over.
pub(crate) enum ReturnedEvent {
    Own(Box<dyn AnyEvent>),
    /// Deliveries that run later hold it, too.
    DeferredEvent(Arc<dyn ErasedDeferredEvent>),
    /// The same, without what it comes from: whoever keeps a report keeps no span open.
    Event(Arc<dyn AnyEvent>),
}

impl ReturnedEvent {
    pub(crate) fn event(&self) -> &dyn AnyEvent {
        match self {
            Self::Own(event) => &**event,
            Self::DeferredEvent(event) => event.as_any_event(),
            Self::Event(event) => &**event,
        }
    }
}
