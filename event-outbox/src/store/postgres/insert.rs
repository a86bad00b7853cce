//! The statements that insert deliveries.
//!
//! The keys of what is inserted are locked already. A row is of the moment at which it is written: `now()` is the start of
//! the transaction, and a lease from then may have lapsed.
//!
//! Where the length of a list is not known beforehand, PostgreSQL 15 plans a statement that looks into the table for each
//! of its rows anew each time, which takes longer than the statement. So one row, which is most of what is inserted, is no
//! list.

use sqlx::PgConnection;
use uuid::Uuid;

use super::statements::{fence, inserted, interval, keys_of};
use crate::store::row::{after_and_at, millis};
use crate::store::{Due, Inserted, Lease, NewDelivery};

/// A statement that inserts the rows that its parts say.
macro_rules! insert {
    ($($part:expr),+) => {
        concat!(
            "INSERT INTO event_outbox_delivery (event_id, handler, event, version, key, body, due_at, attempts, token, \
             owner, crashes, created_at) ",
            $($part),+,
            " ON CONFLICT (event_id, handler) DO NOTHING RETURNING seq, token"
        )
    };
}

/// Whether a row `n` may be leased by its key. A snapshot that is older than the lock of a key does not show whether the
/// key is free.
macro_rules! key_is_free {
    () => {
        "current_setting('transaction_isolation') = 'read committed' \
         AND NOT EXISTS (SELECT 1 FROM event_outbox_delivery e WHERE e.handler = n.handler AND e.key = n.key)"
    };
}

/// One row, without a key.
const ONE: &str = insert!(
    "VALUES ($1, $2, $3, $4, $5, $6, CASE WHEN $8::bigint IS NULL THEN clock_timestamp() + ",
    interval!("$7"),
    " ELSE greatest(to_timestamp($8 / 1000.0), clock_timestamp()) END, \
     ($9::uuid IS NOT NULL)::int, ($9 IS NOT NULL)::int, $9, 0, clock_timestamp())"
);

/// One row with a key.
const ONE_KEYED: &str = insert!(
    "SELECT $1, handler, $3, $4, key, $6, CASE WHEN $8::bigint IS NOT NULL THEN greatest(to_timestamp($8 / 1000.0), moment) \
     WHEN is_free THEN moment + ",
    interval!("$7"),
    " ELSE moment END, (is_free AND $9::uuid IS NOT NULL)::int, (is_free AND $9 IS NOT NULL)::int, \
     CASE WHEN is_free THEN $9 END, 0, moment \
     FROM (SELECT *, $9 IS NULL OR (",
    key_is_free!(),
    ") AS is_free FROM (SELECT $2::text AS handler, $5::text AS key, clock_timestamp() AS moment OFFSET 0) n OFFSET 0) x"
);

/// The lists of rows, as a table.
macro_rules! rows {
    () => {
        "unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::bytea[], $7::bigint[], \
         $8::bigint[], $9::uuid[]) WITH ORDINALITY AS l(event_id, handler, event, version, key, body, wait, at, owner, ord)"
    };
}

/// Rows without keys.
const MANY: &str = concat!(
    insert!(
        "SELECT event_id, handler, event, version, key, body, CASE WHEN at IS NULL THEN moment + ",
        interval!("wait"),
        " ELSE greatest(to_timestamp(at / 1000.0), moment) END, \
         (owner IS NOT NULL)::int, (owner IS NOT NULL)::int, owner, 0, moment FROM ",
        rows!(),
        " CROSS JOIN (SELECT clock_timestamp() AS moment OFFSET 0) c ORDER BY ord"
    ),
    ", event_id, handler"
);

/// Rows of which some have keys.
const MANY_KEYED: &str = concat!(
    insert!(
        "SELECT event_id, handler, event, version, key, body, \
         CASE WHEN at IS NOT NULL THEN greatest(to_timestamp(at / 1000.0), moment) WHEN is_free THEN moment + ",
        interval!("wait"),
        " ELSE moment END, (is_free AND owner IS NOT NULL)::int, (is_free AND owner IS NOT NULL)::int, \
         CASE WHEN is_free THEN owner END, 0, moment \
         FROM (SELECT *, owner IS NULL OR key IS NULL OR (\
         row_number() OVER (PARTITION BY handler, key, is_new ORDER BY ord) = 1 AND ",
        key_is_free!(),
        ") AS is_free FROM (SELECT *, row_number() OVER (PARTITION BY event_id, handler ORDER BY ord) = 1 \
         AND NOT EXISTS (SELECT 1 FROM event_outbox_delivery e \
         WHERE e.event_id = l.event_id AND e.handler = l.handler) AS is_new FROM ",
        rows!(),
        ") n CROSS JOIN (SELECT clock_timestamp() AS moment OFFSET 0) c) x ORDER BY ord"
    ),
    ", event_id, handler"
);

/// Returns the statement that inserts a row.
pub(super) fn statement(delivery: &NewDelivery) -> &'static str {
    if delivery.key.is_some() {
        ONE_KEYED
    } else {
        ONE
    }
}

/// When a row is due, in milliseconds from now on or as a time, and who has it until then.
struct When {
    wait: i64,
    at: Option<i64>,
    owner: Option<Uuid>,
}

impl When {
    fn of(delivery: &NewDelivery, lease: Option<Lease>) -> Self {
        let lease = lease.filter(|_| delivery.due == Due::Now);
        let (after, at) = after_and_at(delivery.due);
        Self {
            wait: lease.map_or(after, |lease| millis(lease.length)),
            at,
            owner: lease.map(|lease| lease.owner.id()),
        }
    }
}

/// Inserts rows in one statement; returns what became of each.
pub(super) async fn insert(
    connection: &mut PgConnection,
    lease: Option<Lease>,
    deliveries: &[NewDelivery],
) -> Result<Vec<Inserted>, sqlx::Error> {
    match deliveries {
        [one] => Ok(vec![insert_one(connection, lease, one).await?]),
        several => insert_many(connection, lease, several).await,
    }
}

async fn insert_one(
    connection: &mut PgConnection,
    lease: Option<Lease>,
    one: &NewDelivery,
) -> Result<Inserted, sqlx::Error> {
    let When { wait, at, owner } = When::of(one, lease);
    let row = sqlx::query(statement(one))
        .bind(one.event_id)
        .bind(&*one.handler)
        .bind(&*one.event)
        .bind(i64::from(one.version))
        .bind(one.key.as_deref())
        .bind(&*one.body)
        .bind(wait)
        .bind(at)
        .bind(owner)
        .fetch_optional(connection)
        .await?;
    Ok(Inserted::of(row.as_ref().map(fence).transpose()?))
}

async fn insert_many(
    connection: &mut PgConnection,
    lease: Option<Lease>,
    deliveries: &[NewDelivery],
) -> Result<Vec<Inserted>, sqlx::Error> {
    fn column<'a, T>(of: &'a [NewDelivery], value: impl Fn(&'a NewDelivery) -> T) -> Vec<T> {
        of.iter().map(value).collect()
    }
    let has_keys = keys_of(deliveries).next().is_some();
    let rows = sqlx::query(if has_keys { MANY_KEYED } else { MANY })
        .bind(column(deliveries, |one| one.event_id))
        .bind(column(deliveries, |one| &*one.handler))
        .bind(column(deliveries, |one| &*one.event))
        .bind(column(deliveries, |one| i64::from(one.version)))
        .bind(column(deliveries, |one| one.key.as_deref()))
        .bind(column(deliveries, |one| &*one.body))
        .bind(column(deliveries, |one| When::of(one, lease).wait))
        .bind(column(deliveries, |one| When::of(one, lease).at))
        .bind(column(deliveries, |one| When::of(one, lease).owner))
        .fetch_all(connection)
        .await?;
    inserted(&rows, deliveries.iter())
}
