//! Deliveries that fail: tried again, given up, and never in the way of others.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use event_core::retry::Permanent;
use event_core::{Dispatcher, Meta, handler};
use event_outbox::sqlite::{Outbox, Sqlite, Tx};
use event_outbox::store::{Filter, Lease, NewDelivery, Owner, Store as _};

use super::fixture::*;

#[handler(durable, id = "test.heal", retry(attempts = 5, backoff = "1ms..5ms"))]
async fn heal(event: &OrderPlaced, meta: Meta, journal: &Journal) -> Result<(), String> {
    assert_eq!(meta.attempt(), journal.call("heal") % 3 + 1);
    if meta.attempt() < 3 {
        return Err("not yet".to_owned());
    }
    journal.write(format!("heal {}", event.order_id));
    Ok(())
}

#[handler(durable, id = "test.fail", retry(attempts = 3, backoff = "1ms..5ms"))]
async fn fail(event: &OrderPlaced, tx: &mut Tx, journal: &Journal) -> Result<(), String> {
    let insert = sqlx::query("INSERT INTO effects VALUES (?)").bind(event.order_id);
    insert
        .execute(tx.connection())
        .await
        .map_err(|error| error.to_string())?;
    tx.emit(PaymentTaken {
        order_id: event.order_id,
    })
    .unwrap();
    journal.write("fail");
    match event.order_id {
        1 => panic!("order 1 is too much"),
        _ => Err("the bank is closed".to_owned()),
    }
}

#[handler(
    durable,
    id = "test.give_up",
    retry(attempts = 9, backoff = "1ms..5ms")
)]
async fn give_up(_event: &OrderPlaced, journal: &Journal) -> Result<(), Permanent> {
    journal.write("give up");
    Err(Permanent::new("never"))
}

#[handler(
    durable,
    id = "test.slow",
    timeout = "20ms",
    retry(attempts = 2, backoff = "1ms..2ms")
)]
async fn slow(_event: &OrderPlaced, journal: &Journal) {
    journal.write("slow");
    std::future::pending::<()>().await;
}

#[handler(durable, id = "test.pay")]
async fn pay(_event: &PaymentTaken, journal: &Journal) {
    journal.write("pay");
}

async fn dead(outbox: &Outbox) -> Vec<event_outbox::store::DeadLetter> {
    outbox
        .store()
        .dead(&Filter::default(), 0, 100)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_delivery_is_tried_again_until_it_succeeds() {
    let outbox = in_memory().await;
    let (_dispatcher, journal) = build(Dispatcher::empty().handler(heal), &outbox);
    outbox.emit(OrderPlaced { order_id: 1 }).await.unwrap();
    until("it heals", async || journal.count("heal 1") == 1).await;
    assert_eq!(drained(&outbox).await, 0);
    assert_eq!((outbox.counts().done, outbox.counts().retried), (1, 2));
}

#[tokio::test]
async fn one_that_fails_each_time_is_a_dead_letter_with_its_cause_and_leaves_no_trace() {
    let outbox = in_memory().await;
    let (_dispatcher, journal) = build(Dispatcher::empty().handler(fail).handler(pay), &outbox);
    let mut tx = outbox.begin().await.unwrap();
    sqlx::query("CREATE TABLE effects (id)")
        .execute(tx.connection())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    outbox.emit(OrderPlaced { order_id: 1 }).await.unwrap();
    outbox.emit(OrderPlaced { order_id: 3 }).await.unwrap();
    until("both are dead", async || dead(&outbox).await.len() == 2).await;
    let causes: Vec<_> = dead(&outbox)
        .await
        .into_iter()
        .map(|it| (it.attempts, it.cause))
        .collect();
    assert!(
        causes.iter().all(|(attempts, _)| *attempts == 3),
        "{causes:?}"
    );
    assert!(
        causes
            .iter()
            .any(|(_, cause)| cause.contains("order 1 is too much")),
        "{causes:?}"
    );
    assert!(
        causes
            .iter()
            .any(|(_, cause)| cause.contains("the bank is closed")),
        "{causes:?}"
    );
    assert_eq!(journal.lines(), ["fail"; 6]);
    let mut tx = outbox.begin().await.unwrap();
    let effects: i64 = sqlx::query_scalar("SELECT count(*) FROM effects")
        .fetch_one(tx.connection())
        .await
        .unwrap();
    assert_eq!(effects, 0);
    assert_eq!(outbox.counts().dead, 2);
}

#[tokio::test]
async fn a_permanent_error_is_the_last_attempt_and_a_timeout_is_not() {
    let outbox = in_memory().await;
    let (_dispatcher, journal) = build(Dispatcher::empty().handler(give_up).handler(slow), &outbox);
    outbox.emit(OrderPlaced { order_id: 1 }).await.unwrap();
    until("both are dead", async || dead(&outbox).await.len() == 2).await;
    assert_eq!(journal.count("give up"), 1);
    assert_eq!(journal.count("slow"), 2);
    let dead = dead(&outbox).await;
    assert!(
        dead.iter().any(|it| it.cause.contains("timed out")),
        "{dead:?}"
    );
}

#[tokio::test]
async fn a_dead_letter_is_delivered_again_when_it_is_asked_for() {
    let outbox = in_memory().await;
    let (_dispatcher, journal) = build(Dispatcher::empty().handler(give_up), &outbox);
    outbox.emit(OrderPlaced { order_id: 1 }).await.unwrap();
    until("it is dead", async || dead(&outbox).await.len() == 1).await;
    let again = outbox
        .store()
        .redeliver(&Filter::default(), 0, 10)
        .await
        .unwrap();
    assert_eq!(again.delivered, 1);
    until("it was tried again", async || journal.count("give up") == 2).await;
    until("it is dead again", async || dead(&outbox).await.len() == 1).await;
}

#[tokio::test]
async fn what_cannot_be_read_is_a_dead_letter_and_stops_nothing_else() {
    let outbox = in_memory().await;
    let delivery = |handler: &'static str, body: &str| NewDelivery {
        event_id: uuid::Uuid::now_v7(),
        handler: handler.into(),
        event: "test.order_placed".into(),
        version: 1,
        key: None,
        body: body.as_bytes().into(),
        due: event_outbox::store::Due::Now,
    };
    let stored = vec![
        delivery("test.give_up", "{"),
        delivery("test.unheard_of", "{}"),
    ];
    outbox.store().insert(None, stored).await.unwrap();
    let (_dispatcher, journal) = build(Dispatcher::empty().handler(give_up), &outbox);
    outbox.emit(OrderPlaced { order_id: 1 }).await.unwrap();
    until("both are dead", async || dead(&outbox).await.len() == 2).await;
    let dead = dead(&outbox).await;
    let unread = dead
        .iter()
        .find(|it| it.reason == "unreadable")
        .expect("one cannot be read");
    assert_eq!(unread.body, b"{");
    assert_eq!(journal.count("give up"), 1);
    let status = outbox.status().await.unwrap();
    let orphan = status
        .iter()
        .find(|it| it.handler == "test.unheard_of")
        .unwrap();
    assert!(!orphan.is_known);
    assert_eq!(orphan.waiting, 1);
}

#[tokio::test]
async fn a_handler_runs_as_often_at_once_as_it_may() {
    static RUNNING: AtomicUsize = AtomicUsize::new(0);
    static MOST: AtomicUsize = AtomicUsize::new(0);

    #[handler(durable, id = "test.narrow", concurrency = 3)]
    async fn narrow(_event: &OrderPlaced, journal: &Journal) {
        let running = RUNNING.fetch_add(1, Ordering::SeqCst) + 1;
        MOST.fetch_max(running, Ordering::SeqCst);
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        RUNNING.fetch_sub(1, Ordering::SeqCst);
        journal.write("narrow");
    }

    let outbox = in_memory().await;
    let (_dispatcher, journal) = build(Dispatcher::empty().handler(narrow), &outbox);
    let mut tx = outbox.begin().await.unwrap();
    for order_id in 0..50 {
        tx.emit(OrderPlaced { order_id }).unwrap();
    }
    tx.commit().await.unwrap();
    until("all have run", async || journal.lines().len() == 50).await;
    assert_eq!(MOST.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_shutdown_waits_for_what_runs_and_gives_the_rest_back() {
    static GO: event_core::flag::Flag = event_core::flag::Flag::new();

    #[handler(durable, id = "test.hold", concurrency = 1)]
    async fn hold(event: &OrderPlaced, journal: &Journal) {
        journal.write(format!("begin {}", event.order_id));
        GO.wait().await;
        journal.write("end");
    }

    let outbox = in_memory().await;
    let (_dispatcher, journal) = build(Dispatcher::empty().handler(hold), &outbox);
    for order_id in 0..3 {
        outbox.emit(OrderPlaced { order_id }).await.unwrap();
    }
    until("one has begun", async || journal.lines().len() == 1).await;
    let shutdown = tokio::spawn({
        let outbox = outbox.clone();
        async move { outbox.shutdown(Duration::from_secs(20)).await }
    });
    until("two are given back", async || {
        let status = outbox.status().await.unwrap();
        status.iter().map(|it| it.waiting).sum::<u64>() == 2
    })
    .await;
    GO.set();
    assert!(shutdown.await.unwrap());
    assert_eq!(journal.lines().len(), 2, "{:?}", journal.lines());
    let status = outbox.status().await.unwrap();
    assert_eq!(
        status.iter().map(|it| it.waiting + it.running).sum::<u64>(),
        2
    );
}

#[tokio::test]
async fn a_process_that_dies_takes_no_attempt() {
    #[handler(durable, id = "test.revive", retry(attempts = 2, backoff = "1ms..1ms"))]
    async fn revive(_event: &OrderPlaced, meta: Meta, journal: &Journal) -> Result<(), String> {
        journal.write(format!("attempt {}", meta.attempt()));
        if meta.attempt() == 1 {
            return Err("not yet".to_owned());
        }
        Ok(())
    }

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    let emitting = in_file(&path).await;
    let (dispatcher, _journal) = build(Dispatcher::empty().handler(revive), &emitting);
    assert!(emitting.shutdown(Duration::from_secs(20)).await);
    emitting.emit(OrderPlaced { order_id: 1 }).await.unwrap();
    for _ in 0..4 {
        // A process that is gone at once.
        let lease = Lease {
            owner: Owner::new(),
            length: Duration::ZERO,
        };
        let claimed = emitting.store().claim(lease, &["test.revive"], 1).await;
        assert_eq!(claimed.unwrap().len(), 1);
    }
    drop(dispatcher);
    let outbox = in_file(&path).await;
    let (_dispatcher, journal) = build(Dispatcher::empty().handler(revive), &outbox);
    assert_eq!(drained(&outbox).await, 0);
    assert_eq!(journal.lines(), ["attempt 1", "attempt 2"]);
}

/// An outbox that its handlers emit with.
#[derive(Default)]
struct Chain(std::sync::OnceLock<Outbox>);

#[tokio::test]
async fn a_delivery_that_is_made_alone_is_not_kept_waiting_for_ever() {
    /// Hands the next one over before it ends, so that there is always one that runs.
    #[handler(durable, id = "test.stream")]
    async fn stream(event: &OrderPlaced, journal: &Journal, chain: &Chain) {
        if journal.count("alone") == 0 {
            let order_id = event.order_id + 1;
            let outbox = chain.0.get().unwrap().clone();
            // In a task of its own, so that it is not caused by this one: causes have a limit.
            let emits = async move { outbox.emit(OrderPlaced { order_id }).await };
            tokio::spawn(emits).await.unwrap().unwrap();
        }
    }

    #[handler(durable, id = "test.alone")]
    async fn alone(_event: &PaymentTaken, journal: &Journal) {
        journal.write("alone");
    }

    let outbox = Outbox::open_on(Sqlite::in_memory().await.unwrap(), quick().concurrency(2));
    let outbox = outbox.await.unwrap();
    let chain = Chain::default();
    chain.0.set(outbox.clone()).unwrap();
    let handlers = Dispatcher::empty().handler(stream).handler(alone);
    let (_dispatcher, journal) = build(handlers.provide(chain), &outbox);
    outbox.emit(OrderPlaced { order_id: 0 }).await.unwrap();
    let mut tx = outbox.begin().await.unwrap();
    let in_an_hour = std::time::SystemTime::now() + Duration::from_hours(1);
    tx.emit_at(PaymentTaken { order_id: 0 }, in_an_hour)
        .unwrap();
    tx.commit().await.unwrap();
    let mut tx = outbox.begin().await.unwrap();
    sqlx::query("UPDATE event_outbox_delivery SET crashes = 3, attempts = 3, due_at = 0 WHERE handler = 'test.alone'")
        .execute(tx.connection())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    until("it was made", async || journal.count("alone") == 1).await;
    assert_eq!(drained(&outbox).await, 0);
}
