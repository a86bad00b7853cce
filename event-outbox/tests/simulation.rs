//! Simulations of outboxes on one store, with faults that a seed determines.
//!
//! The engine is the real one. The store is in memory, time is tokio's paused clock, and all runs on one thread, so that
//! a seed always does the same. Several processes emit, and handle, while calls of the store are late and fail with and
//! without an effect, handlers fail, panic and hang, and processes are killed, paused, shut down and taken for dead. Then
//! the faults end, and when nothing is left to do, the books must be right.
//!
//! `OUTBOX_SEEDS=500` runs more or fewer seeds, and `OUTBOX_SEED=7` runs one.
//!
//! Not simulated: handlers that are no `async fn`, which run on threads of their own.

#![allow(
    clippy::unwrap_used,
    reason = "a test panics where something does not hold"
)]

mod simulation {
    mod books;
    mod database;
    mod directed;
    mod handlers;
    mod process;
    mod random;
    mod rows;
    mod scenario;
    mod seeds;
    mod store;
}
