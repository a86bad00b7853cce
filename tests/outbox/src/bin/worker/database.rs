//! What differs between the stores.

use event_core::dispatcher::DispatcherBuilder;
use event_outbox::store::{Postgres, Sqlite, Store};

use crate::handlers::{postgres, sqlite};

/// A connection of a store's database.
pub(crate) type Connection<S> = <<S as Store>::Database as sqlx::Database>::Connection;

/// A store, and how its tables are written.
pub(crate) trait Database: Store {
    /// Adds the handlers that are lent a transaction of this store.
    fn handlers(builder: DispatcherBuilder) -> DispatcherBuilder;

    /// Executes a statement with a number.
    fn execute(
        connection: &mut Connection<Self>,
        sql: &'static str,
        id: i64,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
}

impl Database for Sqlite {
    fn handlers(builder: DispatcherBuilder) -> DispatcherBuilder {
        builder.handler(sqlite::book).handler(sqlite::thank)
    }

    async fn execute(
        connection: &mut Connection<Self>,
        sql: &'static str,
        id: i64,
    ) -> Result<(), sqlx::Error> {
        let executed = sqlx::query(sql).bind(id).execute(connection).await;
        executed.map(|_| ())
    }
}

impl Database for Postgres {
    fn handlers(builder: DispatcherBuilder) -> DispatcherBuilder {
        builder.handler(postgres::book).handler(postgres::thank)
    }

    async fn execute(
        connection: &mut Connection<Self>,
        sql: &'static str,
        id: i64,
    ) -> Result<(), sqlx::Error> {
        let executed = sqlx::query(sql).bind(id).execute(connection).await;
        executed.map(|_| ())
    }
}
