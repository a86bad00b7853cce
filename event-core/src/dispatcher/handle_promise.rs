//! Gives a dispatcher to the handles that were made before it.

use std::sync::{Arc, OnceLock, Weak};

use crate::engine::state::DispatcherState;

/// A promise to set the dispatcher of its handles. If it is dropped before `keep`, the handles return
/// that there will be no dispatcher.
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
