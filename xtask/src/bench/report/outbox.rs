//! What `bench outbox` prints.

use super::{Target, lines, target_of_more, targets};
use crate::bench::figures::Figures;

/// Figures of which more is better.
const AT_LEAST: [Target; 7] = [
    (
        "ratio sqlite.drain.ours/drain.raw",
        0.6,
        "of the rate of raw statements that drain a backlog, SQLite",
    ),
    (
        "ratio sqlite.emit.sixteen/emit.single",
        7.0,
        "times the rate of single commits, sixteen tasks, SQLite",
    ),
    (
        "ratio sqlite.tx.event/tx.bare",
        0.7,
        "of the rate of bare transactions, SQLite",
    ),
    (
        "ratio postgres.drain.ours/drain.raw",
        1.0,
        "of the rate of raw statements that drain a backlog, PostgreSQL",
    ),
    (
        "ratio postgres.drain.ours/drain.graphile_tuned",
        1.5,
        "times graphile_worker with the settings of its benchmark",
    ),
    (
        "ratio postgres.tx.event.1/tx.bare.1",
        0.7,
        "of the rate of bare transactions, one producer, PostgreSQL",
    ),
    (
        "ratio postgres.tx.event.16/tx.bare.16",
        0.8,
        "of the rate of bare transactions, sixteen producers, PostgreSQL",
    ),
];

const AT_MOST: [Target; 11] = [
    (
        "micros sqlite.commit.handler.p50",
        100.0,
        "µs from a commit to the handler, SQLite",
    ),
    (
        "micros postgres.commit.handler.p50",
        100.0,
        "µs from a commit to the handler, PostgreSQL",
    ),
    (
        "micros sqlite.other.process.p50",
        5_000.0,
        "µs to a handler in another process, SQLite",
    ),
    (
        "micros postgres.other.process.p50",
        5_000.0,
        "µs to a handler in another process, PostgreSQL",
    ),
    (
        "millis sqlite.recovery.p50",
        1_000.0,
        "ms from a kill to the handler in another process, SQLite",
    ),
    (
        "millis sqlite.recovery.p99",
        3_000.0,
        "the same, the slowest",
    ),
    (
        "millis postgres.recovery.p50",
        1_000.0,
        "ms from a kill to the handler in another process, PostgreSQL",
    ),
    (
        "millis postgres.recovery.p99",
        3_000.0,
        "the same, the slowest",
    ),
    (
        "queries postgres.idle.second",
        1.0,
        "questions a second of an idle process",
    ),
    (
        "ratio postgres.claim.retries/claim.empty",
        2.0,
        "times the p99 of a claim from an empty table, beside retries of the future",
    ),
    (
        "megabytes sqlite.backlog",
        100.0,
        "MB at most while a large backlog is drained",
    ),
];

pub(crate) fn print(figures: &Figures) {
    targets(figures, &AT_MOST);
    for (name, limit, what) in AT_LEAST {
        target_of_more(figures.get(name), limit, what);
    }
    lines(figures);
}
