//! The statements that change deliveries, each on a connection inside of a transaction.
//!
//! Lists travel as one JSON text, so that each statement is prepared once, whatever the length of the list.

use std::time::Duration;

use serde_json::json;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::store::row::{after_and_at, limit, millis, readers};
use crate::store::{Burial, Lease, Retry, SUSPECT};

readers!(SqliteRow);

/// The database's clock, in milliseconds.
macro_rules! now {
    () => {
        "CAST(unixepoch('subsec') * 1000 AS INTEGER)"
    };
}

/// The rows that a list of fences names, by their numbers. `CROSS JOIN` keeps the list on the outside.
macro_rules! fenced {
    () => {
        "(SELECT d.seq FROM json_each(?1) f CROSS JOIN event_outbox_delivery d \
         ON d.seq = f.value ->> 0 AND d.token = f.value ->> 1)"
    };
}

pub(super) use now;

/// A list of fences, as the statements take it.
pub(super) fn list(fences: &[Fence]) -> String {
    let pairs: Vec<_> = fences
        .iter()
        .map(|fence| (fence.seq, fence.token))
        .collect();
    json!(pairs).to_string()
}

pub(super) const INSERT: &str = concat!(
    "INSERT INTO event_outbox_delivery (event_id, handler, event, version, key, body, due_at, attempts, token, \
     owner, crashes, created_at) \
     SELECT ?1, ?2, ?3, ?4, ?5, ?6, \
     CASE WHEN leased THEN now + ?10 WHEN ?8 IS NULL THEN now + ?7 ELSE max(?8, now) END, \
     leased, leased, CASE WHEN leased THEN ?9 END, 0, now \
     FROM (SELECT ",
    now!(),
    " AS now, ?9 IS NOT NULL AND ?7 = 0 AND ?8 IS NULL AND (?5 IS NULL OR NOT EXISTS (\
     SELECT 1 FROM event_outbox_delivery e WHERE e.handler = ?2 AND e.key = ?5)) AS leased) \
     WHERE true ON CONFLICT (event_id, handler) DO NOTHING RETURNING seq, token"
);

/// A row to be inserted, and the lease that it gets if it is due at once.
pub(super) type NewRow<'a> = (Option<Lease>, &'a NewDelivery);

/// Inserts rows in their order; returns what became of each.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    rows: &[NewRow<'_>],
) -> Result<Vec<Inserted>, sqlx::Error> {
    if rows.len() > 1 && can_be_inserted_together(rows) {
        return insert_together(connection, rows).await;
    }
    // Whether one is leased depends on those before it.
    let mut inserted = Vec::with_capacity(rows.len());
    for row in rows {
        inserted.push(insert_one(&mut *connection, *row).await?);
    }
    Ok(inserted)
}

async fn insert_one(
    connection: &mut SqliteConnection,
    (lease, delivery): NewRow<'_>,
) -> Result<Inserted, sqlx::Error> {
    let (after, at) = after_and_at(delivery.due);
    let row = sqlx::query(INSERT)
        .bind(delivery.event_id)
        .bind(&*delivery.handler)
        .bind(&*delivery.event)
        .bind(i64::from(delivery.version))
        .bind(delivery.key.as_deref())
        .bind(&*delivery.body)
        .bind(after)
        .bind(at)
        .bind(lease.map(|lease| lease.owner.id()))
        .bind(lease.map_or(0, |lease| millis(lease.length)))
        .fetch_optional(connection)
        .await?;
    Ok(Inserted::of(row.as_ref().map(fence).transpose()?))
}

/// Rows without keys, as one JSON text, whose ids and bodies are one after the other in a blob: a statement of its own for
/// each row takes longer than the row.
const INSERT_TOGETHER: &str = concat!(
    "INSERT INTO event_outbox_delivery (event_id, handler, event, version, body, due_at, attempts, token, owner, crashes, \
     created_at) SELECT substr(?2, begin, 16), handler, event, version, substr(?2, begin + 16, length), \
     CASE WHEN leased THEN now + lease WHEN at IS NULL THEN now + after ELSE max(at, now) END, \
     leased, leased, CASE WHEN leased THEN ?3 END, 0, now \
     FROM (SELECT f.key AS number, value ->> 0 AS begin, value ->> 1 AS length, value ->> 2 AS handler, \
     value ->> 3 AS event, value ->> 4 AS version, value ->> 5 AS after, value ->> 6 AS at, value ->> 7 AS lease, now, \
     value ->> 7 IS NOT NULL AND value ->> 5 = 0 AND value ->> 6 IS NULL AS leased \
     FROM (SELECT ",
    now!(),
    " AS now) CROSS JOIN json_each(?1) f) \
     WHERE true ORDER BY number ON CONFLICT (event_id, handler) DO NOTHING RETURNING seq, token, event_id, handler"
);

fn can_be_inserted_together(rows: &[NewRow<'_>]) -> bool {
    let mut owners = rows
        .iter()
        .filter_map(|(lease, _)| Some(lease.as_ref()?.owner));
    let first = owners.next();
    owners.all(|owner| Some(owner) == first) && rows.iter().all(|(_, row)| row.key.is_none())
}

async fn insert_together(
    connection: &mut SqliteConnection,
    rows: &[NewRow<'_>],
) -> Result<Vec<Inserted>, sqlx::Error> {
    let mut blob = Vec::new();
    let mut list = Vec::with_capacity(rows.len());
    for (lease, row) in rows {
        let (after, at) = after_and_at(row.due);
        let lease = lease.map(|lease| millis(lease.length));
        let begin = blob.len() + 1;
        blob.extend_from_slice(row.event_id.as_bytes());
        blob.extend_from_slice(&row.body);
        let length = row.body.len();
        let (handler, event) = (&row.handler, &row.event);
        list.push((begin, length, handler, event, row.version, after, at, lease));
    }
    let owner = rows
        .iter()
        .find_map(|(lease, _)| Some(lease.as_ref()?.owner));
    let answer = sqlx::query(INSERT_TOGETHER)
        .bind(json!(list).to_string())
        .bind(blob)
        .bind(owner.map(Owner::id))
        .fetch_all(connection)
        .await?;
    inserted(&answer, rows.iter().map(|(_, row)| *row))
}

/// The first due rows of each handler, of which the first are claimed.
const CLAIM: &str = concat!(
    "UPDATE event_outbox_delivery SET due_at = ",
    now!(),
    " + ?3, attempts = attempts + 1, token = token + 1, crashes = crashes + (owner IS NOT NULL), owner = ?4 \
     WHERE seq IN (SELECT c.value ->> 1 FROM json_each(?1) h, json_each((\
     SELECT json_group_array(json_array(due_at, seq)) FROM (\
     SELECT due_at, seq FROM event_outbox_delivery d WHERE d.handler = h.value AND d.due_at <= ",
    now!(),
    " AND (d.key IS NULL OR NOT EXISTS (SELECT 1 FROM event_outbox_delivery e \
     WHERE e.handler = d.handler AND e.key = d.key AND e.seq < d.seq)) \
     ORDER BY d.due_at, d.seq LIMIT ?2))) c \
     ORDER BY c.value ->> 0, c.value ->> 1 LIMIT ?2) \
     RETURNING seq, event_id, handler, event, version, key, body, attempts, token, crashes, created_at"
);

pub(super) async fn claim(
    connection: &mut SqliteConnection,
    lease: Lease,
    handlers: &str,
    rows: usize,
) -> Result<Vec<Claimed>, sqlx::Error> {
    let rows = sqlx::query(CLAIM)
        .bind(handlers)
        .bind(limit(rows))
        .bind(millis(lease.length))
        .bind(lease.owner.id())
        .fetch_all(connection)
        .await?;
    claimed(&rows)
}

const COMPLETE: &str = concat!(
    "DELETE FROM event_outbox_delivery WHERE seq IN ",
    fenced!(),
    " RETURNING seq, token"
);

pub(super) async fn complete(
    connection: &mut SqliteConnection,
    list: &str,
) -> Result<Vec<Fence>, sqlx::Error> {
    let rows = sqlx::query(COMPLETE)
        .bind(list)
        .fetch_all(connection)
        .await?;
    fences(&rows)
}

const RETRY: &str = concat!(
    "UPDATE event_outbox_delivery AS d SET due_at = ",
    now!(),
    " + f.wait, last_error = f.error, owner = NULL FROM (\
     SELECT value ->> 0 AS seq, value ->> 1 AS token, value ->> 2 AS wait, value ->> 3 AS error \
     FROM json_each(?1)) f WHERE d.seq = f.seq AND d.token = f.token RETURNING seq, token"
);

/// A list of retries, as the statement takes it.
pub(super) fn retry_list(retries: &[Retry]) -> String {
    let rows: Vec<_> = retries
        .iter()
        .map(|Retry { fence, wait, error }| (fence.seq, fence.token, millis(*wait), error))
        .collect();
    json!(rows).to_string()
}

pub(super) async fn retry(
    connection: &mut SqliteConnection,
    list: &str,
) -> Result<Vec<Fence>, sqlx::Error> {
    let rows = sqlx::query(RETRY).bind(list).fetch_all(connection).await?;
    fences(&rows)
}

const COPY_TO_DEAD: &str = concat!(
    "INSERT INTO event_outbox_dead (event_id, handler, event, version, key, body, attempts, crashes, reason, \
     cause, created_at, died_at) \
     SELECT d.event_id, d.handler, d.event, d.version, d.key, d.body, d.attempts, d.crashes, f.value ->> 2, \
     f.value ->> 3, d.created_at, ",
    now!(),
    " FROM json_each(?1) f CROSS JOIN event_outbox_delivery d \
     ON d.seq = f.value ->> 0 AND d.token = f.value ->> 1 ORDER BY d.seq"
);

/// A list of burials, as the statements take it.
pub(super) fn burial_list(burials: &[Burial]) -> String {
    // A row that is named twice dies once.
    let mut first = std::collections::HashSet::new();
    let rows: Vec<_> = burials
        .iter()
        .filter(|burial| first.insert(burial.fence))
        .map(|burial| {
            let fence = burial.fence;
            (fence.seq, fence.token, &burial.reason, &burial.cause)
        })
        .collect();
    json!(rows).to_string()
}

/// Copies, then deletes; a transaction keeps the two together.
pub(super) async fn bury(
    connection: &mut SqliteConnection,
    list: &str,
) -> Result<Vec<Fence>, sqlx::Error> {
    sqlx::query(COPY_TO_DEAD)
        .bind(list)
        .execute(&mut *connection)
        .await?;
    complete(connection, list).await
}

const RELEASE: &str = concat!(
    "UPDATE event_outbox_delivery SET due_at = ",
    now!(),
    ", attempts = attempts - 1, owner = NULL WHERE owner IS NOT NULL AND seq IN ",
    fenced!(),
    " RETURNING seq, token"
);

pub(super) async fn release(
    connection: &mut SqliteConnection,
    list: &str,
) -> Result<Vec<Fence>, sqlx::Error> {
    let rows = sqlx::query(RELEASE)
        .bind(list)
        .fetch_all(connection)
        .await?;
    fences(&rows)
}

const EXTEND: &str = concat!(
    "UPDATE event_outbox_delivery SET due_at = ",
    now!(),
    " + ?2 WHERE owner IS NOT NULL AND seq IN ",
    fenced!(),
    " RETURNING seq, token"
);

pub(super) async fn extend(
    connection: &mut SqliteConnection,
    list: &str,
    length: Duration,
) -> Result<Vec<Fence>, sqlx::Error> {
    let rows = sqlx::query(EXTEND)
        .bind(list)
        .bind(millis(length))
        .fetch_all(connection)
        .await?;
    fences(&rows)
}

const COUNT_OF_OWNER: &str = "SELECT count(*) FROM event_outbox_delivery WHERE owner = ?1";

const FREE: &str = concat!(
    "UPDATE event_outbox_delivery SET due_at = ",
    now!(),
    ", crashes = crashes + (crashes < ?2 OR ?3), owner = NULL WHERE owner = ?1"
);

/// Frees the rows of an owner that is dead. Its tokens stay good until somebody claims the rows.
pub(super) async fn free(
    connection: &mut SqliteConnection,
    owner: Owner,
) -> Result<u64, sqlx::Error> {
    // Counted before: a statement that counts what it changes would see some of its own changes.
    let rows: i64 = sqlx::query_scalar(COUNT_OF_OWNER)
        .bind(owner.id())
        .fetch_one(&mut *connection)
        .await?;
    let result = sqlx::query(FREE)
        .bind(owner.id())
        .bind(SUSPECT)
        .bind(rows == 1)
        .execute(connection)
        .await?;
    Ok(result.rows_affected())
}

/// A second more than the longest lease or wait is nobody's mistake.
const CLAMP_LEASES: &str = concat!(
    "UPDATE event_outbox_delivery SET due_at = ",
    now!(),
    " + ?1 WHERE owner IS NOT NULL AND due_at > ",
    now!(),
    " + ?1 + 1000"
);

const CLAMP_RETRIES: &str = concat!(
    "UPDATE event_outbox_delivery SET due_at = ",
    now!(),
    " + ?1 WHERE owner IS NULL AND attempts > 0 AND due_at > ",
    now!(),
    " + ?1 + 1000"
);

pub(super) async fn clamp(
    connection: &mut SqliteConnection,
    lease: Duration,
    wait: Duration,
) -> Result<u64, sqlx::Error> {
    let mut rows = 0;
    for (statement, bound) in [(CLAMP_LEASES, lease), (CLAMP_RETRIES, wait)] {
        let result = sqlx::query(statement)
            .bind(millis(bound))
            .execute(&mut *connection)
            .await?;
        rows += result.rows_affected();
    }
    Ok(rows)
}
