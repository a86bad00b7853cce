//! The tables, and how they come into being.

use sqlx::{PgConnection, Row as _, raw_sql};

use crate::store::StoreError;
use crate::store::error::While as _;
use crate::store::migration::{Applied, Migration, missing};

const ACTION: &str = "migrate the outbox";

/// How the tables are made, for those who apply statements by other means.
pub static MIGRATIONS: &[Migration] = &[Migration::new(
    1,
    "deliveries",
    1,
    include_str!("0001_deliveries.sql"),
)];

/// The advisory lock of those who migrate: `evtobxmg` as bytes.
const LOCK: i64 = i64::from_be_bytes(*b"evtobxmg");

/// Applies what is missing, in the transaction of the caller: whoever comes second waits and finds it done, and who is
/// killed half way has done nothing. `IF NOT EXISTS` alone fails when two make a table at the same moment.
pub(super) async fn migrate(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(LOCK)
        .execute(&mut *connection)
        .await
        .during(ACTION)?;
    raw_sql(
        "CREATE TABLE IF NOT EXISTS event_outbox_migration (version bigint PRIMARY KEY, name text NOT NULL, \
         oldest bigint NOT NULL, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT clock_timestamp())",
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
            "INSERT INTO event_outbox_migration (version, name, oldest, checksum) VALUES ($1, $2, $3, $4)",
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
