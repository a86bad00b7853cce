//! Where orders are packed.

use std::ops::RangeInclusive;
use std::sync::{Mutex, MutexGuard, PoisonError};

use event_core::queue::{Overflow, Queue};
use event_core::{Event, handler};

#[derive(Event)]
pub(crate) struct OrderPlaced {
    pub(crate) order_id: u32,
}

/// Orders wait here. Two are packed at a time; when 100 wait, whoever brings the next one waits, too.
pub(crate) static PACKING: Queue = Queue::new("packing")
    .capacity(100)
    .consumers(2)
    .overflow(Overflow::Wait);

#[handler(queue = PACKING)]
pub(crate) async fn pack(order: &OrderPlaced, warehouse: &Warehouse) {
    warehouse.begin();
    tokio::task::yield_now().await; // it takes a while, and the other packer goes on
    warehouse.end(order.order_id);
}

/// What was packed, and how many packers were at work at once.
#[derive(Default)]
pub(crate) struct Warehouse(Mutex<Ledger>);

#[derive(Default)]
struct Ledger {
    packed: Vec<u32>,
    at_work: usize,
    most: usize,
}

impl Warehouse {
    fn begin(&self) {
        let mut ledger = self.ledger();
        ledger.at_work += 1;
        ledger.most = ledger.most.max(ledger.at_work);
    }

    fn end(&self, order_id: u32) {
        let mut ledger = self.ledger();
        ledger.at_work -= 1;
        ledger.packed.push(order_id);
    }

    /// The most orders that were packed at the same time.
    pub(crate) fn most(&self) -> usize {
        self.ledger().most
    }

    /// The orders that were packed, if each between the first and the last was, once.
    pub(crate) fn packed(&self) -> Option<RangeInclusive<u32>> {
        let mut packed = self.ledger().packed.clone();
        packed.sort_unstable();
        let all = *packed.first()?..=*packed.last()?;
        all.clone().eq(packed).then_some(all)
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
