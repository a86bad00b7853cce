//! A program with an outbox, for tests that let it die: it emits, handles, and writes down what it has done.

#![allow(clippy::unwrap_used, reason = "a worker that panics fails the test")]

mod database;
mod emit;
mod handlers;
mod tasks;

use std::sync::Arc;

use event_outbox::store::{Postgres, Sqlite};
use event_outbox_servers::{Assignment, EffectLog};

fn main() {
    let argument = std::env::args().nth(1).unwrap();
    let assignment: Assignment = serde_json::from_str(&argument).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(run(assignment));
}

async fn run(assignment: Assignment) {
    let log = Arc::new(EffectLog::open(&assignment.log));
    if let Some(file) = assignment.url.strip_prefix("sqlite:") {
        let store = Sqlite::open(file).await.unwrap();
        tasks::run(store, assignment, log).await;
    } else {
        let options = assignment.url.parse().unwrap();
        let store = Postgres::builder(options).max_connections(16).open().await;
        tasks::run(store.unwrap(), assignment, log).await;
    }
}
