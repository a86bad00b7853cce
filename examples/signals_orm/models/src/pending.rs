//! What a task has saved and not committed.
//!
//! SeaORM's hooks get a connection, and not the unit of work, so they find the list in their task. (Not in the
//! thread: transactions that take turns on one thread do not see each other's.)

use std::cell::RefCell;
use std::fmt::Debug;

use event_core::{PendingEvents, event::DurableEvent};
use event_outbox::sqlite::{Outbox, Sqlite};
use event_outbox::{OutboxError, Uncommitted};
use sea_orm::entity::prelude::async_trait::async_trait;
use sea_orm::{DatabaseTransaction, DbErr};
use tokio::task_local;

use crate::PostSave;

task_local! {
    static PENDING: RefCell<Saved>;
}

/// What was saved.
#[derive(Default)]
pub(crate) struct Saved {
    /// For handlers in memory, after the commit.
    pub(crate) events: PendingEvents,
    /// To be stored before the commit.
    pub(crate) durable: Vec<Box<dyn Durable>>,
}

/// A durable event of any type.
#[async_trait]
pub(crate) trait Durable: Send {
    /// Stores the event in a transaction.
    async fn emit_in(
        self: Box<Self>,
        transaction: &DatabaseTransaction,
        outbox: &Outbox,
    ) -> Result<Uncommitted<Sqlite>, OutboxError>;
}

#[async_trait]
impl<E: DurableEvent> Durable for E {
    async fn emit_in(
        self: Box<Self>,
        transaction: &DatabaseTransaction,
        outbox: &Outbox,
    ) -> Result<Uncommitted<Sqlite>, OutboxError> {
        outbox.emit_in(transaction, *self).await
    }
}

/// Runs the code of a transaction or a savepoint, and returns what it saved beside what it returns.
pub(crate) async fn recorded<F: Future>(work: F) -> (F::Output, Saved) {
    let recording = async {
        let output = work.await;
        (output, PENDING.with(RefCell::take))
    };
    PENDING.scope(RefCell::default(), recording).await
}

/// Whether there is a transaction around this.
pub(crate) fn is_recording() -> bool {
    PENDING.try_with(|_| ()).is_ok()
}

/// Refuses a save that nobody could be told of. Asked before anything is written.
pub(crate) fn expect_transaction(table: &str) -> Result<(), DbErr> {
    if is_recording() {
        return Ok(());
    }
    Err(DbErr::Custom(format!(
        "a row of `{table}` is saved outside of a transaction, so nobody would hear of it; use \
         `store.save(…)`, or `store.atomic(async |tx| …)` for more than one row"
    )))
}

/// Keeps that a model was saved, until the transaction around this ends, which there is.
pub(crate) fn record<M: Debug + Send + Sync + 'static>(model: M, created: bool) {
    let event = PostSave { model, created };
    PENDING.with(|pending| pending.borrow_mut().events.record(event));
}

/// Keeps a durable event, as [`record`] does.
pub(crate) fn record_durable(event: impl DurableEvent) {
    PENDING.with(|pending| pending.borrow_mut().durable.push(Box::new(event)));
}

/// Hands what a savepoint saved to the transaction around it, which there is.
pub(crate) fn pass_on(mut saved: Saved) {
    PENDING.with(|outer| {
        let mut outer = outer.borrow_mut();
        outer.events.append(&mut saved.events);
        outer.durable.append(&mut saved.durable);
    });
}
