//! A bounded queue with two consumers.

use std::sync::Arc;
use std::time::Duration;

use event_core::queue::{Overflow, Queue};
use event_core::{Event, handler};

use crate::clock::Clock;
use crate::ledger::Ledger;
use crate::order::Order;
use crate::{dispatcher, runtime};

event_core::module!();

static ORDERS: Queue = Queue::new("orders")
    .capacity(100)
    .consumers(2)
    .overflow(Overflow::Wait);

#[derive(Event)]
struct OrderPlaced(Order);

#[handler(queue = ORDERS)]
async fn ship(event: &OrderPlaced, ledger: &Ledger) {
    ledger.add(event.0.total_cents);
}

/// Emits orders, waiting for room, and waits until all are shipped.
pub(crate) fn ship_all(ledger: &Arc<Ledger>, times: u64) -> Duration {
    runtime().block_on(async {
        let dispatcher = dispatcher(MODULE, ledger);
        let clock = Clock::start();
        for order in Order::series(times) {
            let report = dispatcher.emit_async(OrderPlaced(order)).await;
            assert!(report.is_ok(), "{report}");
        }
        dispatcher
            .queue(&ORDERS)
            .expect("a handler names it")
            .join()
            .await;
        clock.elapsed()
    })
}
