//! Counts and lists what a dispatcher has.

use crate::engine::plan::handlers::{EventKind, TableEntry};
use crate::engine::state::DispatcherState;

impl DispatcherState {
    /// Returns the kinds of the events that the dispatcher knows, in no particular
    /// order; without older versions, which are never emitted.
    pub(crate) fn event_kinds(&self) -> Vec<EventKind> {
        let built = self.table.iter().flatten().chain(self.generic.values());
        let mut kinds: Vec<_> = built.map(TableEntry::kind).collect();
        kinds.extend(self.late.load().values().map(|entry| entry.kind()));
        kinds.retain(|kind| !kind.info().is_superseded());
        kinds
    }

    /// Returns the number of handlers, each catch-all counted once.
    pub(crate) fn count_handlers(&self) -> usize {
        self.handlers
    }

    /// Returns the number of subscriptions that have not ended.
    pub(crate) fn count_subscriptions(&self) -> usize {
        let built = self.table.iter().flatten().chain(self.generic.values());
        let built: usize = built.map(TableEntry::count_subscriptions).sum();
        let late = self.late.load();
        let late = late.values().map(|entry| entry.count_subscriptions());
        built + late.sum::<usize>()
    }
}
