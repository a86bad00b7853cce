//! The tables, and how they come into being.

use sqlx::{Row as _, SqliteConnection, raw_sql};

use crate::store::error::While as _;
use crate::store::migration::{Applied, Migration, missing};
use crate::store::{StoreError, StoreErrorKind};

const ACTION: &str = "migrate the outbox";

/// How the tables are made, for those who apply statements by other means.
pub static MIGRATIONS: &[Migration] = &[Migration::new(
    1,
    "deliveries",
    1,
    include_str!("0001_deliveries.sql"),
)];

/// Applies what is missing, in the transaction of the caller, which has the write lock: whoever comes second finds it
/// done, and who is killed half way has done nothing.
pub(super) async fn migrate(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    raw_sql(
        "CREATE TABLE IF NOT EXISTS event_outbox_migration (version INTEGER PRIMARY KEY, name TEXT NOT NULL, \
         oldest INTEGER NOT NULL, checksum TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT",
    )
    .execute(&mut *connection)
    .await
    .during(ACTION)?;
    let rows = sqlx::query(
        "SELECT version, oldest, checksum FROM event_outbox_migration ORDER BY version",
    )
    .fetch_all(&mut *connection)
    .await
    .during(ACTION)?;
    let applied = rows.iter().map(|row| {
        Ok(Applied {
            version: row.try_get("version")?,
            oldest: row.try_get("oldest")?,
            checksum: row.try_get("checksum")?,
        })
    });
    let applied = applied
        .collect::<Result<Vec<_>, sqlx::Error>>()
        .during(ACTION)?;
    for migration in missing(MIGRATIONS, &applied)? {
        raw_sql(migration.sql)
            .execute(&mut *connection)
            .await
            .during(ACTION)?;
        failpoint!(Migrating);
        sqlx::query(
            "INSERT INTO event_outbox_migration (version, name, oldest, checksum, applied_at) \
             VALUES (?1, ?2, ?3, ?4, CAST(unixepoch('subsec') * 1000 AS INTEGER))",
        )
        .bind(i64::from(migration.version))
        .bind(migration.name)
        .bind(i64::from(migration.oldest))
        .bind(migration.checksum())
        .execute(&mut *connection)
        .await
        .during(ACTION)?;
    }
    Ok(())
}

/// What the statements here need of SQLite itself.
pub(super) async fn check_version(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    const ACTION: &str = "open the outbox";
    let row =
        sqlx::query("SELECT sqlite_version() AS version, unixepoch('subsec') IS NULL AS is_old")
            .fetch_one(connection)
            .await
            .during(ACTION)?;
    if row.try_get("is_old").during(ACTION)? {
        let version: String = row.try_get("version").during(ACTION)?;
        return Err(StoreError::new(
            ACTION,
            StoreErrorKind::Misuse,
            format!("SQLite {version} is too old: version 3.42 or newer is needed"),
        ));
    }
    Ok(())
}
