//! What a task has saved and not committed.
//!
//! The list belongs to the task and not to the thread: transactions that take turns on one thread do
//! not see each other's.

use std::cell::RefCell;
use std::fmt::Debug;

use event_core::PendingEvents;
use sea_orm::DbErr;
use tokio::task_local;

use crate::PostSave;

task_local! {
    static PENDING: RefCell<PendingEvents>;
}

/// Runs `work`; what it saved comes back beside what it answers.
pub(crate) async fn recorded<F: Future>(work: F) -> (F::Output, PendingEvents) {
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
pub(crate) fn expect_transaction(model: &str) -> Result<(), DbErr> {
    if is_recording() {
        Ok(())
    } else {
        Err(outside(model))
    }
}

/// Keeps that a model was saved, until the transaction around this ends.
pub(crate) fn record<M>(table: &str, model: M, created: bool) -> Result<(), DbErr>
where
    M: Debug + Send + Sync + 'static,
{
    let event = PostSave { model, created };
    PENDING
        .try_with(|pending| pending.borrow_mut().record(event))
        .map_err(|_| outside(table))
}

/// Hands what a savepoint saved to the transaction around it, which there is.
pub(crate) fn pass_on(mut pending: PendingEvents) {
    PENDING.with(|outer| outer.borrow_mut().append(&mut pending));
}

fn outside(table: &str) -> DbErr {
    DbErr::Custom(format!(
        "a row of `{table}` is saved outside of a transaction, so nobody would hear of it; use \
         `store.save(…)`, or `store.atomic(async |tx| …)` for more than one row"
    ))
}
