//! The rules of an outbox, on an SQLite store: each test has a dispatcher and a database of its own.

#![cfg(feature = "sqlite")]
#![allow(
    clippy::unwrap_used,
    clippy::wildcard_imports,
    reason = "a test panics where something does not hold, and names what its fixture has"
)]

mod outbox {
    mod deliveries;
    mod failures;
    mod fixture;
    mod health;
    mod join;
    mod ordered;
    #[cfg(unix)]
    mod others;
    mod pending;
    mod restarts;
    mod sea_orm;
    mod tracked;
    mod transactions;
}
