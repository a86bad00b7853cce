//! The database, and its transactions.

use std::fmt;
use std::path::Path;

use event_core::{Report, dispatcher::DispatcherHandle, error::BoxError};
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ConnectOptions, ConnectionTrait, Database,
    DatabaseConnection, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel, ModelTrait,
    Schema, TransactionTrait, TryIntoModel,
};

use crate::{order, pending, user};

/// A SQLite file, and the dispatcher that is told what was committed to it.
pub struct Store {
    /// Not given out: all that is read or written passes through a transaction of this module.
    connection: DatabaseConnection,
    /// Weak, since handlers of the dispatcher may hold the store.
    dispatcher: DispatcherHandle,
}

/// What became of a transaction that was committed.
#[derive(Debug)]
pub struct Committed<T> {
    /// What the work answered.
    pub value: T,
    /// What became of the events. A failure here undoes nothing; it is logged, too.
    pub report: Report,
}

impl Store {
    /// Opens the file, and makes it and its tables where they are missing.
    ///
    /// # Errors
    ///
    /// What SQLite says.
    pub async fn open(file: &Path, dispatcher: DispatcherHandle) -> Result<Self, DbErr> {
        let file = file.to_owned();
        let mut options = ConnectOptions::new("sqlite:");
        // One connection, SeaORM's default for SQLite: transactions take turns.
        options
            .sqlx_logging(false)
            .map_sqlx_sqlite_opts(move |sqlite| sqlite.filename(&file).create_if_missing(true));
        let connection = Database::connect(options).await?;
        let schema = Schema::new(connection.get_database_backend());
        for mut table in [
            schema.create_table_from_entity(user::Entity),
            schema.create_table_from_entity(order::Entity),
        ] {
            connection.execute(table.if_not_exists()).await?;
        }
        Ok(Self {
            connection,
            dispatcher,
        })
    }

    /// Runs `work` in a transaction and commits it; then emits a [`PostSave`](crate::PostSave) for each
    /// save in it, in order. Inline and async handlers have ended when this returns. Those of two
    /// transactions that are committed one after the other may run side by side.
    ///
    /// # Errors
    ///
    /// What `work` or the database says, or that there is no dispatcher. The transaction is then rolled
    /// back, and nothing is emitted.
    ///
    /// # Cancellation
    ///
    /// Dropped while `work` runs, the transaction is rolled back; dropped after the commit, the
    /// handlers go on. Dropped while it commits, the rows may stand without their events, which are
    /// counted as rolled back. Whoever may be dropped, such as a request handler, spawns this as a task.
    pub async fn atomic<T>(
        &self,
        work: impl AsyncFnOnce(&DatabaseTransaction) -> Result<T, BoxError>,
    ) -> Result<Committed<T>, BoxError> {
        if pending::is_recording() {
            // It would wait for its own connection.
            return Err(
                "a transaction inside of a transaction; use `savepoint(tx, async |tx| …)`".into(),
            );
        }
        // Asked for before anything is written, and held until it is told.
        let dispatcher = self.dispatcher.get()?;
        let running = dispatcher.unit_of_work_async(async |mut unit| {
            // Both are rolled back by what returns early, panics or is dropped.
            let transaction = self.connection.begin().await?;
            let (worked, mut saved) = pending::recorded(work(&transaction)).await;
            unit.append(&mut saved);
            let value = worked?;
            transaction.commit().await?;
            let report = dispatcher.emit_async(unit.committed()).spawned().await;
            Ok(Committed { value, report })
        });
        running.await
    }

    /// Inserts or updates one row, in a transaction of its own.
    ///
    /// # Errors
    ///
    /// As [`atomic`](Self::atomic).
    pub async fn save<A, M>(&self, row: A) -> Result<Committed<M>, BoxError>
    where
        A: ActiveModelTrait + ActiveModelBehavior + TryIntoModel<M> + Send,
        A::Entity: EntityTrait<Model = M>,
        M: ModelTrait + IntoActiveModel<A>,
    {
        self.atomic(async |tx| Ok(row.save(tx).await?.try_into_model()?))
            .await
    }
}

/// Runs `work` as a part of a transaction that may be undone alone. What is saved in it is emitted with
/// the rest, if it stands. (Of a savepoint of SeaORM's own, `tx.begin()`, nobody here would hear that
/// it was undone.)
///
/// # Errors
///
/// What `work` or the database says, or that the transaction is not one of [`Store::atomic`]. This part
/// is then undone.
pub async fn savepoint<T>(
    transaction: &DatabaseTransaction,
    work: impl AsyncFnOnce(&DatabaseTransaction) -> Result<T, BoxError>,
) -> Result<T, BoxError> {
    if !pending::is_recording() {
        return Err("a savepoint outside of a transaction of `store.atomic(async |tx| …)`".into());
    }
    let nested = transaction.begin().await?;
    let (worked, saved) = pending::recorded(work(&nested)).await;
    let value = worked?; // dropped with an error, `nested` is undone, and `saved` with it
    nested.commit().await?;
    pending::pass_on(saved);
    Ok(value)
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}
