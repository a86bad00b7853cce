//! What probes and alarms see.

use std::collections::HashMap;
use std::time::Duration;

use event_core::{Dispatcher, handler};
use event_outbox::store::{Due, NewDelivery, Store as _};
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use uuid::Uuid;

use super::fixture::*;

#[handler(durable, id = "health.new", alias = "health.old", retry(attempts = 1))]
async fn fail(_event: &OrderPlaced) -> Result<(), String> {
    Err("no".to_owned())
}

fn of(handler: &'static str) -> NewDelivery {
    NewDelivery {
        event_id: Uuid::now_v7(),
        handler: handler.into(),
        event: "test.order_placed".into(),
        version: 1,
        key: None,
        body: b"{}".to_vec().into(),
        due: Due::After(Duration::from_hours(1)),
    }
}

#[tokio::test]
async fn deliveries_of_an_alias_are_known_and_of_another_handler_orphaned() {
    let outbox = in_memory().await;
    assert!(!outbox.is_running(), "no dispatcher was built");
    let (_dispatcher, _journal) = build(Dispatcher::empty().handler(fail), &outbox);
    assert!(outbox.is_running());
    let ids = async || {
        let status = outbox.status().await.unwrap();
        let known = status.into_iter().map(|it| (it.handler, it.is_known));
        known.collect::<Vec<_>>()
    };
    let known = |handler: &str| (handler.to_owned(), true);
    assert_eq!(ids().await, [known("health.new")]);
    let stored = vec![of("health.old"), of("health.elsewhere")];
    outbox.store().insert(None, stored).await.unwrap();
    let elsewhere = ("health.elsewhere".to_owned(), false);
    assert_eq!(
        ids().await,
        [elsewhere, known("health.new"), known("health.old")]
    );
    let health = outbox.health().await.unwrap();
    assert_eq!((health.dead, health.orphaned), (0, 1));
    outbox.emit(OrderPlaced { order_id: 1 }).await.unwrap();
    until("it is dead", async || {
        outbox.health().await.unwrap().dead == 1
    })
    .await;
    assert!(outbox.shutdown(Duration::from_secs(20)).await);
    assert!(!outbox.is_running());
}

#[tokio::test]
async fn what_nobody_works_on_has_an_age() {
    let outbox = in_memory().await;
    let (_dispatcher, _journal) = build(Dispatcher::empty().handler(fail), &outbox);
    assert!(outbox.shutdown(Duration::from_secs(20)).await);
    assert_eq!(outbox.health().await.unwrap().oldest, None);
    let stored = NewDelivery {
        due: Due::Now,
        ..of("health.new")
    };
    outbox.store().insert(None, vec![stored]).await.unwrap();
    until("it is older than five milliseconds", async || {
        let oldest = outbox.health().await.unwrap().oldest.unwrap();
        oldest > Duration::from_millis(5)
    })
    .await;
}

/// Counters begin anew with each reading.
fn figures(snapshotter: &Snapshotter) -> HashMap<String, f64> {
    let figures = snapshotter.snapshot().into_vec().into_iter();
    let value = |value| match value {
        DebugValue::Gauge(value) => value.into_inner(),
        #[allow(clippy::cast_precision_loss, reason = "the count is small")]
        DebugValue::Counter(value) => value as f64,
        DebugValue::Histogram(_) => f64::NAN,
    };
    figures
        .map(|(key, _, _, it)| (key.key().name().to_owned(), value(it)))
        .collect()
}

#[tokio::test]
async fn figures_are_recorded_without_being_asked_for() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    // The test's runtime has one thread, which is this one.
    let _local = metrics::set_default_local_recorder(&recorder);
    let outbox = in_memory().await;
    let (_dispatcher, _journal) = build(Dispatcher::empty().handler(fail), &outbox);
    outbox.emit(OrderPlaced { order_id: 1 }).await.unwrap();
    until("it is dead", async || {
        outbox.health().await.unwrap().dead == 1
    })
    .await;
    let strange = of("health.elsewhere");
    outbox.store().insert(None, vec![strange]).await.unwrap();
    let recording = event_outbox::record(&outbox);
    until(
        "the figures are there without being asked for",
        async || figures(&snapshotter).contains_key("event_outbox_orphaned"),
    )
    .await;
    recording.update().await;
    let expected = [
        ("event_outbox_dead_letters", 1.0),
        ("event_outbox_dead_total", 1.0),
        ("event_outbox_done_total", 0.0),
        ("event_outbox_is_running", 1.0),
        ("event_outbox_oldest_age_seconds", 0.0),
        ("event_outbox_orphaned", 1.0),
        ("event_outbox_retried_total", 0.0),
        ("event_outbox_stale_total", 0.0),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value));
    assert_eq!(figures(&snapshotter), HashMap::from(expected));
}
