//! What a transaction does with its events.

use event_core::{Dispatcher, Event, handler};
use event_outbox::OutboxError;
use event_outbox::sqlite::Tx;
use serde::{Deserialize, Serialize};

use super::fixture::*;

#[handler(durable, id = "test.note")]
async fn note(event: &OrderPlaced, journal: &Journal) {
    journal.write(format!("note {}", event.order_id));
}

#[handler]
fn count(event: &OrderPlaced, journal: &Journal) {
    journal.write(format!("count {}", event.order_id));
}

#[handler(before_commit)]
async fn check(event: &OrderPlaced, tx: &mut Tx, journal: &Journal) -> Result<(), String> {
    journal.write(format!("check {}", event.order_id));
    if event.order_id < 0 {
        return Err("no order has a negative number".to_owned());
    }
    sqlx::query("INSERT INTO checked VALUES (?)")
        .bind(event.order_id)
        .execute(tx.connection())
        .await
        .map_err(|error| error.to_string())?;
    Ok(())
}

struct OtherTx;

#[handler(durable, id = "test.other")]
async fn other(_event: &OrderPlaced, _tx: &mut OtherTx) {}

fn handlers() -> event_core::dispatcher::DispatcherBuilder {
    Dispatcher::empty().handler(note).handler(count)
}

#[tokio::test]
async fn a_committed_event_reaches_each_handler_and_the_data_is_there() {
    let outbox = in_memory().await;
    let (_dispatcher, journal) = build(handlers(), &outbox);
    let mut tx = outbox.begin().await.unwrap();
    sqlx::query("CREATE TABLE orders (id)")
        .execute(tx.connection())
        .await
        .unwrap();
    tx.emit(OrderPlaced { order_id: 7 }).unwrap();
    assert!(journal.lines().is_empty(), "nothing runs before the commit");
    let committed = tx.commit().await.unwrap();
    assert_eq!(committed.deliveries(), 1);
    assert_eq!(committed.reports()[0].done(), 1);
    assert_eq!(drained(&outbox).await, 0);
    assert_eq!(journal.count("note 7"), 1);
    assert_eq!(journal.count("count 7"), 1);
}

#[tokio::test]
async fn nothing_of_a_transaction_that_is_dropped_or_rolled_back_is_handled() {
    let outbox = in_memory().await;
    let (_dispatcher, journal) = build(handlers(), &outbox);
    let mut tx = outbox.begin().await.unwrap();
    tx.emit(OrderPlaced { order_id: 1 }).unwrap();
    drop(tx);
    let mut tx = outbox.begin().await.unwrap();
    tx.emit(OrderPlaced { order_id: 2 }).unwrap();
    tx.rollback().await.unwrap();
    outbox.emit(OrderPlaced { order_id: 3 }).await.unwrap();
    assert_eq!(drained(&outbox).await, 0);
    until("the third is handled", async || {
        journal.count("note 3") == 1
    })
    .await;
    assert_eq!(journal.lines().len(), 2, "{:?}", journal.lines());
}

#[tokio::test]
async fn a_savepoint_that_is_taken_back_takes_its_events_with_it() {
    let outbox = in_memory().await;
    let (_dispatcher, journal) = build(handlers(), &outbox);
    let mut tx = outbox.begin().await.unwrap();
    tx.emit(OrderPlaced { order_id: 1 }).unwrap();
    let mut kept = tx.savepoint().await.unwrap();
    kept.emit(OrderPlaced { order_id: 2 }).unwrap();
    let mut dropped = kept.savepoint().await.unwrap();
    dropped.emit(OrderPlaced { order_id: 3 }).unwrap();
    drop(dropped);
    kept.release().await.unwrap();
    let mut dropped = tx.savepoint().await.unwrap();
    dropped.emit(OrderPlaced { order_id: 4 }).unwrap();
    let mut inner = dropped.savepoint().await.unwrap();
    inner.emit(OrderPlaced { order_id: 5 }).unwrap();
    inner.release().await.unwrap();
    dropped.rollback().await.unwrap();
    assert_eq!(tx.commit().await.unwrap().deliveries(), 2);
    assert_eq!(drained(&outbox).await, 0);
    until("both are handled", async || journal.lines().len() == 4).await;
    for handled in ["note 1", "note 2", "count 1", "count 2"] {
        assert_eq!(journal.count(handled), 1, "{handled}");
    }
}

#[tokio::test]
async fn a_handler_before_the_commit_writes_in_the_transaction_and_can_make_it_fail() {
    let outbox = in_memory().await;
    let (_dispatcher, journal) = build(handlers().handler(check), &outbox);
    let mut tx = outbox.begin().await.unwrap();
    sqlx::query("CREATE TABLE checked (id)")
        .execute(tx.connection())
        .await
        .unwrap();
    tx.emit(OrderPlaced { order_id: 1 }).unwrap();
    tx.commit().await.unwrap();
    outbox.emit(OrderPlaced { order_id: 2 }).await.unwrap();
    let error = outbox.emit(OrderPlaced { order_id: -3 }).await.unwrap_err();
    assert!(
        matches!(error, OutboxError::BeforeCommit { .. }),
        "{error:?}"
    );
    assert!(
        error.to_string().contains("no order has a negative number"),
        "{error}"
    );
    assert_eq!(drained(&outbox).await, 0);
    let mut tx = outbox.begin().await.unwrap();
    let checked: i64 = sqlx::query_scalar("SELECT sum(id) FROM checked")
        .fetch_one(tx.connection())
        .await
        .unwrap();
    assert_eq!(checked, 3);
    drop(tx);
    until("both are handled", async || journal.count("note 2") == 1).await;
    assert_eq!(journal.count("check -3"), 1);
    assert_eq!(journal.count("note -3") + journal.count("count -3"), 0);
}

#[tokio::test]
async fn an_event_in_a_transaction_of_the_caller_is_handled_after_its_commit_and_not_without() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.db");
    let outbox = in_file(&file).await;
    let (_dispatcher, journal) = build(handlers(), &outbox);
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file);
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let emitted = outbox
        .emit_in(&mut transaction, OrderPlaced { order_id: 1 })
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(emitted.committed().unwrap().done(), 1);
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let emitted = outbox
        .emit_in(&mut transaction, OrderPlaced { order_id: 2 })
        .await
        .unwrap();
    transaction.rollback().await.unwrap();
    drop(emitted);
    until("the first is handled", async || {
        journal.count("note 1") == 1
    })
    .await;
    assert_eq!(drained(&outbox).await, 0);
    assert_eq!(journal.lines().len(), 2, "{:?}", journal.lines());
}

#[tokio::test]
async fn an_outbox_serves_one_dispatcher_and_says_so() {
    let outbox = in_memory().await;
    let error = outbox.emit(OrderPlaced { order_id: 1 }).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("`Dispatcher::builder().outbox(&outbox)`"),
        "{error}"
    );
    let (_first, _) = build(handlers(), &outbox);
    let second = Dispatcher::empty().outbox(&outbox).build().unwrap_err();
    assert!(
        second
            .to_string()
            .contains("the outbox belongs to another dispatcher"),
        "{second}"
    );
}

#[tokio::test]
async fn a_handler_that_takes_another_transaction_is_refused_by_the_build() {
    let outbox = in_memory().await;
    let error = Dispatcher::empty()
        .handler(other)
        .outbox(&outbox)
        .build()
        .unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("takes `&mut OtherTx`, and the outbox lends a `Tx<Sqlite>`"),
        "{error}"
    );
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "test.file_uploaded", durable)]
struct FileUploaded {
    content: String,
}

#[handler(durable, id = "test.store_file")]
async fn store_file(event: &FileUploaded, journal: &Journal) {
    journal.write(format!("{} bytes", event.content.len()));
}

#[tokio::test]
async fn an_event_of_64_mb_is_refused_and_its_transaction_goes_on() {
    let outbox = in_memory().await;
    let (_dispatcher, journal) = build(Dispatcher::empty().handler(store_file), &outbox);
    let mut tx = outbox.begin().await.unwrap();
    let content = "x".repeat(64 << 20);
    let error = tx.emit(FileUploaded { content }).unwrap_err().to_string();
    assert!(error.contains("test.file_uploaded"), "{error}");
    assert!(error.len() < 1000, "{} characters", error.len());
    let content = "x".repeat(1000);
    tx.emit(FileUploaded { content }).unwrap();
    tx.commit().await.unwrap();
    assert_eq!(drained(&outbox).await, 0);
    assert_eq!(journal.lines(), ["1000 bytes"]);
}
