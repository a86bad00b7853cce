//! A program that waits until its deliveries are made.

use std::sync::Arc;
use std::time::Duration;

use event_core::{Dispatcher, handler};
use event_outbox::sqlite::Outbox;
use event_outbox::store::{Due, NewDelivery, Sqlite, Store as _};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::fixture::*;

const LIMIT: Duration = Duration::from_secs(20);

/// Causes another event.
#[handler(durable, id = "test.charge")]
async fn charge(event: &OrderPlaced) -> PaymentTaken {
    tokio::task::yield_now().await;
    PaymentTaken {
        order_id: event.order_id,
    }
}

#[handler(durable, id = "test.ship")]
async fn ship(event: &PaymentTaken, journal: &Journal, gate: &Semaphore) {
    gate.acquire().await.unwrap().forget();
    journal.write(format!("shipped {}", event.order_id));
}

#[handler(durable, id = "test.fail", retry(attempts = 2, backoff = "1h..1h"))]
async fn fail(_event: &OrderPlaced) -> Result<(), String> {
    Err("not now".to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_join_waits_for_what_was_committed_and_for_what_that_causes() {
    // Without room, so that some wait in the store.
    for backlog in [0, 3, 10_000] {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(folder.path().join("app.db"));
        let settings = quick().backlog(backlog).concurrency(2);
        let outbox = Outbox::open_on(store.await.unwrap(), settings)
            .await
            .unwrap();
        let gate = Arc::new(Semaphore::new(0));
        let builder = Dispatcher::empty().provide_arc(Arc::clone(&gate));
        let builder = builder.handler(charge).handler(ship).handler(fail);
        let (_dispatcher, journal) = build(builder, &outbox);
        for order_id in 0..20 {
            outbox.emit(OrderPlaced { order_id }).await.unwrap();
        }
        assert!(!outbox.join(Duration::from_millis(50)).await, "it ships");
        gate.add_permits(20);
        assert!(outbox.join(LIMIT).await);
        assert_eq!(journal.lines().len(), 20, "with room for {backlog}");
        assert!(outbox.join(LIMIT).await, "nothing is left");
        let status = outbox.status().await.unwrap();
        let delayed: u64 = status.iter().map(|it| it.delayed).sum();
        assert_eq!(
            delayed, 20,
            "a retry of later is not waited for: {status:?}"
        );
    }
}

#[tokio::test]
async fn what_was_committed_a_moment_ago_is_joined() {
    let outbox = in_memory().await;
    let gate = Semaphore::new(1_000);
    let builder = Dispatcher::empty()
        .provide(gate)
        .handler(charge)
        .handler(ship);
    let (_dispatcher, journal) = build(builder, &outbox);
    for order_id in 0..200 {
        let mut tx = outbox.begin().await.unwrap();
        tx.emit(OrderPlaced { order_id }).unwrap();
        tx.commit().await.unwrap();
        assert!(outbox.join(LIMIT).await);
        assert_eq!(journal.count(&format!("shipped {order_id}")), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_process_left_is_joined() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.db");
    for process in 1..20 {
        let outbox = in_file(&file).await;
        let builder = Dispatcher::empty().provide(Semaphore::new(1_000));
        let (_dispatcher, journal) = build(builder.handler(ship), &outbox);
        assert!(outbox.join(LIMIT).await);
        assert!(
            process == 1 || journal.lines().len() == 1,
            "process {process}"
        );
        assert!(outbox.shutdown(LIMIT).await);
        // Nobody makes it before the next process.
        drop(outbox.store().insert(None, vec![left()]).await.unwrap());
    }
}

/// A row of a process that has just died.
fn left() -> NewDelivery {
    let id = Uuid::now_v7();
    let body = serde_json::json!({
        "specversion": "1.0", "id": id, "source": "/outbox", "type": "test.payment_taken", "data": { "order_id": 1 },
    });
    NewDelivery {
        event_id: id,
        handler: "test.ship".into(),
        event: "test.payment_taken".into(),
        version: 1,
        key: None,
        body: body.to_string().into_bytes().into(),
        due: Due::Now,
    }
}

#[tokio::test]
async fn an_outbox_that_makes_no_deliveries_is_not_joined() {
    let outbox = in_memory().await;
    assert!(!outbox.join(LIMIT).await, "it has no dispatcher");
    let builder = Dispatcher::empty().provide(Semaphore::new(0));
    let (_dispatcher, _) = build(builder.handler(ship), &outbox);
    outbox.emit(PaymentTaken { order_id: 1 }).await.unwrap();
    let ended = async {
        tokio::join!(
            outbox.join(LIMIT * 100),
            outbox.shutdown(Duration::from_millis(50))
        )
    };
    let ended = tokio::time::timeout(LIMIT, ended).await;
    let (is_joined, _) = ended.expect("a join ends with its outbox");
    assert!(!is_joined);
    assert!(!outbox.join(LIMIT).await, "it was shut down");
}
