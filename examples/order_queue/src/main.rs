//! 5,000 orders, two packers, and a queue with room for 100.
//!
//! ```text
//! cargo run -p order_queue
//! ```
//!
//! What to look at:
//!
//! * The queue is one line in `src/warehouse.rs`, and `pack` names it. Whoever emits does not know that
//!   there is one; take `queue = PACKING` away, and `pack` runs inside of `emit_async`.
//! * First the emitter waits whenever 100 orders do. Nothing is lost, and never do more wait.
//! * Then the packing machine jams now and then. A jam does not last, so `pack` says `retry`: a delivery that
//!   failed waits a little and is tried again, and the packers pack other orders meanwhile.
//! * Then nobody may wait, and the packers pause: 100 orders find room, and what becomes of the other
//!   4,900 is the queue's policy. Each is counted, and a rejected one is in the emitter's report.
//!
//! In Python the class that claims to wait "if full" makes queues without a bound: 5,000 orders simply
//! lie in it. Its consumers run until the loop ends, and to wait for them one reaches for a private
//! field. Here a queue without a bound cannot be written, `join` waits until it is quiet, and `shutdown`
//! ends its consumers and says what was left.

mod warehouse;

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use event_core::queue::Overflow;
use event_core::{Dispatcher, error::BoxError};
use warehouse::{OrderPlaced, PACKING, Warehouse};

const ORDERS: u32 = 5_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    println!("{ORDERS} orders, and the emitter waits for room.");
    let (dispatcher, warehouse) = open(Overflow::Wait)?;
    for order_id in 1..=ORDERS {
        dispatcher.emit_async(OrderPlaced { order_id }).await;
    }
    let queue = dispatcher.queue(&PACKING).expect("a handler names it");
    queue.join().await;
    let counts = queue.counts();
    let lost = u64::from(ORDERS) - counts.done;
    println!("  packed {}, lost {lost}", counts.done);
    println!("  had to wait for room: {}", counts.waits > 0);
    println!(
        "  at most {} waited, {} were packed at once",
        counts.high_water,
        warehouse.most()
    );
    let shutdown = dispatcher.shutdown(Duration::from_secs(10)).await;
    println!("  closed, with nothing left: {}", shutdown.is_complete());

    println!("{ORDERS} orders, and each 50th jams the packing machine.");
    let (dispatcher, warehouse) = open(Overflow::Wait)?;
    warehouse.jam((1..=ORDERS).filter(|order_id| order_id % 50 == 0));
    for order_id in 1..=ORDERS {
        dispatcher.emit_async(OrderPlaced { order_id }).await;
    }
    let queue = dispatcher.queue(&PACKING).expect("a handler names it");
    queue.join().await;
    let counts = queue.counts();
    println!("  packed {}, failed {}", counts.done, counts.failed);
    println!("  jams that another attempt healed: {}", warehouse.jammed());

    println!("{ORDERS} orders while the packers pause, and nobody waits.");
    println!("  policy      packed  dropped  rejected  which were packed");
    for policy in [Overflow::Reject, Overflow::DropOldest, Overflow::DropNewest] {
        let (dispatcher, warehouse) = open(policy)?;
        let queue = dispatcher.queue(&PACKING).expect("a handler names it");
        queue.pause();
        let mut told = 0; // how many failures the emitter got a report of
        for order_id in 1..=ORDERS {
            told += dispatcher.emit(OrderPlaced { order_id }).rejected();
        }
        queue.resume();
        queue.join().await;
        let counts = queue.counts();
        println!(
            "  {:10}  {:6}  {:7}  {told:8}  {}",
            format!("{policy:?}"),
            counts.done,
            counts.dropped,
            which(warehouse.packed()),
        );
    }
    Ok(())
}

fn which(packed: Option<RangeInclusive<u32>>) -> String {
    packed.map_or_else(
        || "not what it should be".to_owned(),
        |orders| format!("{} to {}", orders.start(), orders.end()),
    )
}

/// A warehouse, and the dispatcher that brings it orders.
fn open(overflow: Overflow) -> Result<(Dispatcher, Arc<Warehouse>), BoxError> {
    let warehouse = Arc::new(Warehouse::default());
    let dispatcher = Dispatcher::builder()
        .provide_arc(Arc::clone(&warehouse))
        .configure(&PACKING, |queue| queue.overflow(overflow))
        .build()?;
    Ok((dispatcher, warehouse))
}

#[cfg(test)]
mod tests;
