//! An outbox at work on PostgreSQL: the same engine as on SQLite, on a real server, of two processes' worth of outboxes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_core::{Dispatcher, Event, Meta, handler};
use event_outbox::Settings;
use event_outbox::postgres::{Outbox, Tx};
use event_outbox_servers::{Server, Version, open};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "test.order_placed", durable, key = customer)]
struct OrderPlaced {
    order_id: i64,
    customer: i64,
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "test.order_booked", durable)]
struct OrderBooked {
    order_id: i64,
}

/// What was shipped, for each customer in order.
#[derive(Default)]
struct Shipped(Mutex<HashMap<i64, Vec<i64>>>);

impl Shipped {
    fn count(&self) -> i64 {
        let shipped = self.0.lock().expect("no handler panics with it");
        let count: usize = shipped.values().map(Vec::len).sum();
        i64::try_from(count).expect("a test ships few")
    }
}

#[handler(durable, id = "test.ship", retry(attempts = 10, backoff = "1ms..5ms"))]
async fn ship(event: &OrderPlaced, meta: Meta, shipped: &Shipped) -> Result<(), String> {
    if event.order_id % 5 == 0 && meta.attempt() == 1 {
        return Err("the van is late".to_owned());
    }
    let mut shipped = shipped.0.lock().map_err(|error| error.to_string())?;
    shipped
        .entry(event.customer)
        .or_default()
        .push(event.order_id);
    Ok(())
}

#[handler(durable, id = "test.book")]
async fn book(event: &OrderPlaced, tx: &mut Tx) -> Result<OrderBooked, sqlx::Error> {
    let order_id = event.order_id;
    sqlx::query("INSERT INTO book VALUES ($1)")
        .bind(order_id)
        .execute(tx.connection())
        .await?;
    Ok(OrderBooked { order_id })
}

#[handler(durable, id = "test.thank")]
async fn thank(event: &OrderBooked, tx: &mut Tx) -> Result<(), sqlx::Error> {
    let thanked = sqlx::query("INSERT INTO thanked VALUES ($1)").bind(event.order_id);
    thanked.execute(tx.connection()).await?;
    Ok(())
}

async fn count(outbox: &Outbox, table: &'static str) -> (i64, i64) {
    let mut tx = outbox.begin().await.expect("a transaction begins");
    let query = match table {
        "book" => "SELECT count(*), count(DISTINCT id) FROM book",
        _ => "SELECT count(*), count(DISTINCT id) FROM thanked",
    };
    sqlx::query_as(query)
        .fetch_one(tx.connection())
        .await
        .expect("the table is there")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_outboxes_of_one_database_make_each_delivery_once_and_those_of_a_key_in_order() {
    const ORDERS: i64 = 120;
    let server = Server::shared(Version::Newest);
    let database = server.database().await;
    let settings = || Settings::new().poll(Duration::from_millis(50));
    let shipped = Arc::new(Shipped::default());
    let mut programs = Vec::new();
    for _ in 0..2 {
        let store = open(database.clone()).await;
        let outbox = Outbox::open_on(store, settings())
            .await
            .expect("the outbox opens");
        let builder = Dispatcher::builder().provide_arc(Arc::clone(&shipped));
        let dispatcher = builder
            .outbox(&outbox)
            .build()
            .expect("the dispatcher is built");
        programs.push((outbox, dispatcher));
    }
    let mut tx = programs[0].0.begin().await.expect("a transaction begins");
    for table in [
        "CREATE TABLE book (id BIGINT)",
        "CREATE TABLE thanked (id BIGINT)",
    ] {
        sqlx::query(table)
            .execute(tx.connection())
            .await
            .expect("the table is made");
    }
    let _ = tx.commit().await.expect("the tables are committed");
    for order_id in 1..=ORDERS {
        let outbox = &programs[usize::from(order_id % 2 == 0)].0;
        let mut tx = outbox.begin().await.expect("a transaction begins");
        tx.emit(OrderPlaced {
            order_id,
            customer: order_id % 4,
        })
        .expect("it is emitted");
        if order_id % 10 == 9 {
            tx.rollback().await.expect("it is rolled back");
        } else {
            let _ = tx.commit().await.expect("it is committed");
        }
    }
    let committed = ORDERS - ORDERS / 10;
    let deadline = Instant::now() + Duration::from_mins(1);
    let outbox = &programs[0].0;
    while count(outbox, "thanked").await.0 < committed || shipped.count() < committed {
        assert!(
            Instant::now() < deadline,
            "waited a minute until all are handled"
        );
        sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(count(outbox, "book").await, (committed, committed));
    assert_eq!(count(outbox, "thanked").await, (committed, committed));
    assert_eq!(shipped.count(), committed);
    for orders in shipped
        .0
        .lock()
        .expect("no handler panics with it")
        .values()
    {
        assert!(orders.is_sorted(), "{orders:?}");
    }
    for (outbox, _) in &programs {
        assert!(outbox.shutdown(Duration::from_secs(20)).await);
        assert_eq!(outbox.counts().stale, 0);
    }
}

#[tokio::test]
async fn a_process_without_room_tells_others_of_what_it_stores() {
    let server = Server::shared(Version::Debian);
    let options = server.database().await;
    let start = async || {
        // Nobody finds anything by asking.
        let settings = Settings::new().poll(Duration::from_hours(1));
        let outbox = Outbox::open_on(open(options.clone()).await, settings).await;
        let outbox = outbox.expect("it opens");
        let shipped = Arc::new(Shipped::default());
        let dispatcher = Dispatcher::empty().handler(ship);
        let dispatcher = dispatcher.provide_arc(Arc::clone(&shipped)).outbox(&outbox);
        (outbox, shipped, dispatcher.build().expect("it is built"))
    };
    let (listening, shipped, _dispatcher) = start().await;
    let (full, _shipped, _other) = start().await;
    assert!(full.shutdown(Duration::from_secs(20)).await);
    for order_id in [1, 2] {
        let event = OrderPlaced {
            order_id,
            customer: order_id,
        };
        full.emit(event).await.expect("it is stored");
        let deadline = Instant::now() + Duration::from_secs(20);
        while shipped.count() < order_id {
            assert!(Instant::now() < deadline, "nobody was told of {order_id}");
            sleep(Duration::from_millis(2)).await;
        }
    }
    assert!(listening.shutdown(Duration::from_secs(20)).await);
}
