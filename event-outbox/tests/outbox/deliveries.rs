//! What durable handlers do, and what becomes of what they cause.

use std::time::{Duration, SystemTime};

use event_core::{Dispatcher, Meta, handler, handlers};
use event_outbox::Settings;
use event_outbox::sqlite::{Outbox, Sqlite, Tx};

use super::fixture::*;

#[handler(durable, id = "test.charge")]
async fn charge(
    event: &OrderPlaced,
    tx: &mut Tx,
    journal: &Journal,
) -> Result<(PaymentTaken, TillRang), sqlx::Error> {
    let order_id = event.order_id;
    sqlx::query("INSERT INTO payments VALUES (?)")
        .bind(order_id)
        .execute(tx.connection())
        .await?;
    journal.write(format!("charge {order_id}"));
    Ok((PaymentTaken { order_id }, TillRang))
}

#[handler(durable, id = "test.thank")]
fn thank(event: &PaymentTaken, meta: Meta, journal: &Journal) {
    assert_eq!(meta.depth(), 1);
    journal.write(format!("thank {}", event.order_id));
}

#[handler(durable, id = "test.forward")]
async fn forward(event: &OrderPlaced) -> Option<PaymentTaken> {
    Some(PaymentTaken {
        order_id: event.order_id,
    })
}

#[handler]
fn ring(_event: &TillRang, journal: &Journal) {
    journal.write("ring");
}

struct Ledger;

#[handlers]
impl Ledger {
    #[handler(durable, id = "test.enter")]
    async fn enter(&self, event: &OrderPlaced, tx: &mut Tx, journal: &Journal) {
        tx.emit(PaymentTaken {
            order_id: event.order_id,
        })
        .unwrap();
        journal.write(format!("enter {}", event.order_id));
    }
}

async fn payments(outbox: &Outbox) -> i64 {
    let mut tx = outbox.begin().await.unwrap();
    sqlx::query_scalar("SELECT count(*) FROM payments")
        .fetch_one(tx.connection())
        .await
        .unwrap()
}

async fn with_payments(outbox: &Outbox) {
    let mut tx = outbox.begin().await.unwrap();
    sqlx::query("CREATE TABLE payments (id)")
        .execute(tx.connection())
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn what_a_handler_writes_and_returns_is_committed_with_the_end_of_its_delivery() {
    let outbox = in_memory().await;
    let handlers = Dispatcher::empty()
        .handler(charge)
        .handler(thank)
        .handler(ring);
    let (_dispatcher, journal) = build(handlers, &outbox);
    with_payments(&outbox).await;
    for order_id in 0..20 {
        outbox.emit(OrderPlaced { order_id }).await.unwrap();
    }
    until("all are thanked", async || journal.lines().len() == 60).await;
    assert_eq!(drained(&outbox).await, 0);
    assert_eq!(payments(&outbox).await, 20);
    assert_eq!(journal.count("ring"), 20);
    for order_id in 0..20 {
        assert_eq!(journal.count(&format!("thank {order_id}")), 1);
    }
}

#[tokio::test]
async fn what_a_handler_without_a_transaction_returns_is_stored_and_handled() {
    let outbox = in_memory().await;
    let (_dispatcher, journal) =
        build(Dispatcher::empty().handler(forward).handler(thank), &outbox);
    outbox.emit(OrderPlaced { order_id: 4 }).await.unwrap();
    until("it is thanked", async || journal.count("thank 4") == 1).await;
    assert_eq!(drained(&outbox).await, 0);
    assert_eq!(outbox.counts().done, 2);
}

#[tokio::test]
async fn a_method_is_lent_the_transaction_and_emits_in_it() {
    let outbox = in_memory().await;
    let handlers = Dispatcher::empty()
        .handler(Ledger::enter)
        .handler(thank)
        .provide(Ledger);
    let (_dispatcher, journal) = build(handlers, &outbox);
    outbox.emit(OrderPlaced { order_id: 5 }).await.unwrap();
    until("it is thanked", async || journal.count("thank 5") == 1).await;
    assert_eq!(journal.lines(), ["enter 5", "thank 5"]);
}

#[tokio::test]
async fn an_event_that_is_due_later_waits_and_can_be_cancelled() {
    let outbox = in_memory().await;
    let (_dispatcher, journal) =
        build(Dispatcher::empty().handler(thank).handler(forward), &outbox);
    let soon = SystemTime::now() + Duration::from_millis(300);
    let late = SystemTime::now() + Duration::from_hours(1);
    let cancelled = outbox
        .emit_at(OrderPlaced { order_id: 1 }, late)
        .await
        .unwrap();
    outbox
        .emit_at(OrderPlaced { order_id: 2 }, soon)
        .await
        .unwrap();
    assert!(journal.lines().is_empty());
    assert_eq!(outbox.cancel(cancelled).await.unwrap().deleted, 1);
    until("the other is handled", async || {
        journal.count("thank 2") == 1
    })
    .await;
    assert!(SystemTime::now() >= soon);
    assert_eq!(drained(&outbox).await, 0);
    assert_eq!(journal.lines(), ["thank 2"]);
}

#[tokio::test]
async fn a_session_that_tracks_waits_for_what_an_event_causes_through_the_outbox() {
    use event_testing::DispatcherExt as _;

    let outbox = in_memory().await;
    let (dispatcher, journal) = build(Dispatcher::empty().handler(forward).handler(thank), &outbox);
    let tracked = outbox.clone();
    dispatcher
        .track(async |_| {
            tracked.emit(OrderPlaced { order_id: 6 }).await.unwrap();
        })
        .await;
    assert_eq!(journal.lines(), ["thank 6"]);
}

#[tokio::test]
async fn what_is_committed_here_starts_without_a_poll() {
    let store = Sqlite::in_memory().await.unwrap();
    let settings = Settings::new().poll(Duration::from_hours(1));
    let outbox = Outbox::open_on(store, settings).await.unwrap();
    let (_dispatcher, journal) =
        build(Dispatcher::empty().handler(forward).handler(thank), &outbox);
    for order_id in [1, 2] {
        outbox.emit(OrderPlaced { order_id }).await.unwrap();
        let thanked = format!("thank {order_id}");
        until("it is thanked", async || journal.count(&thanked) == 1).await;
    }
}
