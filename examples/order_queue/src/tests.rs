//! Counts are exact, since the queue is paused or joined, never slept for.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use event_core::Report;
use event_core::queue::QueueCounts;
use event_testing::DispatcherExt as _;

use super::*;

fn order(order_id: u32) -> OrderPlaced {
    OrderPlaced { order_id }
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[tokio::test]
async fn the_emitter_waits_while_the_queue_is_full() {
    let (dispatcher, warehouse) = open(Overflow::Wait).expect("wired");
    let queue = dispatcher.queue(&PACKING).expect("a handler names it");
    queue.pause();
    for order_id in 1..=100 {
        let report = dispatcher.emit_async(order(order_id)).await;
        assert_eq!(report.handed_over(), 1);
    }
    let mut waiting = pin!(dispatcher.emit_async(order(101)));
    assert!(poll(waiting.as_mut()).is_pending());
    assert_eq!((queue.counts().depth, queue.counts().waits), (100, 1));

    queue.resume();
    assert!(waiting.await.is_ok());
    queue.join().await;
    assert_eq!(warehouse.packed(), Some(1..=101));
}

#[tokio::test]
async fn nothing_is_lost_and_join_ends() {
    let (dispatcher, warehouse) = open(Overflow::Wait).expect("wired");
    for order_id in 1..=ORDERS {
        assert!(dispatcher.emit_async(order(order_id)).await.is_ok());
    }
    let queue = dispatcher.queue(&PACKING).expect("a handler names it");
    queue.join().await;
    let counts = queue.counts();
    assert_eq!((counts.done, counts.depth, counts.running), (5_000, 0, 0));
    assert_eq!(counts.high_water, 100, "never did more wait");
    assert!(counts.waits > 0, "the emitter did");
    assert_eq!(warehouse.packed(), Some(1..=ORDERS));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_lost_whatever_the_number_of_emitters() {
    let (dispatcher, warehouse) = open(Overflow::Wait).expect("wired");
    let emitters: Vec<_> = (0..10)
        .map(|emitter| {
            let dispatcher = dispatcher.clone();
            tokio::spawn(async move {
                for order_id in emitter * 500 + 1..=(emitter + 1) * 500 {
                    dispatcher.emit_async(order(order_id)).await;
                }
            })
        })
        .collect();
    for emitter in emitters {
        emitter.await.expect("no panic");
    }
    dispatcher
        .queue(&PACKING)
        .expect("a handler names it")
        .join()
        .await;
    assert_eq!(warehouse.packed(), Some(1..=ORDERS));
    assert!(
        dispatcher
            .queue(&PACKING)
            .expect("a handler names it")
            .counts()
            .high_water
            <= 100
    );
}

#[tokio::test]
async fn two_orders_are_packed_at_once_and_never_more() {
    let (dispatcher, warehouse) = open(Overflow::Wait).expect("wired");
    let orders = async |d: &Dispatcher| {
        for order_id in 1..=100 {
            d.emit_async(order(order_id)).await;
        }
    };
    dispatcher.track(orders).await;
    assert_eq!(warehouse.most(), 2);
}

/// Emits 5,000 orders while the packers pause; all reports, and the counts at the end.
async fn flood(overflow: Overflow) -> (Vec<Report>, QueueCounts, Arc<Warehouse>) {
    let (dispatcher, warehouse) = open(overflow).expect("wired");
    let queue = dispatcher.queue(&PACKING).expect("a handler names it");
    queue.pause();
    let reports = (1..=ORDERS).map(|id| dispatcher.emit(order(id))).collect();
    queue.resume();
    queue.join().await;
    (reports, queue.counts(), warehouse)
}

#[tokio::test]
async fn drop_oldest_keeps_the_last_hundred_and_counts_the_rest() {
    let (reports, counts, warehouse) = flood(Overflow::DropOldest).await;
    assert!(reports.iter().all(Report::is_ok), "it is no failure");
    assert_eq!(
        (counts.done, counts.dropped, counts.rejected),
        (100, 4_900, 0)
    );
    assert_eq!(warehouse.packed(), Some(4_901..=5_000));
}

#[tokio::test]
async fn drop_newest_keeps_the_first_hundred_and_counts_the_rest() {
    let (reports, counts, warehouse) = flood(Overflow::DropNewest).await;
    assert!(reports.iter().all(Report::is_ok), "it is no failure");
    assert_eq!(reports.iter().map(Report::dropped).sum::<usize>(), 4_900);
    assert_eq!(
        (counts.done, counts.dropped, counts.rejected),
        (100, 4_900, 0)
    );
    assert_eq!(warehouse.packed(), Some(1..=100));
}

#[tokio::test]
async fn reject_tells_the_emitter_of_each_order_that_found_no_room() {
    let (reports, counts, warehouse) = flood(Overflow::Reject).await;
    assert_eq!(
        reports.iter().filter(|report| !report.is_ok()).count(),
        4_900
    );
    assert_eq!(
        (counts.done, counts.dropped, counts.rejected),
        (100, 0, 4_900)
    );
    assert_eq!(warehouse.packed(), Some(1..=100));
}

#[tokio::test]
async fn what_was_rejected_is_redelivered_until_nothing_is_lost() {
    // `emit` waits for nobody, so a queue that lets emitters wait rejects, too.
    for overflow in [Overflow::Reject, Overflow::Wait] {
        let (dispatcher, warehouse) = open(overflow).expect("wired");
        let queue = dispatcher.queue(&PACKING).expect("a handler names it");
        queue.pause();
        let reports: Vec<_> = (1..=ORDERS).map(|id| dispatcher.emit(order(id))).collect();
        queue.resume();
        for failure in reports.iter().flat_map(Report::failures) {
            failure.redeliver().await.expect("somebody packs");
        }
        queue.join().await;
        assert_eq!(warehouse.packed(), Some(1..=ORDERS));
    }
}
