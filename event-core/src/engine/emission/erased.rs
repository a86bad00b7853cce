//! An event whose type is not known.

use std::sync::Arc;

use crate::engine::emission::cascade::Cascade;
use crate::engine::emission::lineage::Lineage;
use crate::engine::state::DispatcherState;
use crate::event::any::AnyEvent;
use crate::event::info::EventInfo;
use crate::report::returned::ReturnedEvent;

/// An event that waits for its turn, whatever its type.
pub(crate) trait ErasedEvent: Send + Sync {
    fn info(&self) -> &'static EventInfo;
    fn as_any_event(&self) -> &dyn AnyEvent;
    /// Hands the event to its handlers.
    fn emit(
        self: Box<Self>,
        inner: &Arc<DispatcherState>,
        cascade: &mut Cascade,
        lineage: Lineage,
    ) -> ReturnedEvent;
    fn into_any(self: Box<Self>) -> Box<dyn AnyEvent>;
}
