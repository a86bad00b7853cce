//! Whether a connection has a session of the server for itself.

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, Row as _, raw_sql};

use crate::store::error::While as _;
use crate::store::{StoreError, StoreErrorKind};

/// Refuses a pooler that gives a session to each transaction. The lock of an owner is the session's: there, whoever has
/// the session next can take it again, and takes an owner that lives for dead.
pub(super) async fn refuse_shared(
    connection: &mut PgConnection,
    options: &PgConnectOptions,
) -> Result<(), StoreError> {
    const ACTION: &str = "connect to the outbox";
    let before = session(connection).await.during(ACTION)?;
    // Such a pooler gives the session to this transaction, as it was used last, and another one to the connection.
    let mut other = options.connect().await.during(ACTION)?;
    raw_sql("BEGIN").execute(&mut other).await.during(ACTION)?;
    let of_other = session(&mut other).await.during(ACTION)?;
    let after = session(connection).await.during(ACTION)?;
    raw_sql("ROLLBACK")
        .execute(&mut other)
        .await
        .during(ACTION)?;
    other.close().await.during(ACTION)?;
    if before == after && before != of_other {
        return Ok(());
    }
    Err(StoreError::new(
        ACTION,
        StoreErrorKind::Misuse,
        "a pooler gives a session of PostgreSQL to each transaction, so that a process that lives can be taken for dead; \
         let the outbox connect to PostgreSQL itself, or to a pool with `pool_mode = session`",
    ))
}

/// The number of the server's process, asked without a prepared statement, which a pooler may not know.
async fn session(connection: &mut PgConnection) -> Result<i32, sqlx::Error> {
    let row = raw_sql("SELECT pg_backend_pid()")
        .fetch_one(connection)
        .await?;
    row.try_get(0)
}
