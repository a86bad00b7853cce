//! The statements that change deliveries.
//!
//! Lists travel as arrays, so that each statement is prepared once, whatever the length of the list. They are sorted,
//! so that two statements lock rows in one order.

use std::collections::BTreeSet;
use std::time::Duration;

use sqlx::PgConnection;
use sqlx::postgres::PgRow;

use crate::store::row::{limit, millis, readers};
use crate::store::{Burial, Lease, Retry};

readers!(PgRow);

/// A parameter in milliseconds, as an interval.
macro_rules! interval {
    ($parameter:literal) => {
        concat!($parameter, "::bigint::float8 * interval '1 millisecond'")
    };
}

/// A time, as milliseconds under its name.
macro_rules! as_millis {
    ($column:literal) => {
        concat!(
            "(extract(epoch FROM ",
            $column,
            ") * 1000)::bigint AS ",
            $column
        )
    };
}

/// The lists of numbers and tokens, as a table.
macro_rules! fences {
    () => {
        "unnest($1::bigint[], $2::bigint[]) AS f(seq, token)"
    };
}

pub(super) use {as_millis, interval};

/// What the advisory lock of a handler's key is called: FNV-1a, which stays as it is, since programs of different
/// versions have to meet in it.
fn lock_of(handler: &str, key: &str) -> i64 {
    let bytes = handler.bytes().chain([0]).chain(key.bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash.cast_signed()
}

/// The locks of keys. Sorted, so that no two transactions wait for each other.
pub(super) fn locks_of<'a>(keys: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<i64> {
    let locks: BTreeSet<_> = keys.map(|(handler, key)| lock_of(handler, key)).collect();
    locks.into_iter().collect()
}

pub(super) const LOCK: &str =
    "SELECT pg_advisory_xact_lock(lock) FROM unnest($1::bigint[]) AS lock";

/// Waits until no other transaction has inserted rows of these keys, so that rows of a key get their numbers in the
/// order in which they are committed.
pub(super) async fn lock_keys<'a>(
    connection: &mut PgConnection,
    keys: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<(), sqlx::Error> {
    let locks = locks_of(keys);
    if !locks.is_empty() {
        sqlx::query(LOCK).bind(locks).execute(connection).await?;
    }
    Ok(())
}

pub(super) fn keys_of(deliveries: &[NewDelivery]) -> impl Iterator<Item = (&str, &str)> {
    deliveries
        .iter()
        .filter_map(|delivery| Some((&*delivery.handler, delivery.key.as_deref()?)))
}

/// The first due rows of each handler that nobody else is claiming, of which the first are claimed. `MATERIALIZED`, or
/// the planner may update more than the limit.
const CLAIM: &str = concat!(
    "WITH due AS MATERIALIZED (SELECT c.seq FROM unnest($1::text[]) AS h(handler) CROSS JOIN LATERAL (\
     SELECT d.seq, d.due_at FROM event_outbox_delivery d WHERE d.handler = h.handler AND d.due_at <= now() \
     AND (d.key IS NULL OR NOT EXISTS (SELECT 1 FROM event_outbox_delivery e \
     WHERE e.handler = d.handler AND e.key = d.key AND e.seq < d.seq)) \
     ORDER BY d.due_at, d.seq LIMIT $2 FOR UPDATE OF d SKIP LOCKED) c ORDER BY c.due_at, c.seq LIMIT $2) \
     UPDATE event_outbox_delivery d SET due_at = clock_timestamp() + ",
    interval!("$3"),
    ", attempts = attempts + 1, token = token + 1, crashes = crashes + (owner IS NOT NULL)::int, owner = $4 \
     FROM due WHERE d.seq = due.seq RETURNING d.seq, event_id, handler, event, version, key, body, attempts, \
     token, crashes, ",
    as_millis!("created_at")
);

pub(super) async fn claim(
    connection: &mut PgConnection,
    lease: Lease,
    handlers: &[&str],
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

type Query = sqlx::query::Query<'static, sqlx::Postgres, sqlx::postgres::PgArguments>;

fn query(statement: &'static str, fences: impl Iterator<Item = Fence> + Clone) -> Query {
    sqlx::query(statement)
        .bind(fences.clone().map(|fence| fence.seq).collect::<Vec<_>>())
        .bind(fences.map(|fence| fence.token).collect::<Vec<_>>())
}

fn sorted(fences: &[Fence]) -> Vec<Fence> {
    let mut fences = fences.to_vec();
    fences.sort_unstable();
    fences
}

const COMPLETE_ONE: &str =
    "DELETE FROM event_outbox_delivery WHERE seq = $1 AND token = $2 RETURNING seq, token";

/// Completes one delivery, with a statement that is not planned anew for each.
pub(super) async fn complete_one(
    connection: &mut PgConnection,
    fence: Fence,
) -> Result<bool, sqlx::Error> {
    let row = sqlx::query(COMPLETE_ONE)
        .bind(fence.seq)
        .bind(fence.token)
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}

const COMPLETE: &str = concat!(
    "DELETE FROM event_outbox_delivery d USING ",
    fences!(),
    " WHERE d.seq = f.seq AND d.token = f.token RETURNING d.seq, d.token"
);

pub(super) async fn complete(
    connection: &mut PgConnection,
    list: &[Fence],
) -> Result<Vec<Fence>, sqlx::Error> {
    let list = sorted(list);
    let query = query(COMPLETE, list.iter().copied());
    fences(&query.fetch_all(connection).await?)
}

const RETRY: &str = "UPDATE event_outbox_delivery d \
     SET due_at = clock_timestamp() + f.wait::float8 * interval '1 millisecond', last_error = f.error, owner = NULL \
     FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[]) AS f(seq, token, wait, error) \
     WHERE d.seq = f.seq AND d.token = f.token RETURNING d.seq, d.token";

pub(super) async fn retry(
    connection: &mut PgConnection,
    retries: &[Retry],
) -> Result<Vec<Fence>, sqlx::Error> {
    let mut retries: Vec<_> = retries.iter().collect();
    retries.sort_unstable_by_key(|retry| retry.fence);
    let waits: Vec<_> = retries.iter().map(|retry| millis(retry.wait)).collect();
    let errors: Vec<_> = retries.iter().map(|retry| text(&retry.error)).collect();
    let query = query(RETRY, retries.iter().map(|retry| retry.fence));
    let rows = query.bind(waits).bind(errors).fetch_all(connection).await?;
    fences(&rows)
}

const BURY: &str = "WITH gone AS (DELETE FROM event_outbox_delivery d \
     USING unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[]) AS f(seq, token, reason, cause) \
     WHERE d.seq = f.seq AND d.token = f.token RETURNING d.*, f.reason, f.cause), \
     letters AS (INSERT INTO event_outbox_dead (event_id, handler, event, version, key, body, attempts, crashes, \
     reason, cause, created_at, died_at) SELECT event_id, handler, event, version, key, body, attempts, crashes, \
     reason, cause, created_at, clock_timestamp() FROM gone ORDER BY seq) SELECT seq, token FROM gone";

pub(super) async fn bury(
    connection: &mut PgConnection,
    burials: &[Burial],
) -> Result<Vec<Fence>, sqlx::Error> {
    let mut burials: Vec<_> = burials.iter().collect();
    burials.sort_unstable_by_key(|burial| burial.fence);
    let reasons: Vec<_> = burials.iter().map(|burial| text(&burial.reason)).collect();
    let causes: Vec<_> = burials.iter().map(|burial| text(&burial.cause)).collect();
    let query = query(BURY, burials.iter().map(|burial| burial.fence));
    let rows = query
        .bind(reasons)
        .bind(causes)
        .fetch_all(connection)
        .await?;
    fences(&rows)
}

/// PostgreSQL's texts have no NUL.
fn text(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

const RELEASE: &str = concat!(
    "UPDATE event_outbox_delivery d SET due_at = clock_timestamp(), attempts = attempts - 1, owner = NULL FROM ",
    fences!(),
    " WHERE d.seq = f.seq AND d.token = f.token AND owner IS NOT NULL RETURNING d.seq, d.token"
);

pub(super) async fn release(
    connection: &mut PgConnection,
    list: &[Fence],
) -> Result<Vec<Fence>, sqlx::Error> {
    let list = sorted(list);
    let query = query(RELEASE, list.iter().copied());
    fences(&query.fetch_all(connection).await?)
}

const EXTEND: &str = concat!(
    "UPDATE event_outbox_delivery d SET due_at = clock_timestamp() + ",
    interval!("$3"),
    " FROM ",
    fences!(),
    " WHERE d.seq = f.seq AND d.token = f.token AND owner IS NOT NULL RETURNING d.seq, d.token"
);

pub(super) async fn extend(
    connection: &mut PgConnection,
    list: &[Fence],
    length: Duration,
) -> Result<Vec<Fence>, sqlx::Error> {
    let list = sorted(list);
    let query = query(EXTEND, list.iter().copied()).bind(millis(length));
    fences(&query.fetch_all(connection).await?)
}

/// A second more than the longest lease or wait is nobody's mistake.
const CLAMP: &str = concat!(
    "UPDATE event_outbox_delivery SET due_at = clock_timestamp() + CASE WHEN owner IS NULL THEN ",
    interval!("$2"),
    " ELSE ",
    interval!("$1"),
    " END WHERE attempts > 0 AND due_at > clock_timestamp() + interval '1 second' + CASE WHEN owner IS NULL THEN ",
    interval!("$2"),
    " ELSE ",
    interval!("$1"),
    " END"
);

pub(super) async fn clamp(
    connection: &mut PgConnection,
    lease: Duration,
    wait: Duration,
) -> Result<u64, sqlx::Error> {
    let result = sqlx::query(CLAMP)
        .bind(millis(lease))
        .bind(millis(wait))
        .execute(connection)
        .await?;
    Ok(result.rows_affected())
}
