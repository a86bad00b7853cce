//! Where orders are packed.

use std::collections::BTreeSet;
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

#[handler(queue = PACKING, retry(attempts = 3, backoff = "1ms..5ms"))]
pub(crate) async fn pack(order: &OrderPlaced, warehouse: &Warehouse) -> Result<(), Jammed> {
    warehouse.begin(order.order_id)?;
    tokio::task::yield_now().await; // it takes a while, and the other packer continues
    warehouse.end(order.order_id);
    Ok(())
}

/// The packing machine is jammed, which does not last.
#[derive(Debug, thiserror::Error)]
#[error("the packing machine is jammed")]
pub(crate) struct Jammed;

/// What was packed, and how many packers were at work at once.
#[derive(Default)]
pub(crate) struct Warehouse(Mutex<Ledger>);

#[derive(Default)]
struct Ledger {
    /// The orders that jam the machine, each once.
    jams: BTreeSet<u32>,
    jammed: usize,
    packed: Vec<u32>,
    at_work: usize,
    most: usize,
}

impl Warehouse {
    /// Lets each of these orders jam the packing machine, once.
    pub(crate) fn jam(&self, orders: impl IntoIterator<Item = u32>) {
        self.ledger().jams.extend(orders);
    }

    fn begin(&self, order_id: u32) -> Result<(), Jammed> {
        let mut ledger = self.ledger();
        if ledger.jams.remove(&order_id) {
            ledger.jammed += 1;
            return Err(Jammed);
        }
        ledger.at_work += 1;
        ledger.most = ledger.most.max(ledger.at_work);
        Ok(())
    }

    /// How often the machine was jammed.
    pub(crate) fn jammed(&self) -> usize {
        self.ledger().jammed
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
