//! The file that the database is in: whose it is, and how it is opened.

use std::path::{Path, PathBuf};

use event_outbox::{OutboxError, Settings, sqlite::Outbox, store::Sqlite};
use sqlx::{
    ConnectOptions as _, Connection as _, SqliteConnection, error::DatabaseError,
    sqlite::SqliteConnectOptions,
};

use crate::tables::TABLES;

/// SQLite's `application_id` of the shop: what other programs leave at 0, or set to their own.
const SHOP: i32 = i32::from_be_bytes(*b"shop");

/// SQLite's code for a file that is no database.
const NO_DATABASE: &str = "26";

/// Why a file was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It has no database of SQLite.
    #[error("{0} is no SQLite database; name a file that the shop has made, or a new one")]
    NoDatabase(PathBuf),
    /// It has tables, and not those of the shop.
    #[error(
        "{0} is the database of another program; name a file that the shop has made, or a new one"
    )]
    OtherProgram(PathBuf),
    /// It cannot be opened, read or written.
    #[error("cannot open {0}: {1}")]
    Database(PathBuf, sqlx::Error),
    /// The outbox cannot be opened in it.
    #[error("cannot open {0}: {1}")]
    Outbox(PathBuf, OutboxError),
}

/// Opens the shop's database in a file, which is made if there is none.
///
/// A process that is killed meanwhile leaves a file that can be opened.
///
/// # Errors
///
/// The file is not the shop's, or cannot be opened. It is unchanged then.
///
/// # Panics
///
/// Panics outside of a tokio runtime.
pub async fn open(path: &Path) -> Result<Outbox, OpenError> {
    claim(path).await?;
    let failed = |error| OpenError::Outbox(path.to_owned(), error);
    // Whoever kills the shop, however often, does so from outside: no delivery is to blame, and none is given up for it.
    let settings = Settings::new()
        .source("/examples/shop")
        .crash_limit(u32::MAX);
    // A power failure may take the last commits back, how far the till has come among them, so the next run makes them
    // again. Without this each commit would wait for the disk.
    let store = Sqlite::builder(path)
        .synchronous_normal()
        .open()
        .await
        .map_err(|error| failed(error.into()))?;
    Outbox::open_on(store, settings).await.map_err(failed)
}

/// Makes sure that the file is the shop's, or makes it the shop's if nothing is in it.
async fn claim(path: &Path) -> Result<(), OpenError> {
    let refused = |error: sqlx::Error| {
        let code = error.as_database_error().and_then(DatabaseError::code);
        match code.as_deref() {
            Some(NO_DATABASE) => OpenError::NoDatabase(path.to_owned()),
            _ => OpenError::Database(path.to_owned(), error),
        }
    };
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true);
    let mut connection = options.connect().await.map_err(refused)?;
    let is_the_shops = make_tables(&mut connection).await.map_err(refused)?;
    connection.close().await.map_err(refused)?;
    if is_the_shops {
        Ok(())
    } else {
        Err(OpenError::OtherProgram(path.to_owned()))
    }
}

/// Makes the tables if the database is empty; returns whether it has those of the shop.
async fn make_tables(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let id: i32 = sqlx::query_scalar("PRAGMA application_id")
        .fetch_one(&mut *transaction)
        .await?;
    if id == SHOP {
        return Ok(true);
    }
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema")
        .fetch_one(&mut *transaction)
        .await?;
    if (id, tables) != (0, 0) {
        return Ok(false);
    }
    sqlx::raw_sql(TABLES).execute(&mut *transaction).await?;
    let mark = sqlx::AssertSqlSafe(format!("PRAGMA application_id = {SHOP}"));
    sqlx::raw_sql(mark).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(true)
}
