//! The statements that people and tools cause, and those that only read.

use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};
use uuid::Uuid;

use super::statements::{dead_letter, figures, handler_status, now, stored};
use crate::store::row::{count, limit, millis};
use crate::store::{Cancelled, DeadLetter, Filter, HandlerStatus, Health, Redelivered, Stored};

/// Which rows a filter takes, as the parameters 1 to 4; `$time` is the column that `older_than` is about.
macro_rules! filtered {
    ($time:literal) => {
        concat!(
            "(?1 IS NULL OR event_id = ?1) AND (?2 IS NULL OR handler = ?2) AND (?3 IS NULL OR event = ?3) \
             AND (?4 IS NULL OR ",
            $time,
            " <= ",
            now!(),
            " - ?4)"
        )
    };
}

type Query<'a> = sqlx::query::Query<'a, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

fn query<'a>(statement: &'static str, filter: &'a Filter) -> Query<'a> {
    sqlx::query(statement)
        .bind(filter.event_id)
        .bind(filter.handler.as_deref())
        .bind(filter.event.as_deref())
        .bind(filter.older_than.map(millis))
}

const LIST: &str = concat!(
    "SELECT * FROM event_outbox_delivery WHERE ",
    filtered!("created_at"),
    " AND seq > ?5 ORDER BY seq LIMIT ?6"
);

pub(super) async fn list(
    connection: &mut SqliteConnection,
    filter: &Filter,
    after: i64,
    rows: usize,
) -> Result<Vec<Stored>, sqlx::Error> {
    let query = query(LIST, filter).bind(after).bind(limit(rows));
    let rows = query.fetch_all(connection).await?;
    rows.iter().map(stored).collect()
}

const DEAD: &str = concat!(
    "SELECT * FROM event_outbox_dead WHERE ",
    filtered!("died_at"),
    " AND seq > ?5 ORDER BY seq LIMIT ?6"
);

pub(super) async fn dead(
    connection: &mut SqliteConnection,
    filter: &Filter,
    after: i64,
    rows: usize,
) -> Result<Vec<DeadLetter>, sqlx::Error> {
    let query = query(DEAD, filter).bind(after).bind(limit(rows));
    let rows = query.fetch_all(connection).await?;
    rows.iter().map(dead_letter).collect()
}

const NEXT_DUE: &str = concat!(
    "SELECT min((SELECT due_at FROM event_outbox_delivery d WHERE d.handler = h.value \
     AND (d.key IS NULL OR NOT EXISTS (SELECT 1 FROM event_outbox_delivery e \
     WHERE e.handler = d.handler AND e.key = d.key AND e.seq < d.seq)) \
     ORDER BY d.due_at, d.seq LIMIT 1)) - ",
    now!(),
    " AS wait FROM json_each(?1) h"
);

/// In milliseconds; negative if it has passed.
pub(super) async fn next_due(
    connection: &mut SqliteConnection,
    handlers: &[&str],
) -> Result<Option<i64>, sqlx::Error> {
    let row = sqlx::query(NEXT_DUE)
        .bind(json!(handlers).to_string())
        .fetch_one(connection)
        .await?;
    row.try_get("wait")
}

const STATUS: &str = concat!(
    "SELECT handler, sum(waiting) AS waiting, sum(running) AS running, sum(delayed) AS delayed, \
     sum(dead) AS dead, max(age) AS oldest FROM (\
     SELECT handler, due_at <= now AS waiting, due_at > now AND owner IS NOT NULL AS running, \
     due_at > now AND owner IS NULL AS delayed, 0 AS dead, \
     CASE WHEN due_at <= now THEN now - due_at END AS age \
     FROM event_outbox_delivery, (SELECT ",
    now!(),
    " AS now) \
     UNION ALL SELECT handler, 0, 0, 0, 1, NULL FROM event_outbox_dead \
     UNION ALL SELECT value, 0, 0, 0, 0, NULL FROM json_each(?1)) GROUP BY handler ORDER BY handler"
);

pub(super) async fn status(
    connection: &mut SqliteConnection,
    handlers: &[&str],
) -> Result<Vec<HandlerStatus>, sqlx::Error> {
    let rows = sqlx::query(STATUS)
        .bind(json!(handlers).to_string())
        .fetch_all(connection)
        .await?;
    let rows = rows.iter();
    rows.map(|row| handler_status(row, handlers)).collect()
}

/// Steps from one handler's rows to the next one's in the index, so that no row of a known handler is counted.
const HEALTH: &str = concat!(
    "WITH RECURSIVE stored (handler) AS (SELECT min(handler) FROM event_outbox_delivery UNION ALL \
     SELECT (SELECT min(handler) FROM event_outbox_delivery d WHERE d.handler > stored.handler) FROM stored \
     WHERE stored.handler IS NOT NULL) SELECT ",
    now!(),
    " - (SELECT min(due) FROM (SELECT (SELECT min(due_at) FROM event_outbox_delivery d WHERE d.handler = h.value) AS due \
     FROM json_each(?1) h)) AS oldest, (SELECT count(*) FROM event_outbox_dead) AS dead, \
     (SELECT coalesce(sum((SELECT count(*) FROM event_outbox_delivery d WHERE d.handler = stored.handler)), 0) \
     FROM stored WHERE handler IS NOT NULL AND handler NOT IN (SELECT value FROM json_each(?1))) AS orphaned"
);

pub(super) async fn health(
    connection: &mut SqliteConnection,
    handlers: &[&str],
) -> Result<Health, sqlx::Error> {
    let row = sqlx::query(HEALTH)
        .bind(json!(handlers).to_string())
        .fetch_one(connection)
        .await?;
    figures(&row)
}

const CANCEL: &str = concat!(
    "DELETE FROM event_outbox_delivery WHERE event_id = ?1 AND (owner IS NULL OR due_at <= ",
    now!(),
    ")"
);

const RUNNING: &str = "SELECT count(*) AS rows FROM event_outbox_delivery WHERE event_id = ?1";

pub(super) async fn cancel(
    connection: &mut SqliteConnection,
    event: Uuid,
) -> Result<Cancelled, sqlx::Error> {
    let deleted = sqlx::query(CANCEL)
        .bind(event)
        .execute(&mut *connection)
        .await?;
    let running = sqlx::query(RUNNING)
        .bind(event)
        .fetch_one(connection)
        .await?;
    Ok(Cancelled {
        deleted: deleted.rows_affected(),
        running: count(running.try_get("rows")?),
    })
}

const CHOOSE_DEAD: &str = concat!(
    "SELECT seq FROM event_outbox_dead WHERE ",
    filtered!("died_at"),
    " AND seq > ?5 ORDER BY seq LIMIT ?6"
);

const REVIVE: &str = concat!(
    "INSERT INTO event_outbox_delivery (event_id, handler, event, version, key, body, due_at, attempts, token, \
     crashes, created_at) \
     SELECT event_id, handler, event, version, key, body, ",
    now!(),
    ", 0, 0, 0, created_at FROM event_outbox_dead \
     WHERE seq = ?1 ON CONFLICT (event_id, handler) DO NOTHING"
);

pub(super) async fn redeliver(
    connection: &mut SqliteConnection,
    filter: &Filter,
    after: i64,
    rows: usize,
) -> Result<Redelivered, sqlx::Error> {
    let query = query(CHOOSE_DEAD, filter).bind(after).bind(limit(rows));
    let chosen = query.fetch_all(&mut *connection).await?;
    let mut outcome = Redelivered::default();
    for row in &chosen {
        let seq: i64 = SqliteRow::try_get(row, "seq")?;
        let revived = sqlx::query(REVIVE)
            .bind(seq)
            .execute(&mut *connection)
            .await?;
        if revived.rows_affected() == 0 {
            outcome.duplicates += 1;
        } else {
            sqlx::query("DELETE FROM event_outbox_dead WHERE seq = ?1")
                .bind(seq)
                .execute(&mut *connection)
                .await?;
            outcome.delivered += 1;
        }
        outcome.last = Some(seq);
    }
    Ok(outcome)
}

const PURGE: &str = concat!(
    "DELETE FROM event_outbox_dead WHERE seq IN (SELECT seq FROM event_outbox_dead WHERE ",
    filtered!("died_at"),
    " ORDER BY seq LIMIT ?5)"
);

pub(super) async fn purge(
    connection: &mut SqliteConnection,
    filter: &Filter,
    rows: usize,
) -> Result<u64, sqlx::Error> {
    let query = query(PURGE, filter).bind(limit(rows));
    Ok(query.execute(connection).await?.rows_affected())
}
