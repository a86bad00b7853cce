//! How rows are read, and how times and lengths meet SQL: as milliseconds, in `i64`.

use std::time::{Duration, SystemTime};

use super::Due;

/// Whole milliseconds. What is longer than the databases can add to a date is cut, at ten thousand years.
pub(super) fn millis(length: Duration) -> i64 {
    const LONGEST: i64 = 315_576_000_000_000;
    i64::try_from(length.as_millis()).map_or(LONGEST, |millis| millis.min(LONGEST))
}

/// Milliseconds since 1970.
pub(super) fn unix_millis(time: SystemTime) -> i64 {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => millis(after),
        Err(before) => -millis(before.duration()),
    }
}

/// When a delivery is due: milliseconds from now on, and, if there is one, a time.
pub(super) fn after_and_at(due: Due) -> (i64, Option<i64>) {
    match due {
        Due::Now => (0, None),
        Due::After(wait) => (millis(wait), None),
        Due::At(time) => (0, Some(unix_millis(time))),
    }
}

pub(super) fn system_time(millis: i64) -> SystemTime {
    let length = Duration::from_millis(millis.unsigned_abs());
    if millis < 0 {
        SystemTime::UNIX_EPOCH - length
    } else {
        SystemTime::UNIX_EPOCH + length
    }
}

/// A limit, as SQL takes it.
pub(super) fn limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// A count, which is not negative and, if it does not fit, is as good as the largest.
pub(super) fn count(rows: i64) -> u64 {
    u64::try_from(rows).unwrap_or_default()
}

/// The functions that read rows of a database: the same columns for each.
macro_rules! readers {
    ($row:ty) => {
        use sqlx::Row as _;

        use crate::store::row::{count, system_time};
        use crate::store::{
            Claimed, DeadLetter, Fence, HandlerStatus, Health, Inserted, NewDelivery, Owner, Stored,
        };

        fn small(row: &$row, column: &str) -> Result<u32, sqlx::Error> {
            let value: i64 = row.try_get(column)?;
            u32::try_from(value).map_err(|error| sqlx::Error::ColumnDecode {
                index: column.to_owned(),
                source: error.into(),
            })
        }

        fn time(row: &$row, column: &str) -> Result<std::time::SystemTime, sqlx::Error> {
            Ok(system_time(row.try_get(column)?))
        }

        pub(super) fn fence(row: &$row) -> Result<Fence, sqlx::Error> {
            Ok(Fence {
                seq: row.try_get("seq")?,
                token: row.try_get("token")?,
            })
        }

        pub(super) fn fences(rows: &[$row]) -> Result<Vec<Fence>, sqlx::Error> {
            rows.iter().map(fence).collect()
        }

        /// What became of deliveries that were inserted together: one that has no row is a duplicate.
        pub(super) fn inserted<'a>(
            rows: &[$row],
            deliveries: impl Iterator<Item = &'a NewDelivery>,
        ) -> Result<Vec<Inserted>, sqlx::Error> {
            let mut fences = std::collections::HashMap::with_capacity(rows.len());
            for row in rows {
                let handler: String = row.try_get("handler")?;
                let event: uuid::Uuid = row.try_get("event_id")?;
                fences.insert((event, handler), fence(row)?);
            }
            let outcome = deliveries.map(|one| {
                let key = (one.event_id, one.handler.clone().into_owned());
                Inserted::of(fences.remove(&key))
            });
            Ok(outcome.collect())
        }

        /// Claimed rows come in the order in which the database met them.
        pub(super) fn claimed(rows: &[$row]) -> Result<Vec<Claimed>, sqlx::Error> {
            let claimed = rows.iter().map(|row| {
                Ok(Claimed {
                    fence: fence(row)?,
                    event_id: row.try_get("event_id")?,
                    handler: row.try_get("handler")?,
                    event: row.try_get("event")?,
                    version: small(row, "version")?,
                    key: row.try_get("key")?,
                    body: row.try_get("body")?,
                    attempts: small(row, "attempts")?,
                    crashes: small(row, "crashes")?,
                    created_at: time(row, "created_at")?,
                })
            });
            let mut claimed = claimed.collect::<Result<Vec<_>, sqlx::Error>>()?;
            claimed.sort_unstable_by_key(|delivery| delivery.fence.seq);
            Ok(claimed)
        }

        pub(super) fn stored(row: &$row) -> Result<Stored, sqlx::Error> {
            Ok(Stored {
                seq: row.try_get("seq")?,
                event_id: row.try_get("event_id")?,
                handler: row.try_get("handler")?,
                event: row.try_get("event")?,
                version: small(row, "version")?,
                key: row.try_get("key")?,
                body: row.try_get("body")?,
                due_at: time(row, "due_at")?,
                attempts: small(row, "attempts")?,
                token: row.try_get("token")?,
                owner: row.try_get::<Option<_>, _>("owner")?.map(Owner::from_id),
                crashes: small(row, "crashes")?,
                last_error: row.try_get("last_error")?,
                created_at: time(row, "created_at")?,
            })
        }

        pub(super) fn dead_letter(row: &$row) -> Result<DeadLetter, sqlx::Error> {
            Ok(DeadLetter {
                seq: row.try_get("seq")?,
                event_id: row.try_get("event_id")?,
                handler: row.try_get("handler")?,
                event: row.try_get("event")?,
                version: small(row, "version")?,
                key: row.try_get("key")?,
                body: row.try_get("body")?,
                attempts: small(row, "attempts")?,
                crashes: small(row, "crashes")?,
                reason: row.try_get("reason")?,
                cause: row.try_get("cause")?,
                created_at: time(row, "created_at")?,
                died_at: time(row, "died_at")?,
            })
        }

        pub(super) fn handler_status(
            row: &$row,
            known: &[&str],
        ) -> Result<HandlerStatus, sqlx::Error> {
            let handler: String = row.try_get("handler")?;
            let oldest: Option<i64> = row.try_get("oldest")?;
            Ok(HandlerStatus {
                is_known: known.contains(&&*handler),
                handler,
                waiting: count(row.try_get("waiting")?),
                running: count(row.try_get("running")?),
                delayed: count(row.try_get("delayed")?),
                dead: count(row.try_get("dead")?),
                oldest: oldest.map(|age| std::time::Duration::from_millis(count(age))),
            })
        }

        /// The age is negative if nothing is due.
        pub(super) fn figures(row: &$row) -> Result<Health, sqlx::Error> {
            let oldest: Option<i64> = row.try_get("oldest")?;
            let oldest = oldest.and_then(|age| u64::try_from(age).ok());
            Ok(Health {
                oldest: oldest.map(std::time::Duration::from_millis),
                dead: count(row.try_get("dead")?),
                orphaned: count(row.try_get("orphaned")?),
            })
        }
    };
}

pub(super) use readers;
