//! An emission to queues alone.
//!
//! This module emits events whose handlers are all queued, with no filter. The event is allocated once, all
//! deliveries share it, and each queue is offered its own delivery. [`hand_over`] settles an offer that a
//! queue does not take at once.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::engine::deferred::hand_over;
use crate::engine::deferred::offer;
use crate::engine::emission::cascade::Cascade;
use crate::engine::emission::deferred_delivery::DeferredDelivery;
use crate::engine::emission::deferred_event::{ErasedDeferredEvent, HandlerRef};
use crate::engine::emission::erased::{RootEvent, Sharing};
use crate::engine::emission::lineage::Lineage;
use crate::engine::plan::executor::{Executor, QueueExecutor};
use crate::engine::plan::flags;
use crate::engine::plan::handlers::{EventKind, TableEntry};
use crate::engine::queue::live::LiveQueue;
use crate::engine::state::DispatcherState;
use crate::nesting;
use crate::nesting::NestingError;
use crate::nesting::tracker::Tracker;
use crate::nesting_depth;
use crate::panics;
use crate::queue::Overflow;

/// Returns the entry of an event that this module can emit as an outermost root.
pub(crate) fn entry(inner: &DispatcherState, kind: EventKind) -> Option<&TableEntry> {
    let entry = inner.entry(kind.slot())?;
    let goes =
        entry.flags() == flags::QUEUED && !inner.makes_meta() && nesting_depth::is_outermost();
    goes.then_some(entry)
}

/// The result of an offer of an event by value. An event that is not taken stays with the caller.
pub(crate) enum EventOffer<'d> {
    Taken,
    /// The queue is full, and lets emitters wait.
    Full(EventPlace<'d>),
    /// The event cannot wait by value, and is emitted like any other.
    Refused,
}

/// A queue, a ring in the queue, and the lane of the event.
#[derive(Clone, Copy)]
pub(crate) struct EventPlace<'d> {
    pub(crate) queue: &'d Arc<LiveQueue>,
    ring: u32,
    lane: Option<u64>,
}

/// Puts the event of an outermost root, which is not tracked, into the queue of its one handler, if it may wait
/// there by value.
pub(crate) fn offer_event<'d>(
    inner: &'d Arc<DispatcherState>,
    entry: &TableEntry,
    event: &mut dyn RootEvent,
) -> EventOffer<'d> {
    let [handler] = &*entry.deferred else {
        return EventOffer::Refused;
    };
    let Executor::Queue(QueueExecutor {
        queue,
        port: Some(ring),
        ..
    }) = handler.executor
    else {
        return EventOffer::Refused;
    };
    let queue = &inner.queues[queue];
    offer::start(queue, inner);
    if queue.has_no_consumer.load(Ordering::Acquire) {
        return EventOffer::Refused;
    }
    let Ok(lane) = lane(queue, event) else {
        // The emission of the item reports the panic.
        return EventOffer::Refused;
    };
    let place = EventPlace { queue, ring, lane };
    if place.offer(event) {
        return EventOffer::Taken;
    }
    if queue.settings.overflow == Overflow::Wait && !queue.buffer.is_closed() {
        return EventOffer::Full(place);
    }
    EventOffer::Refused
}

/// Whether the queue of its one handler took the event of an outermost root, which is not tracked. A root that
/// may block waits for capacity.
pub(crate) fn takes_event(
    inner: &Arc<DispatcherState>,
    entry: &TableEntry,
    event: &mut dyn RootEvent,
    blocks: bool,
) -> bool {
    match offer_event(inner, entry, event) {
        EventOffer::Taken => true,
        EventOffer::Full(place) => blocks && place.offer_blocking(event),
        EventOffer::Refused => false,
    }
}

/// Returns the lane of an event, if deliveries of its queue may run side by side; an error if the user's
/// `Hash` of the key panics.
#[inline]
fn lane(queue: &LiveQueue, event: &dyn RootEvent) -> Result<Option<u64>, ()> {
    if !queue.has_lanes() {
        return Ok(None);
    }
    let lane = || panics::catch_payload(|| event.lane());
    let (lane, refused) = nesting::enter(0, lane);
    match (lane, refused) {
        (Ok(lane), None) => Ok(lane),
        _ => Err(()),
    }
}

impl EventPlace<'_> {
    /// Returns `false`, and leaves the event where it is, if the queue is full or closed.
    #[inline]
    pub(crate) fn offer(self, event: &mut dyn RootEvent) -> bool {
        let Self { queue, ring, lane } = self;
        queue.buffer.offer_event(ring, event.as_any_mut(), lane)
    }

    /// Offers the event once the thread has waited until there is capacity. Returns `false` if the queue was
    /// closed.
    pub(crate) fn offer_blocking(self, event: &mut dyn RootEvent) -> bool {
        let queue = self.queue;
        queue.count_wait();
        loop {
            queue.buffer.capacity_free_blocking();
            if self.offer(event) {
                return true;
            }
            if queue.buffer.is_closed() {
                return false;
            }
        }
    }
}

/// Offers the event to its queues. A root that may block waits for capacity. Returns the refusal of an emit
/// that was nested too deep. `tracker` is told when all that the root caused has ended.
pub(crate) fn emit(
    inner: &Arc<DispatcherState>,
    entry: &TableEntry,
    event: &mut dyn RootEvent,
    cascade: &mut Cascade,
    tracker: Option<Tracker>,
) -> Option<NestingError> {
    let offer_all = || {
        let shared = event.share(Sharing {
            lineage: Lineage {
                tracker,
                ..Lineage::at(0)
            },
            late: None,
            as_arc: false,
        });
        let Some((last, others)) = entry.deferred.split_last() else {
            return;
        };
        for (handler, at) in others.iter().zip(0..) {
            offer_item(inner, &handler.executor, Arc::clone(&shared), at, cascade);
        }
        let at = u32::try_from(others.len()).unwrap_or(u32::MAX);
        offer_item(inner, &last.executor, shared, at, cascade);
        if cascade.wait_policy.blocks() {
            hand_over::wait_blocking(inner, cascade);
        }
    };
    nesting::enter(0, offer_all).1
}

fn offer_item(
    inner: &Arc<DispatcherState>,
    executor: &Executor,
    event: Arc<dyn ErasedDeferredEvent>,
    index: u32,
    cascade: &mut Cascade,
) {
    let Executor::Queue(QueueExecutor { queue, label, .. }) = *executor else {
        unreachable!("only queued handlers go this way")
    };
    let item = DeferredDelivery::queued(inner, event, HandlerRef::DeferredHandler(index), label);
    let may_wait = cascade.wait_policy.waits();
    hand_over::offer(inner, &inner.queues[queue], item, may_wait, cascade);
}
