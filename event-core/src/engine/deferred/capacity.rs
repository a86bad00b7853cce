//! Deliveries that wait, as a task does, for room in their queues.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::engine::deferred::hand_over;
use crate::engine::deferred::offer::offer_again;
use crate::engine::emission::cascade::Cascade;
use crate::engine::emission::cascade_state::BlockedDelivery;
use crate::engine::queue::live::{LiveQueue, OfferResult};
use crate::engine::state::DispatcherState;
use crate::report::status::Ended;

/// Finds room for the deliveries of a root that wait for it.
pub(crate) async fn wait_for_capacity(inner: &Arc<DispatcherState>, root: &mut Cascade) {
    if let Some(mut rooms) = CapacityWait::take(inner, root) {
        rooms.find().await;
        rooms.settle(root);
    }
}

/// Deliveries that wait for room in their queues. Dropped before they found it, they are cancelled,
/// or abandoned by their task.
pub(crate) struct CapacityWait<'a> {
    inner: &'a Arc<DispatcherState>,
    blocked: VecDeque<BlockedDelivery>,
    found: Vec<(Arc<LiveQueue>, OfferResult)>,
    /// How deliveries end for which this is dropped.
    ended: Ended,
    lost: Arc<AtomicUsize>,
}

impl<'a> CapacityWait<'a> {
    pub(crate) fn take(inner: &'a Arc<DispatcherState>, root: &mut Cascade) -> Option<Self> {
        let ended = root.end_of_the_lost();
        let more = root.record.get_mut()?.get_mut();
        if more.blocked.is_empty() {
            return None;
        }
        Some(Self {
            ended,
            lost: Arc::clone(more.lost_rooms.get_or_insert_default()),
            inner,
            blocked: std::mem::take(&mut more.blocked).into(),
            found: Vec::new(),
        })
    }

    /// One after the other, so that lanes keep their order.
    pub(crate) async fn find(&mut self) {
        while let Some(BlockedDelivery { line, .. }) = self.blocked.front() {
            let line = Arc::clone(line);
            line.buffer.capacity_free().await;
            let Some(blocked) = self.blocked.pop_front() else {
                return;
            };
            match offer_again(self.inner, blocked) {
                Err(blocked) => self.blocked.push_front(blocked),
                Ok(offered) => self.found.push((line, offered)),
            }
        }
    }

    pub(crate) fn settle(&mut self, root: &mut Cascade) {
        for (line, offered) in self.found.drain(..) {
            hand_over::offered_to(self.inner, &line, offered, root);
        }
    }
}

impl Drop for CapacityWait<'_> {
    fn drop(&mut self) {
        if !self.found.is_empty() {
            let mut root = Cascade::default();
            self.settle(&mut root);
            self.inner.tell_all(root);
        }
        for BlockedDelivery { line, item, slot } in std::mem::take(&mut self.blocked) {
            line.count(self.ended);
            if let Some(slot) = slot {
                line.buffer.stop_waiting(slot);
            }
            self.lost.fetch_add(1, Ordering::Relaxed);
            self.inner.end_unrun(item, self.ended, Some(line.name));
        }
    }
}

/// Emits what handlers caused, in order, until nothing is left, and waits as a task until queues have
/// capacity.
pub(crate) async fn run_caused(inner: &Arc<DispatcherState>, root: &mut Cascade) {
    loop {
        wait_for_capacity(inner, root).await;
        if root.run_next(inner).is_none() {
            break;
        }
    }
}
