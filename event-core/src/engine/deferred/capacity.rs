//! Async waits of deliveries for capacity in their queues.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::engine::deferred::hand_over;
use crate::engine::deferred::offer::offer_again;
use crate::engine::emission::cascade::Cascade;
use crate::engine::emission::cascade_state::BlockedDelivery;
use crate::engine::queue::live::{LiveQueue, OfferResult};
use crate::engine::state::DispatcherState;
use crate::report::status::DeliveryStatus;

/// Waits for capacity for the blocked deliveries of a root.
pub(crate) async fn wait_for_capacity(inner: &Arc<DispatcherState>, cascade: &mut Cascade) {
    if let Some(mut capacity_wait) = CapacityWait::take(inner, cascade) {
        capacity_wait.offer_all().await;
        capacity_wait.settle(cascade);
    }
}

/// Deliveries that wait for capacity in their queues. A drop cancels the deliveries that still wait, or
/// abandons them if they are a task's.
pub(crate) struct CapacityWait<'a> {
    inner: &'a Arc<DispatcherState>,
    blocked: VecDeque<BlockedDelivery>,
    /// The deliveries that a queue has taken or refused, until the root counts them.
    offered: Vec<(Arc<LiveQueue>, OfferResult)>,
    /// How the deliveries end that still wait when this is dropped.
    ended: DeliveryStatus,
    lost: Arc<AtomicUsize>,
}

impl<'a> CapacityWait<'a> {
    pub(crate) fn take(inner: &'a Arc<DispatcherState>, cascade: &mut Cascade) -> Option<Self> {
        let ended = cascade.status_if_dropped();
        let state = cascade.state.get_mut()?.get_mut();
        if state.blocked.is_empty() {
            return None;
        }
        Some(Self {
            ended,
            lost: Arc::clone(state.cancelled_waits.get_or_insert_default()),
            inner,
            blocked: std::mem::take(&mut state.blocked).into(),
            offered: Vec::new(),
        })
    }

    /// Offers the deliveries one after the other, so that lanes keep their order.
    pub(crate) async fn offer_all(&mut self) {
        while let Some(BlockedDelivery { queue, .. }) = self.blocked.front() {
            let queue = Arc::clone(queue);
            queue.buffer.capacity_free().await;
            let Some(blocked) = self.blocked.pop_front() else {
                return;
            };
            match offer_again(self.inner, blocked) {
                Err(blocked) => self.blocked.push_front(blocked),
                Ok(offered) => self.offered.push((queue, offered)),
            }
        }
    }

    pub(crate) fn settle(&mut self, cascade: &mut Cascade) {
        for (queue, offered) in self.offered.drain(..) {
            hand_over::offered_to(self.inner, &queue, offered, cascade);
        }
    }
}

impl Drop for CapacityWait<'_> {
    fn drop(&mut self) {
        if !self.offered.is_empty() {
            let mut cascade = Cascade::default();
            self.settle(&mut cascade);
            self.inner.notify_failures(cascade);
        }
        for BlockedDelivery { queue, item, slot } in std::mem::take(&mut self.blocked) {
            queue.count(self.ended);
            if let Some(slot) = slot {
                queue.buffer.stop_waiting(slot);
            }
            self.lost.fetch_add(1, Ordering::Relaxed);
            self.inner.end_not_run(item, self.ended, Some(queue.name));
        }
    }
}

/// Emits what handlers caused, in order, until nothing is left, and waits without blocking until queues
/// have capacity.
pub(crate) async fn run_caused(inner: &Arc<DispatcherState>, cascade: &mut Cascade) {
    loop {
        wait_for_capacity(inner, cascade).await;
        if cascade.run_next(inner).is_none() {
            break;
        }
    }
}
