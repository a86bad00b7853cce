//! The events, the handlers and what they write down.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use event_core::dispatcher::DispatcherBuilder;
use event_core::{Dispatcher, Event};
use event_outbox::Settings;
use event_outbox::sqlite::{Outbox, Sqlite};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Clone)]
#[event(name = "test.order_placed", durable)]
pub(super) struct OrderPlaced {
    pub(super) order_id: i64,
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "test.line_added", durable, key = order_id)]
pub(super) struct LineAdded {
    pub(super) order_id: i64,
    pub(super) line: u32,
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "test.payment_taken", durable)]
pub(super) struct PaymentTaken {
    pub(super) order_id: i64,
}

#[derive(Event)]
pub(super) struct TillRang;

/// What handlers have done, in order.
#[derive(Default)]
pub(super) struct Journal {
    lines: Mutex<Vec<String>>,
    calls: Mutex<HashMap<String, u32>>,
}

impl Journal {
    pub(super) fn write(&self, line: impl Into<String>) {
        self.lines.lock().unwrap().push(line.into());
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    pub(super) fn count(&self, line: &str) -> usize {
        self.lines().iter().filter(|it| *it == line).count()
    }

    /// Counts a call; returns how many there were before.
    pub(super) fn call(&self, what: &str) -> u32 {
        let mut calls = self.calls.lock().unwrap();
        let calls = calls.entry(what.to_owned()).or_default();
        *calls += 1;
        *calls - 1
    }
}

/// Settings with which nothing takes longer than a test waits.
pub(super) fn quick() -> Settings {
    Settings::new().poll(Duration::from_millis(20))
}

pub(super) async fn in_memory() -> Outbox {
    Outbox::open_on(Sqlite::in_memory().await.unwrap(), quick())
        .await
        .unwrap()
}

pub(super) async fn in_file(path: &Path) -> Outbox {
    Outbox::open_on(Sqlite::open(path).await.unwrap(), quick())
        .await
        .unwrap()
}

/// A dispatcher with these handlers, its outbox and its journal.
pub(super) fn build(
    builder: DispatcherBuilder,
    outbox: &Outbox,
) -> (Dispatcher, std::sync::Arc<Journal>) {
    let journal = std::sync::Arc::new(Journal::default());
    let builder = builder.provide_arc(std::sync::Arc::clone(&journal));
    let dispatcher = builder.outbox(outbox).build().unwrap();
    (dispatcher, journal)
}

/// Waits until something holds, no longer than 20 s.
pub(super) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "waited 20 s until {what}"
        );
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Waits until the store has no delivery, and returns how many dead letters it has.
pub(super) async fn drained(outbox: &Outbox) -> u64 {
    until("no delivery is left", async || {
        let status = outbox.status().await.unwrap();
        status
            .iter()
            .all(|it| it.waiting + it.running + it.delayed == 0)
    })
    .await;
    outbox
        .status()
        .await
        .unwrap()
        .iter()
        .map(|it| it.dead)
        .sum()
}
