//! The database, its outbox, and its transactions.

use std::fmt;
use std::path::Path;

use event_core::{Report, dispatcher::DispatcherHandle, error::BoxError};
use event_outbox::sqlite::Outbox;
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ConnectOptions, ConnectionTrait, Database,
    DatabaseConnection, DatabaseTransaction, EntityTrait, IntoActiveModel, ModelTrait, Schema,
    SqliteTransactionMode, TransactionOptions, TransactionTrait, TryIntoModel,
};

use crate::{order, pending, user};

/// A SQLite file, and the dispatcher that is told what was committed to it.
pub struct Store {
    /// Not given out: all that is read or written passes through a transaction of this module.
    connection: DatabaseConnection,
    /// In the same file.
    outbox: Outbox,
    /// Weak, since handlers of the dispatcher may hold the store.
    dispatcher: DispatcherHandle,
}

/// What became of a transaction that was committed.
#[derive(Debug)]
pub struct Committed<T> {
    /// What the work answered.
    pub value: T,
    /// What handlers in memory made of the saves. A failure here undoes nothing; it is logged, too.
    pub report: Report,
}

impl Store {
    /// Opens the file, and makes it and its tables where they are missing. The dispatcher is built with the
    /// [`outbox`](Self::outbox) then.
    ///
    /// # Errors
    ///
    /// What SQLite says.
    pub async fn open(file: &Path, dispatcher: DispatcherHandle) -> Result<Self, BoxError> {
        let outbox = Outbox::open(file).await?;
        let file = file.to_owned();
        let mut options = ConnectOptions::new("sqlite:");
        // One connection, SeaORM's default for SQLite: transactions take turns.
        options
            .sqlx_logging(false)
            .map_sqlx_sqlite_opts(move |sqlite| sqlite.filename(&file));
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
            outbox,
            dispatcher,
        })
    }

    /// Returns the outbox.
    #[must_use]
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Runs `work` in a transaction, stores its durable events in it, and commits it; then emits a
    /// [`PostSave`](crate::PostSave) for each save in it, in order. Inline and async handlers have ended when this
    /// returns; durable ones run in the background. Handlers of two transactions that are committed one after the
    /// other may run side by side.
    ///
    /// # Errors
    ///
    /// What `work` or the database says, or that there is no dispatcher, or one without this outbox. The
    /// transaction is then rolled back, and nothing is emitted.
    ///
    /// # Cancellation
    ///
    /// Dropped while `work` runs, the transaction is rolled back; dropped after the commit, the
    /// handlers go on. Dropped while it commits, the rows may stand without a `PostSave`, which is
    /// counted as rolled back; the durable events stand with the rows. Whoever may be dropped, such as a request
    /// handler, spawns this as a task.
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
            let transaction = self.connection.begin_with_options(writing()).await?;
            let (worked, mut saved) = pending::recorded(work(&transaction)).await;
            unit.append(&mut saved.events);
            let value = worked?;
            let mut stored = Vec::new();
            for event in saved.durable {
                stored.push(event.emit_in(&transaction, &self.outbox).await?);
            }
            transaction.commit().await?;
            for event in stored {
                event.committed()?; // durable handlers run now; without it, at the next poll
            }
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

/// A transaction that waits for its turn to write when it begins: the outbox writes to the file, too.
fn writing() -> TransactionOptions {
    TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..Default::default()
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
