//! Offers deliveries to queues.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::engine::deferred::consumer;
use crate::engine::emission::cascade_state::BlockedDelivery;
use crate::engine::emission::deferred_delivery::DeferredDelivery;
use crate::engine::queue::live::{LiveQueue, OfferResult, ServedBy};
use crate::engine::state::DispatcherState;
use crate::panics;
use crate::queue::Overflow;
use crate::queue::buffer::slots::Slot;
use crate::queue::buffer::{Offer, WhenFull};
use crate::report::status::DeliveryStatus;

/// Offers a delivery, which may have waited for capacity in a slot. The first offer starts the consumers.
pub(crate) fn offer(
    queue: &Arc<LiveQueue>,
    inner: &Arc<DispatcherState>,
    item: DeferredDelivery,
    slot: Option<Slot>,
) -> OfferResult {
    offer_as(queue, inner, item, slot, queue.settings.overflow)
}

/// Offers a delivery whose producer waits for capacity, whatever the queue's policy.
pub(crate) fn offer_waiting(
    queue: &Arc<LiveQueue>,
    inner: &Arc<DispatcherState>,
    item: DeferredDelivery,
) -> OfferResult {
    offer_as(queue, inner, item, None, Overflow::Wait)
}

fn offer_as(
    queue: &Arc<LiveQueue>,
    inner: &Arc<DispatcherState>,
    item: DeferredDelivery,
    slot: Option<Slot>,
    overflow: Overflow,
) -> OfferResult {
    start(queue, inner);
    if queue.has_no_consumer.load(Ordering::Acquire) {
        return OfferResult::NoConsumer(item);
    }
    let lane = match queue.serves() {
        ServedBy::Stream => None,
        // The `Hash` of the key is the user's.
        _ => match panics::catch_payload(|| item.event.lane()) {
            Ok(lane) => lane,
            Err(payload) => return OfferResult::Panicked(item, payload),
        },
    };
    let when_full = match overflow {
        Overflow::Wait => WhenFull::Wait,
        Overflow::DropOldest => WhenFull::Displace,
        Overflow::Reject | Overflow::DropNewest => WhenFull::Refuse,
    };
    match queue.buffer.offer(item, lane, when_full, slot) {
        Offer::Waits => {}
        Offer::Displaced(oldest) => displaced(queue, inner, oldest),
        Offer::Full(item) => {
            return match overflow {
                Overflow::Wait => OfferResult::NoCapacity(item),
                Overflow::Reject => OfferResult::Rejected(item),
                Overflow::DropOldest | Overflow::DropNewest => {
                    queue.count(DeliveryStatus::Dropped);
                    OfferResult::Dropped(item)
                }
            };
        }
        // The last consumer may have ended since the check above.
        Offer::Closed(item) if queue.has_no_consumer.load(Ordering::Acquire) => {
            return OfferResult::NoConsumer(item);
        }
        Offer::Closed(item) => return OfferResult::Closed(item),
    }
    queue.wake();
    OfferResult::Waits
}

/// Starts the consumers, unless they have been started.
pub(crate) fn start(queue: &Arc<LiveQueue>, inner: &Arc<DispatcherState>) {
    if queue.start.is_completed() {
        return;
    }
    queue.start.call_once(|| match queue.serves() {
        ServedBy::Threads => consumer::start_threads(inner, queue),
        ServedBy::Tasks => consumer::start_tasks(inner, queue),
        ServedBy::Pump | ServedBy::Stream => {}
    });
}

/// Ends the oldest delivery, which was dropped to free capacity for another.
#[cold]
fn displaced(queue: &LiveQueue, inner: &Arc<DispatcherState>, oldest: DeferredDelivery) {
    queue.count(DeliveryStatus::Dropped);
    if queue.serves() == ServedBy::Stream {
        panics::drop_caught(oldest);
    } else {
        inner.end_not_run(oldest, DeliveryStatus::Dropped, None);
    }
}

/// Ends all deliveries of a queue that has no consumer any more, and lets emitters stop waiting for capacity.
pub(crate) fn fail_waiting(queue: &LiveQueue, inner: &Arc<DispatcherState>) {
    queue.has_no_consumer.store(true, Ordering::Release);
    queue.buffer.close();
    abandon_all(queue, inner, queue.buffer.clear());
    queue.delayed.notify(usize::MAX);
}

/// Ends waiting deliveries that no consumer will run.
pub(crate) fn abandon_all(
    queue: &LiveQueue,
    inner: &Arc<DispatcherState>,
    items: Vec<DeferredDelivery>,
) {
    for item in items {
        queue.count(DeliveryStatus::Abandoned);
        inner.end_not_run(item, DeliveryStatus::Abandoned, Some(queue.name));
    }
}

/// Offers a delivery again that waited for capacity.
///
/// # Errors
///
/// The queue has no capacity.
pub(crate) fn offer_again(
    inner: &Arc<DispatcherState>,
    blocked: BlockedDelivery,
) -> Result<OfferResult, BlockedDelivery> {
    let BlockedDelivery { queue, item, slot } = blocked;
    match offer(&queue, inner, item, slot) {
        OfferResult::NoCapacity(item) => Err(BlockedDelivery { queue, item, slot }),
        OfferResult::Waits => Ok(OfferResult::Waits),
        offered => {
            let Some(slot) = slot else {
                return Ok(offered);
            };
            queue.buffer.stop_waiting(slot);
            Ok(match offered {
                // The shutdown that closed the queue has named it abandoned.
                OfferResult::Closed(item) => OfferResult::NoConsumer(item),
                offered => offered,
            })
        }
    }
}
