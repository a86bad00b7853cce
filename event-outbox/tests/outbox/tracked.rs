//! What a session of the testing kit waits for.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, SystemTime};

use event_core::{Dispatcher, Meta, handler};
use event_outbox::Settings;
use event_outbox::sqlite::{Outbox, Sqlite};
use event_outbox::store::{Filter, Store as _};
use event_testing::{DispatcherExt as _, assert_nothing_emitted};

use super::fixture::*;

#[handler(
    durable,
    id = "test.pay_at_last",
    retry(attempts = 5, backoff = "1ms..20ms")
)]
async fn pay_at_last(event: &OrderPlaced, meta: Meta) -> Result<PaymentTaken, String> {
    if meta.attempt() < 3 {
        return Err("the bank is closed".to_owned());
    }
    Ok(PaymentTaken {
        order_id: event.order_id,
    })
}

#[handler(
    durable,
    id = "test.thank_at_last",
    retry(attempts = 5, backoff = "1ms..20ms")
)]
fn thank_at_last(event: &PaymentTaken, meta: Meta, journal: &Journal) -> Result<(), String> {
    if meta.attempt() < 2 {
        return Err("no stamps".to_owned());
    }
    journal.write(format!("thank {}", event.order_id));
    Ok(())
}

#[handler(durable, id = "test.never", retry(attempts = 2, backoff = "1ms..2ms"))]
async fn never(_event: &OrderPlaced) -> Result<(), String> {
    Err("never".to_owned())
}

#[handler(durable, id = "test.add", retry(attempts = 3, backoff = "1ms..5ms"))]
async fn add(event: &LineAdded, meta: Meta, journal: &Journal) -> Result<(), String> {
    if event.line == 0 && meta.attempt() == 1 {
        return Err("not yet".to_owned());
    }
    journal.write(format!("add {}", event.line));
    Ok(())
}

#[tokio::test]
async fn a_session_waits_for_the_attempts_of_a_delivery_and_of_what_it_returned() {
    let outbox = in_memory().await;
    let handlers = Dispatcher::empty()
        .handler(pay_at_last)
        .handler(thank_at_last);
    let (dispatcher, journal) = build(handlers, &outbox);
    let emit = async |_: &Dispatcher| outbox.emit(OrderPlaced { order_id: 1 }).await.unwrap();
    dispatcher.track(emit).await;
    assert_eq!(journal.lines(), ["thank 1"]);
    assert_eq!(outbox.counts().retried, 3);
}

#[tokio::test]
async fn when_a_session_ends_its_dead_letters_are_stored() {
    let outbox = in_memory().await;
    let (dispatcher, _) = build(Dispatcher::empty().handler(never), &outbox);
    let emit = async |_: &Dispatcher| outbox.emit(OrderPlaced { order_id: 1 }).await.unwrap();
    let event = dispatcher.track(emit).await;
    let dead = outbox.store().dead(&Filter::default(), 0, 10).await;
    let dead = dead.unwrap();
    assert_eq!(dead.len(), 1);
    assert_eq!((dead[0].event_id, dead[0].attempts), (event, 2));
}

#[tokio::test]
async fn a_session_waits_for_deliveries_behind_others_of_their_key_and_for_those_without_room() {
    let store = Sqlite::in_memory().await.unwrap();
    let settings = quick().backlog(2);
    let outbox = Outbox::open_on(store, settings).await.unwrap();
    let (dispatcher, journal) = build(Dispatcher::empty().handler(add), &outbox);
    dispatcher
        .track(async |_| {
            let mut tx = outbox.begin().await.unwrap();
            for line in 0..8 {
                tx.emit(LineAdded { order_id: 1, line }).unwrap();
            }
            tx.commit().await.unwrap();
        })
        .await;
    let lines: Vec<String> = (0..8).map(|line| format!("add {line}")).collect();
    assert_eq!(journal.lines(), lines);
}

#[tokio::test]
async fn a_session_waits_for_what_is_emitted_in_a_transaction_of_the_caller_and_committed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.db");
    let outbox = in_file(&file).await;
    let (dispatcher, journal) = build(Dispatcher::empty().handler(thank_at_last), &outbox);
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file);
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    dispatcher
        .track(async |_| {
            for (order_id, commits) in [(1, true), (2, false)] {
                let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
                let payment = PaymentTaken { order_id };
                let emitted = outbox.emit_in(&mut transaction, payment).await.unwrap();
                if commits {
                    transaction.commit().await.unwrap();
                    emitted.committed().unwrap();
                }
            }
        })
        .await;
    assert_eq!(journal.lines(), ["thank 1"]);
}

#[tokio::test]
async fn a_session_does_not_wait_for_what_will_not_be_made_here() {
    let outbox = in_memory().await;
    let (dispatcher, journal) = build(Dispatcher::empty().handler(thank_at_last), &outbox);
    let in_an_hour = SystemTime::now() + Duration::from_hours(1);
    let tracker = dispatcher.tracker().limit(Duration::from_secs(20));
    let waited = tracker.run(async |_| {
        let mut tx = outbox.begin().await.unwrap();
        tx.emit(PaymentTaken { order_id: 1 }).unwrap();
        tx.rollback().await.unwrap();
        let late = PaymentTaken { order_id: 2 };
        outbox.emit_at(late, in_an_hour).await.unwrap();
    });
    waited.await.unwrap();
    // An outbox that ends lets go of all that a session waits for.
    let tracker = dispatcher.tracker().limit(Duration::from_secs(20));
    let waited = tracker.run(async |_| {
        assert!(outbox.shutdown(Duration::from_secs(10)).await);
        outbox.emit(PaymentTaken { order_id: 3 }).await.unwrap();
    });
    waited.await.unwrap();
    assert!(journal.lines().is_empty());
}

#[handler(
    durable,
    id = "test.wait_long",
    retry(attempts = 5, backoff = "1h..2h")
)]
async fn wait_long(_event: &OrderPlaced, journal: &Journal) -> Result<(), String> {
    journal.write("failed");
    Err("come back later".to_owned())
}

#[tokio::test]
async fn a_session_ends_when_what_waits_for_its_next_attempt_is_cancelled_or_left_to_others() {
    for shuts_down in [true, false] {
        let store = Sqlite::in_memory().await.unwrap();
        let outbox = Outbox::open_on(store, Settings::new()).await.unwrap();
        let (dispatcher, journal) = build(Dispatcher::empty().handler(wait_long), &outbox);
        let tracker = dispatcher.tracker().limit(Duration::from_secs(20));
        let waited = tracker.run(async |_| {
            let id = outbox.emit(OrderPlaced { order_id: 1 }).await.unwrap();
            until("it waits", async || {
                let status = outbox.status().await.unwrap();
                journal.count("failed") == 1 && status.iter().any(|it| it.delayed == 1)
            })
            .await;
            if shuts_down {
                assert!(outbox.shutdown(Duration::from_secs(10)).await);
            } else {
                assert_eq!(outbox.cancel(id).await.unwrap().deleted, 1);
            }
        });
        waited.await.unwrap();
    }
}

#[handler(durable, id = "test.take_payment")]
async fn take_payment(event: &OrderPlaced) -> PaymentTaken {
    PaymentTaken {
        order_id: event.order_id,
    }
}

#[tokio::test]
async fn a_failed_assertion_shows_where_a_durable_event_was_emitted_or_who_returned_it() {
    let outbox = in_memory().await;
    let handlers = Dispatcher::empty().handler(take_payment);
    let (dispatcher, _journal) = build(handlers, &outbox);
    let rec = dispatcher.record();
    let mut lines = Vec::new();
    let session = dispatcher.track(async |_| {
        let mut tx = outbox.begin().await.unwrap();
        lines.push((line!() + 1, "order_id: 1"));
        tx.emit(OrderPlaced { order_id: 1 }).unwrap();
        let mut part = tx.savepoint().await.unwrap();
        lines.push((line!() + 1, "order_id: 2"));
        part.emit(OrderPlaced { order_id: 2 }).unwrap();
        part.release().await.unwrap();
        tx.commit().await.unwrap();
        lines.push((line!() + 1, "order_id: 3"));
        outbox.emit(OrderPlaced { order_id: 3 }).await.unwrap();
    });
    session.await;
    let failed = catch_unwind(AssertUnwindSafe(|| assert_nothing_emitted!(rec)));
    let text = *failed.unwrap_err().downcast::<String>().unwrap();
    let file = file!();
    for (line, order) in lines {
        let emitted = format!("OrderPlaced {{ {order} }}, emitted at {file}:{line}");
        assert!(text.contains(&emitted), "not `{emitted}`\n{text}");
        let returned = text
            .lines()
            .find(|line| line.contains(&format!("PaymentTaken {{ {order} }}")));
        let by = "::take_payment (";
        let is_told = |line: &str| line.contains(", returned by ") && line.contains(by);
        assert!(returned.is_some_and(is_told), "{text}");
    }
}
