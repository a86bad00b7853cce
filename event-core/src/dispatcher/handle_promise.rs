//! What handles wait for that were made before their dispatcher.

use std::sync::{Arc, OnceLock, Weak};

use crate::engine::state::DispatcherState;

/// What handles of the dispatcher wait for. Dropped without being kept, they learn that it
/// will never be built.
#[derive(Default)]
pub(crate) struct HandlePromise(pub(crate) Arc<OnceLock<Weak<DispatcherState>>>);

impl HandlePromise {
    pub(crate) fn keep(&self, inner: &Arc<DispatcherState>) {
        let _ = self.0.set(Arc::downgrade(inner));
    }
}

impl Drop for HandlePromise {
    fn drop(&mut self) {
        let _ = self.0.set(Weak::new());
    }
}
