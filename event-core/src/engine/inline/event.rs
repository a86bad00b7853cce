//! Calls an event's inline handlers, which alone need its type.

use std::sync::Arc;

use crate::engine::emission::Emission;
use crate::engine::emission::cascade_state::LazyState;
use crate::engine::emission::erased::InlineEvent;
use crate::engine::emission::lineage::Lineage;
use crate::engine::inline::call::call_some;
use crate::engine::inline::observed::run_subscribed;
use crate::engine::plan::handlers::{EventKind, EventType, TableEntry};
use crate::engine::state::DispatcherState;
use crate::event::Event;

impl<E: Event> InlineEvent for E {
    fn kind(&self) -> EventKind {
        EventType::<E>::KIND
    }

    fn run_subscribed(
        &self,
        inner: &Arc<DispatcherState>,
        entry: &TableEntry,
        state: &LazyState,
        lineage: &Lineage,
    ) -> usize {
        run_subscribed(inner, entry, self, state, lineage)
    }

    fn call_handler(&self, entry: &TableEntry, index: usize, emission: &Emission<'_>) {
        entry.handlers::<E>()[index].call(self, emission);
    }

    fn call_remaining(&self, entry: &TableEntry, emission: &Emission<'_>) {
        let handlers = &entry.handlers::<E>()[emission.position()..];
        call_some(handlers, self, emission);
    }
}
