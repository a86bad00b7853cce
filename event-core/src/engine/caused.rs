//! Emits an event that a handler caused or that code recorded, whatever its type.

use std::sync::Arc;

use crate::engine::emission::cascade::Cascade;
use crate::engine::emission::deferred_event::DeferredEvent;
use crate::engine::emission::deferred_event::ErasedDeferredEvent;
#[cfg(feature = "serde")]
use crate::engine::emission::erased::ArrivedEvent;
use crate::engine::emission::erased::ErasedEvent;
use crate::engine::emission::erased::Sharing;
use crate::engine::emission::lineage::Lineage;
use crate::engine::emit::deliver;
use crate::engine::emit::deliver_shared;
use crate::engine::state::DispatcherState;
use crate::event::Event;
use crate::report::returned::ReturnedEvent;

impl<E: Event> ErasedEvent for E {
    fn share(self: Box<Self>, with: Sharing) -> Arc<dyn ErasedDeferredEvent> {
        Arc::new(DeferredEvent::new(*self, with))
    }

    #[cfg(feature = "serde")]
    fn arrive(self: Box<Self>) -> Arc<dyn ArrivedEvent> {
        Arc::new(*self)
    }

    fn emit(
        self: Box<Self>,
        inner: &Arc<DispatcherState>,
        cascade: &mut Cascade,
        lineage: Lineage,
    ) -> ReturnedEvent {
        emit_caused(inner, self, cascade, lineage)
    }
}

/// Hands a caused event to its handlers.
fn emit_caused(
    inner: &Arc<DispatcherState>,
    event: Box<dyn ErasedEvent>,
    cascade: &mut Cascade,
    lineage: Lineage,
) -> ReturnedEvent {
    if let Some(entry) = inner.find(event.kind()) {
        if entry.shares_event() {
            let info = event.info();
            let share = |with| event.share(with);
            let shared = deliver_shared(inner, &entry, info, share, cascade, lineage);
            return match shared.share_event() {
                Some(event) => ReturnedEvent::Event(event),
                None => ReturnedEvent::Deferred(shared),
            };
        }
        deliver(inner, &entry, &*event, cascade, lineage);
    }
    ReturnedEvent::Own(event)
}
