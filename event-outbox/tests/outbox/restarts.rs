//! Programs that end, and start again with the same database.

use std::time::Duration;

use event_core::{Dispatcher, handler};

use super::fixture::*;

#[handler(durable, id = "test.old_name")]
async fn before(event: &OrderPlaced, journal: &Journal) {
    journal.write(format!("before {}", event.order_id));
}

#[handler(durable, id = "test.new_name", alias = "test.old_name")]
async fn after(event: &OrderPlaced, journal: &Journal) {
    journal.write(format!("after {}", event.order_id));
}

#[tokio::test]
async fn what_one_program_has_stored_the_next_one_handles_also_under_a_new_id() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.db");
    let first = in_file(&file).await;
    let (dispatcher, journal) = build(Dispatcher::empty().handler(before), &first);
    first.emit(OrderPlaced { order_id: 1 }).await.unwrap();
    until("it is handled", async || journal.count("before 1") == 1).await;
    drained(&first).await;
    assert!(first.shutdown(Duration::from_secs(20)).await);
    // Nothing runs any more; what is committed now waits for the next program.
    first.emit(OrderPlaced { order_id: 2 }).await.unwrap();
    drop((first, dispatcher));

    let second = in_file(&file).await;
    let (_dispatcher, journal) = build(Dispatcher::empty().handler(after), &second);
    until("it is handled", async || journal.count("after 2") == 1).await;
    assert_eq!(drained(&second).await, 0);
    assert_eq!(journal.lines(), ["after 2"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_programs_share_the_deliveries_and_none_is_made_twice() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.db");
    let (one, other) = (in_file(&file).await, in_file(&file).await);
    let (_first, here) = build(Dispatcher::empty().handler(before), &one);
    let (_second, there) = build(Dispatcher::empty().handler(before), &other);
    for order_id in 0..100 {
        let outbox = if order_id % 3 == 0 { &one } else { &other };
        outbox.emit(OrderPlaced { order_id }).await.unwrap();
    }
    until("all are handled", async || {
        here.lines().len() + there.lines().len() >= 100
    })
    .await;
    drained(&one).await;
    let mut lines = [here.lines(), there.lines()].concat();
    lines.sort();
    lines.dedup();
    assert_eq!(lines.len(), 100);
    assert_eq!(here.lines().len() + there.lines().len(), 100);
}
