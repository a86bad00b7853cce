//! Transactions that the program began itself.

use std::future::Future;

use sqlx::{Database, Transaction};

use crate::store::{NewDelivery, Store, StoreError};

/// A transaction that the program began, and in which [`Outbox::emit_in`](crate::Outbox::emit_in) emits: a
/// `&mut sqlx::Transaction`, or, with the feature `sea-orm`, a `&sea_orm::DatabaseTransaction`.
#[diagnostic::on_unimplemented(
    message = "an outbox on `{S}` cannot emit in a `{Self}`",
    label = "not a transaction that the outbox knows",
    note = "give `&mut transaction` of sqlx, or, with the feature `sea-orm`, `&transaction` of SeaORM"
)]
pub trait CallerTransaction<S: Store>: Send {
    /// Inserts deliveries, which nobody has leased, and which are there if the transaction is committed.
    ///
    /// # Errors
    ///
    /// The database refused, or the transaction is of another one.
    fn insert(
        self,
        store: &S,
        deliveries: &[NewDelivery],
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

impl<S: Store> CallerTransaction<S> for &mut Transaction<'_, S::Database> {
    async fn insert(self, store: &S, deliveries: &[NewDelivery]) -> Result<(), StoreError> {
        let connection: &mut <S::Database as Database>::Connection = self;
        store.insert_in(connection, None, deliveries).await?;
        Ok(())
    }
}
