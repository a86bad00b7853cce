//! An event in a transaction that the caller has still to commit.

use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

use crate::emitted::Emitted;
use crate::error::OutboxError;
use crate::shared::Shared;
use crate::store::Store;
use crate::waiting::Storing;

/// An event that was stored in a transaction of the caller, which has still to commit.
#[must_use = "call `committed()` after the commit, or drop it after a rollback"]
pub struct Uncommitted<S: Store> {
    pub(crate) emitted: Emitted,
    pub(crate) storing: Storing,
    pub(crate) shared: Arc<Shared<S>>,
}

impl<S: Store> Uncommitted<S> {
    /// Returns the event's id.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.emitted.event.meta().id()
    }

    /// Calls the handlers that are not durable, and lets the durable ones run. For after the commit.
    ///
    /// # Errors
    ///
    /// The dispatcher is gone. The durable handlers run all the same, when a process has one.
    pub fn committed(self) -> Result<event_core::Report, OutboxError> {
        self.storing.committed();
        self.shared.announce();
        let dispatcher = self.shared.dispatcher()?;
        Ok(self.emitted.event.emit_committed(&dispatcher))
    }
}

impl<S: Store> fmt::Debug for Uncommitted<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Uncommitted")
            .field("id", &self.id())
            .finish()
    }
}
