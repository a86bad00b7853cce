//! Order by key.

use std::collections::HashMap;

use event_core::{Dispatcher, Meta, handler};

use super::fixture::*;

#[handler(
    durable,
    id = "test.append",
    retry(attempts = 20, backoff = "1ms..3ms")
)]
async fn append(event: &LineAdded, meta: Meta, journal: &Journal) -> Result<(), String> {
    tokio::task::yield_now().await;
    // Each third line fails twice, so that those behind it could overtake it.
    if event.line.is_multiple_of(3) && meta.attempt() < 3 {
        return Err("not yet".to_owned());
    }
    journal.write(format!("{}:{}", event.order_id, event.line));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_one_key_are_handled_in_the_order_of_their_commits_also_if_some_fail() {
    const LINES: u32 = 12;
    let outbox = in_memory().await;
    let (_dispatcher, journal) = build(Dispatcher::empty().handler(append), &outbox);
    for line in 1..=LINES {
        for order_id in 0..4 {
            outbox.emit(LineAdded { order_id, line }).await.unwrap();
        }
    }
    let all = 4 * LINES as usize;
    until("all are handled", async || journal.lines().len() == all).await;
    assert_eq!(drained(&outbox).await, 0);
    let mut seen: HashMap<String, Vec<u32>> = HashMap::new();
    for line in journal.lines() {
        let (order, line) = line.split_once(':').unwrap();
        seen.entry(order.to_owned())
            .or_default()
            .push(line.parse().unwrap());
    }
    for (order, lines) in seen {
        assert_eq!(lines, (1..=LINES).collect::<Vec<_>>(), "order {order}");
    }
}
