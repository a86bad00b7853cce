//! The events that a handler gave to its emitter.

use std::sync::{Mutex, PoisonError, Weak};

use crate::engine::emission::lineage::Lineage;
use crate::engine::emission::pending_event::PendingEvent;
use crate::engine::state::DispatcherState;
use crate::event::info::EventInfo;
use crate::handler_info::HandlerInfo;
use crate::spans::Trace;

/// What an emission takes from an emitter.
#[derive(Default)]
pub(crate) struct DrainedEmits {
    pub(crate) events: Vec<PendingEvent>,
    /// The span of the delivery. An emitter that outlives the delivery does not keep the span open.
    pub(crate) trace: Trace,
}

/// The events that an emitter was given and that its emission has not taken yet.
pub(crate) struct EmitterBuffer {
    /// The handler that was given the emitter.
    pub(crate) handler: HandlerInfo,
    /// `None` once the emission took the events; later ones are emitted by the dispatcher.
    open: Mutex<Option<DrainedEmits>>,
    pub(crate) dispatcher: Weak<DispatcherState>,
    /// Whether the handler's event is replayed.
    pub(crate) replays: bool,
}

impl EmitterBuffer {
    /// Makes the buffer of a handler whose event has `lineage`, and whose delivery has the span `trace`.
    pub(crate) fn new(
        handler: HandlerInfo,
        dispatcher: Weak<DispatcherState>,
        lineage: &Lineage,
        trace: Trace,
    ) -> Self {
        Self {
            handler,
            open: Mutex::new(Some(DrainedEmits {
                events: Vec::new(),
                trace,
            })),
            dispatcher,
            replays: lineage.replays,
        }
    }

    /// Whether an event that the emitter was given is in the journal that is replayed.
    pub(crate) fn discards(&self, event: &EventInfo) -> bool {
        self.replays && event.is_wire()
    }

    /// Keeps an event for the emission.
    ///
    /// # Errors
    ///
    /// The event itself, if the emission has already taken the events.
    pub(crate) fn push(&self, event: PendingEvent) -> Result<(), PendingEvent> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *open {
            Some(taken) => {
                taken.events.push(event);
                Ok(())
            }
            None => Err(event),
        }
    }

    /// Takes the events so far; from here on the emitter emits roots.
    pub(crate) fn close(&self) -> DrainedEmits {
        self.open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
            .unwrap_or_default()
    }
}
