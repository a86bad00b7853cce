//! Counts the owners of a dispatcher.

use std::ops::Deref;
use std::sync::{Arc, Weak};

use crate::engine::state::DispatcherState;

/// One of the owners of a dispatcher.
///
/// When the last owner is dropped, the queues close: deliveries that wait in them still run, while their
/// runtime lives, and their number is logged. A shutdown waits for them.
pub(crate) struct DispatcherOwner(Arc<DispatcherState>);

impl DispatcherOwner {
    pub(crate) fn new(state: Arc<DispatcherState>) -> Self {
        state.closing.join();
        Self(state)
    }

    /// Makes one more owner; `None` if the last one is gone.
    pub(crate) fn of(state: &Weak<DispatcherState>) -> Option<Self> {
        let state = state.upgrade()?;
        // Made only if it was counted, since dropping it decrements the count.
        state.closing.join_others().then(|| Self(state))
    }
}

impl Deref for DispatcherOwner {
    type Target = Arc<DispatcherState>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Clone for DispatcherOwner {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.0))
    }
}

impl Drop for DispatcherOwner {
    fn drop(&mut self) {
        if self.0.closing.leave() {
            self.0.on_last_owner_dropped();
        }
    }
}
