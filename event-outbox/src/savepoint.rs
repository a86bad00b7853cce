//! A part of a transaction that can be taken back alone.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use event_core::event::DurableEvent;
use sqlx::{Acquire as _, Transaction};
use uuid::Uuid;

use crate::emitted::Emitted;
use crate::error::OutboxError;
use crate::shared::Shared;
use crate::store::{Due, Store, StoreError};
use crate::tx::Connection;

/// A part of a transaction that can be taken back alone; see
/// [`Tx::savepoint`](crate::Tx::savepoint).
///
/// Dropped without [`release`](Self::release), it is rolled back to where it began, and its events are not emitted.
pub struct Savepoint<'t, S: Store> {
    transaction: Transaction<'t, S::Database>,
    events: Vec<Emitted>,
    outer: &'t mut Vec<Emitted>,
    shared: &'t Arc<Shared<S>>,
}

impl<'t, S: Store> Savepoint<'t, S> {
    /// Begins a savepoint of a transaction, whose events go to `outer` when it is released.
    pub(crate) async fn begin(
        transaction: &'t mut Transaction<'_, S::Database>,
        outer: &'t mut Vec<Emitted>,
        shared: &'t Arc<Shared<S>>,
    ) -> Result<Self, OutboxError> {
        let begun = transaction.begin().await;
        Ok(Self {
            transaction: begun.map_err(|error| StoreError::sql("begin a savepoint", error))?,
            events: Vec::new(),
            outer,
            shared,
        })
    }
}

impl<S: Store> Savepoint<'_, S> {
    /// Returns the connection that the statements of the savepoint are executed on.
    pub fn connection(&mut self) -> &mut Connection<S> {
        &mut self.transaction
    }

    /// Emits an event with the transaction, unless the savepoint is taken back. Returns the event's id.
    ///
    /// # Errors
    ///
    /// As [`Tx::emit`](crate::Tx::emit).
    #[track_caller]
    pub fn emit<E: DurableEvent>(&mut self, event: E) -> Result<Uuid, OutboxError> {
        let emitted = Emitted::of(self.shared, event, Due::Now, Location::caller())?;
        let id = emitted.event.meta().id();
        self.events.push(emitted);
        Ok(id)
    }

    /// Begins a savepoint inside of this one.
    ///
    /// # Errors
    ///
    /// The database refused.
    pub async fn savepoint(&mut self) -> Result<Savepoint<'_, S>, OutboxError> {
        Savepoint::begin(&mut self.transaction, &mut self.events, self.shared).await
    }

    /// Keeps what was written and emitted, for the transaction to commit.
    ///
    /// # Errors
    ///
    /// The database refused, and the savepoint is taken back.
    pub async fn release(mut self) -> Result<(), OutboxError> {
        let released = self.transaction.commit().await;
        released.map_err(|error| StoreError::sql("release the savepoint", error))?;
        self.outer.append(&mut self.events);
        Ok(())
    }

    /// Takes back what was written and emitted.
    ///
    /// # Errors
    ///
    /// The connection was lost; the database rolls the whole transaction back then.
    pub async fn rollback(self) -> Result<(), OutboxError> {
        let rolled_back = self.transaction.rollback().await;
        rolled_back.map_err(|error| StoreError::sql("roll back the savepoint", error).into())
    }
}

impl<S: Store> fmt::Debug for Savepoint<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Savepoint")
            .field("events", &self.events.len())
            .finish_non_exhaustive()
    }
}
