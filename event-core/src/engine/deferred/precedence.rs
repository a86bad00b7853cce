//! Detached async handlers of one event of which some run `after` others.

use std::sync::Arc;

use crate::engine::deferred::hand_over;
use crate::engine::emission::deferred_event::ErasedDeferredEvent;
use crate::engine::plan::executor::Executor;
use crate::engine::state::DispatcherState;
use crate::flag::Flag;

/// The order among the handlers of one emission; `None` if no handler waits for another.
pub(crate) struct Precedence(Option<Arc<[Flag]>>);

/// One delivery of an emission with an order among its handlers. Its drop tells the others that the delivery
/// has ended, however it ended.
pub(crate) struct Completion {
    index: usize,
    /// Whether each delivery has ended, by the index of its handler.
    ended: Arc<[Flag]>,
}

impl Precedence {
    /// Makes the order for an event that is handed over. An emission that runs its async handlers itself
    /// (`is_structured`) keeps their order itself.
    pub(crate) fn new(
        inner: &DispatcherState,
        event: &dyn ErasedDeferredEvent,
        is_structured: bool,
    ) -> Self {
        let is_ordered = !is_structured && hand_over::is_ordered(inner, event);
        let flags = || {
            (0..event.deferred_count(inner))
                .map(|_| Flag::new())
                .collect()
        };
        Self(is_ordered.then(flags))
    }

    /// Returns the completion of the delivery to a handler. Call it for each handler, also where the delivery
    /// ends at once.
    pub(crate) fn completion(&self, index: usize) -> Option<Completion> {
        let ended = Arc::clone(self.0.as_ref()?);
        Some(Completion { index, ended })
    }
}

impl Completion {
    /// Waits until every delivery has ended that this delivery has to run after.
    pub(crate) async fn wait_for_others(
        &self,
        inner: &DispatcherState,
        event: &dyn ErasedDeferredEvent,
    ) {
        let index = u32::try_from(self.index).unwrap_or(u32::MAX);
        if let Executor::Task(executor) = event.executor(inner, index) {
            for before in &executor.after {
                self.ended[*before].wait().await;
            }
        }
    }
}

impl Drop for Completion {
    fn drop(&mut self) {
        self.ended[self.index].set();
    }
}
