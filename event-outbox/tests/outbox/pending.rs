//! What a transaction that is not committed would deliver.

use event_core::{Dispatcher, Event, handler};
use event_outbox::OutboxError;
use event_outbox::sqlite::Tx;
use serde::{Deserialize, Serialize};

use super::fixture::*;

#[derive(Event, Serialize, Deserialize, PartialEq)]
#[event(name = "test.card_charged", durable)]
struct CardCharged {
    cents: u64,
    #[event(redact)]
    card: String,
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "test.unheard", durable)]
struct Unheard;

fn is_large(event: &CardCharged) -> bool {
    assert_ne!(event.cents, 13, "nobody charges 13");
    event.cents > 100
}

#[handler(durable, id = "test.book")]
async fn book(event: &CardCharged, tx: &mut Tx, journal: &Journal) -> Result<(), OutboxError> {
    journal.write("book");
    tx.emit(PaymentTaken {
        order_id: event.cents.try_into().unwrap(),
    })?;
    Ok(())
}

#[handler(durable, id = "test.warn", filter = is_large)]
fn warn(_event: &CardCharged, journal: &Journal) {
    journal.write("warn");
}

#[handler(before_commit)]
fn veto(_event: &CardCharged, journal: &Journal) {
    journal.write("veto");
}

#[handler]
fn show(_event: &CardCharged, journal: &Journal) {
    journal.write("show");
}

fn handlers() -> event_core::dispatcher::DispatcherBuilder {
    let builder = Dispatcher::empty().handler(book).handler(warn);
    builder.handler(veto).handler(show)
}

fn charged(cents: u64) -> CardCharged {
    let card = "4000 0000 0000 0002".to_owned();
    CardCharged { cents, card }
}

#[tokio::test]
async fn a_transaction_shows_what_it_would_deliver_and_to_whom_and_a_rollback_delivers_nothing() {
    let outbox = in_memory().await;
    let (_dispatcher, journal) = build(handlers(), &outbox);
    let mut tx = outbox.begin().await.unwrap();
    assert!(tx.pending().unwrap().is_empty());
    tx.emit(charged(7)).unwrap();
    tx.emit(Unheard).unwrap();
    let mut kept = tx.savepoint().await.unwrap();
    kept.emit(charged(700)).unwrap();
    kept.release().await.unwrap();
    let mut dropped = tx.savepoint().await.unwrap();
    dropped.emit(charged(70_000)).unwrap();
    drop(dropped);

    let pending = tx.pending().unwrap();
    assert!(!pending.is_empty());
    assert_eq!(
        pending.of::<CardCharged>(),
        [
            (&charged(7), &["test.book"][..]),
            (&charged(700), &["test.book", "test.warn"][..]),
        ]
    );
    assert_eq!(pending.of::<Unheard>()[0].1, [""; 0]);
    assert!(pending.of::<PaymentTaken>().is_empty());
    assert_eq!(
        pending.deliveries(),
        [
            ("test.card_charged", "test.book"),
            ("test.card_charged", "test.book"),
            ("test.card_charged", "test.warn"),
        ]
    );
    tx.rollback().await.unwrap();
    assert_eq!(drained(&outbox).await, 0);
    assert_eq!(outbox.counts().done, 0);
    assert!(journal.lines().is_empty(), "{:?}", journal.lines());
}

#[tokio::test]
async fn a_commit_delivers_what_was_shown() {
    let outbox = in_memory().await;
    let (_dispatcher, journal) = build(handlers(), &outbox);
    let mut tx = outbox.begin().await.unwrap();
    tx.emit(charged(700)).unwrap();
    let shown = tx.pending().unwrap().deliveries().len();
    assert_eq!(tx.commit().await.unwrap().deliveries(), shown);
    assert_eq!(drained(&outbox).await, 0);
    let mut lines = journal.lines();
    lines.sort_unstable();
    assert_eq!(lines, ["book", "show", "veto", "warn"]);
}

#[tokio::test]
async fn a_handler_that_a_test_calls_shows_what_it_emitted_in_the_transaction() {
    let outbox = in_memory().await;
    let (_dispatcher, journal) = build(handlers(), &outbox);
    let mut tx = outbox.begin().await.unwrap();
    book(&charged(7), &mut tx, &journal).await.unwrap();
    let pending = tx.pending().unwrap();
    assert_eq!(pending.of::<PaymentTaken>()[0].0.order_id, 7);
}

#[tokio::test]
async fn what_is_shown_as_text_names_handlers_by_their_ids_and_masks_redacted_fields() {
    let outbox = in_memory().await;
    let (_dispatcher, _) = build(handlers(), &outbox);
    let mut tx = outbox.begin().await.unwrap();
    tx.emit(charged(700)).unwrap();
    assert_eq!(
        format!("{:?}", tx.pending().unwrap()),
        "[test.card_charged { event: CardCharged { cents: 700, card: [redacted] }, handlers: [\"test.book\", \"test.warn\"] }]"
    );
}

#[tokio::test]
async fn a_filter_that_panics_is_an_error_and_the_transaction_goes_on() {
    let outbox = in_memory().await;
    let (_dispatcher, _) = build(handlers(), &outbox);
    let mut tx = outbox.begin().await.unwrap();
    tx.emit(charged(13)).unwrap();
    let error = tx.pending().unwrap_err();
    assert!(matches!(error, OutboxError::Refused(_)), "{error:?}");
    assert!(error.to_string().contains("nobody charges 13"), "{error}");
    sqlx::query("CREATE TABLE orders (id)")
        .execute(tx.connection())
        .await
        .unwrap();
}
