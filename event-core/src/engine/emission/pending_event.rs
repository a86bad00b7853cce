//! An event that waits to be emitted, with the place of the code that gave it.

use std::panic::Location;

use crate::engine::emission::erased::ErasedEvent;

/// An event that code recorded, or gave to an emitter.
pub(crate) struct PendingEvent {
    pub(crate) event: Box<dyn ErasedEvent>,
    /// The call that recorded it; `None` if that is not known.
    pub(crate) emitted_at: Option<&'static Location<'static>>,
}
