//! The statements that people and tools cause, and those that only read.

use sqlx::{PgConnection, Row as _};
use uuid::Uuid;

use super::statements::{
    as_millis, dead_letter, figures, handler_status, interval, lock_keys, stored,
};
use crate::store::row::{count, limit, millis};
use crate::store::{Cancelled, DeadLetter, Filter, HandlerStatus, Health, Redelivered, Stored};

/// Which rows a filter takes, as the parameters 1 to 4; `$time` is the column that `older_than` is about.
macro_rules! filtered {
    ($time:literal) => {
        concat!(
            "($1::uuid IS NULL OR event_id = $1) AND ($2::text IS NULL OR handler = $2) \
             AND ($3::text IS NULL OR event = $3) AND ($4::bigint IS NULL OR ",
            $time,
            " <= now() - ",
            interval!("$4"),
            ")"
        )
    };
}

type Query<'a> = sqlx::query::Query<'a, sqlx::Postgres, sqlx::postgres::PgArguments>;

fn query<'a>(statement: &'static str, filter: &'a Filter) -> Query<'a> {
    sqlx::query(statement)
        .bind(filter.event_id)
        .bind(filter.handler.as_deref())
        .bind(filter.event.as_deref())
        .bind(filter.older_than.map(millis))
}

const LIST: &str = concat!(
    "SELECT seq, event_id, handler, event, version, key, body, ",
    as_millis!("due_at"),
    ", attempts, token, owner, crashes, last_error, ",
    as_millis!("created_at"),
    " FROM event_outbox_delivery WHERE ",
    filtered!("created_at"),
    " AND seq > $5 ORDER BY seq LIMIT $6"
);

pub(super) async fn list(
    connection: &mut PgConnection,
    filter: &Filter,
    after: i64,
    rows: usize,
) -> Result<Vec<Stored>, sqlx::Error> {
    let query = query(LIST, filter).bind(after).bind(limit(rows));
    let rows = query.fetch_all(connection).await?;
    rows.iter().map(stored).collect()
}

const DEAD: &str = concat!(
    "SELECT seq, event_id, handler, event, version, key, body, attempts, crashes, reason, cause, ",
    as_millis!("created_at"),
    ", ",
    as_millis!("died_at"),
    " FROM event_outbox_dead WHERE ",
    filtered!("died_at"),
    " AND seq > $5 ORDER BY seq LIMIT $6"
);

pub(super) async fn dead(
    connection: &mut PgConnection,
    filter: &Filter,
    after: i64,
    rows: usize,
) -> Result<Vec<DeadLetter>, sqlx::Error> {
    let query = query(DEAD, filter).bind(after).bind(limit(rows));
    let rows = query.fetch_all(connection).await?;
    rows.iter().map(dead_letter).collect()
}

const NEXT_DUE: &str = "SELECT ceil(extract(epoch FROM min(c.due_at) - clock_timestamp()) * 1000)::bigint AS wait \
     FROM unnest($1::text[]) AS h(handler) CROSS JOIN LATERAL (\
     SELECT d.due_at FROM event_outbox_delivery d WHERE d.handler = h.handler \
     AND (d.key IS NULL OR NOT EXISTS (SELECT 1 FROM event_outbox_delivery e \
     WHERE e.handler = d.handler AND e.key = d.key AND e.seq < d.seq)) ORDER BY d.due_at, d.seq LIMIT 1) c";

/// In milliseconds; negative if it has passed.
pub(super) async fn next_due(
    connection: &mut PgConnection,
    handlers: &[&str],
) -> Result<Option<i64>, sqlx::Error> {
    let row = sqlx::query(NEXT_DUE)
        .bind(handlers)
        .fetch_one(connection)
        .await?;
    row.try_get("wait")
}

const STATUS: &str = "SELECT handler, sum(waiting)::bigint AS waiting, sum(running)::bigint AS running, \
     sum(delayed)::bigint AS delayed, sum(dead)::bigint AS dead, \
     (extract(epoch FROM max(age)) * 1000)::bigint AS oldest FROM (\
     SELECT handler, (due_at <= now())::int AS waiting, (due_at > now() AND owner IS NOT NULL)::int AS running, \
     (due_at > now() AND owner IS NULL)::int AS delayed, 0 AS dead, \
     CASE WHEN due_at <= now() THEN now() - due_at END AS age FROM event_outbox_delivery \
     UNION ALL SELECT handler, 0, 0, 0, 1, NULL FROM event_outbox_dead \
     UNION ALL SELECT handler, 0, 0, 0, 0, NULL FROM unnest($1::text[]) AS h(handler)) AS all_rows \
     GROUP BY handler ORDER BY handler COLLATE \"C\"";

pub(super) async fn status(
    connection: &mut PgConnection,
    handlers: &[&str],
) -> Result<Vec<HandlerStatus>, sqlx::Error> {
    let rows = sqlx::query(STATUS)
        .bind(handlers)
        .fetch_all(connection)
        .await?;
    let rows = rows.iter();
    rows.map(|row| handler_status(row, handlers)).collect()
}

/// Steps from one handler's rows to the next one's in the index, so that no row of a known handler is counted.
const HEALTH: &str = "WITH RECURSIVE stored (handler) AS (\
     (SELECT handler FROM event_outbox_delivery ORDER BY handler LIMIT 1) UNION ALL \
     SELECT next.handler FROM stored CROSS JOIN LATERAL (SELECT d.handler FROM event_outbox_delivery d \
     WHERE d.handler > stored.handler ORDER BY d.handler LIMIT 1) next) \
     SELECT (SELECT floor(extract(epoch FROM clock_timestamp() - min(first.due_at)) * 1000)::bigint \
     FROM unnest($1::text[]) AS h(handler) CROSS JOIN LATERAL (SELECT d.due_at FROM event_outbox_delivery d \
     WHERE d.handler = h.handler ORDER BY d.due_at LIMIT 1) first) AS oldest, \
     (SELECT count(*) FROM event_outbox_dead) AS dead, \
     (SELECT count(*) FROM stored JOIN event_outbox_delivery d ON d.handler = stored.handler \
     WHERE stored.handler <> ALL ($1)) AS orphaned";

pub(super) async fn health(
    connection: &mut PgConnection,
    handlers: &[&str],
) -> Result<Health, sqlx::Error> {
    let row = sqlx::query(HEALTH)
        .bind(handlers)
        .fetch_one(connection)
        .await?;
    figures(&row)
}

const CANCEL: &str = "WITH rows AS MATERIALIZED (\
     SELECT seq, owner IS NULL OR due_at <= now() AS is_free FROM event_outbox_delivery \
     WHERE event_id = $1 FOR UPDATE), \
     gone AS (DELETE FROM event_outbox_delivery d USING rows WHERE d.seq = rows.seq AND is_free) \
     SELECT count(*) FILTER (WHERE is_free) AS deleted, count(*) FILTER (WHERE NOT is_free) AS running FROM rows";

pub(super) async fn cancel(
    connection: &mut PgConnection,
    event: Uuid,
) -> Result<Cancelled, sqlx::Error> {
    let row = sqlx::query(CANCEL)
        .bind(event)
        .fetch_one(connection)
        .await?;
    Ok(Cancelled {
        deleted: count(row.try_get("deleted")?),
        running: count(row.try_get("running")?),
    })
}

const CHOOSE_DEAD: &str = concat!(
    "SELECT seq, handler, key FROM event_outbox_dead WHERE ",
    filtered!("died_at"),
    " AND seq > $5 ORDER BY seq LIMIT $6 FOR UPDATE"
);

const REVIVE: &str = "INSERT INTO event_outbox_delivery (event_id, handler, event, version, key, body, due_at, attempts, \
     token, crashes, created_at) \
     SELECT event_id, handler, event, version, key, body, clock_timestamp(), 0, 0, 0, created_at \
     FROM event_outbox_dead WHERE seq = ANY($1) ORDER BY seq \
     ON CONFLICT (event_id, handler) DO NOTHING RETURNING event_id, handler";

/// Of dead letters of one event and handler, the first is delivered again, and is the one that goes.
const FORGET: &str = "DELETE FROM event_outbox_dead WHERE seq IN (\
     SELECT min(d.seq) FROM event_outbox_dead d \
     JOIN unnest($2::uuid[], $3::text[]) AS r(event_id, handler) \
     ON d.event_id = r.event_id AND d.handler = r.handler WHERE d.seq = ANY($1) GROUP BY d.event_id, d.handler)";

/// In a transaction of the caller's.
pub(super) async fn redeliver(
    connection: &mut PgConnection,
    filter: &Filter,
    after: i64,
    rows: usize,
) -> Result<Redelivered, sqlx::Error> {
    let query = query(CHOOSE_DEAD, filter).bind(after).bind(limit(rows));
    let chosen = query.fetch_all(&mut *connection).await?;
    let (mut seqs, mut keys) = (Vec::<i64>::new(), Vec::<(String, String)>::new());
    for row in &chosen {
        seqs.push(row.try_get("seq")?);
        if let Some(key) = row.try_get("key")? {
            keys.push((row.try_get("handler")?, key));
        }
    }
    let keys = keys.iter().map(|(handler, key)| (&**handler, &**key));
    lock_keys(&mut *connection, keys).await?;
    let revived = sqlx::query(REVIVE)
        .bind(&seqs)
        .fetch_all(&mut *connection)
        .await?;
    let (mut events, mut handlers) = (Vec::<Uuid>::new(), Vec::<String>::new());
    for row in &revived {
        events.push(row.try_get("event_id")?);
        handlers.push(row.try_get("handler")?);
    }
    let forgotten = sqlx::query(FORGET)
        .bind(&seqs)
        .bind(events)
        .bind(handlers)
        .execute(connection)
        .await?;
    let delivered = forgotten.rows_affected();
    Ok(Redelivered {
        delivered,
        duplicates: seqs.len() as u64 - delivered,
        last: seqs.last().copied(),
    })
}

const PURGE: &str = concat!(
    "DELETE FROM event_outbox_dead WHERE seq IN (SELECT seq FROM event_outbox_dead WHERE ",
    filtered!("died_at"),
    " ORDER BY seq LIMIT $5)"
);

pub(super) async fn purge(
    connection: &mut PgConnection,
    filter: &Filter,
    rows: usize,
) -> Result<u64, sqlx::Error> {
    let query = query(PURGE, filter).bind(limit(rows));
    Ok(query.execute(connection).await?.rows_affected())
}
