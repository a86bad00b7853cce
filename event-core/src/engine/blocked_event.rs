//! An event that waits, in the future of its async emission, for capacity in the queue of its one handler.

use std::sync::Arc;

use crate::engine::deferred::queued::EventPlace;
use crate::engine::emission::cascade::{Cascade, WaitPolicy};
use crate::engine::emission::cascade_state::BlockedDelivery;
use crate::engine::emission::deferred_delivery::DeferredDelivery;
use crate::engine::emission::deferred_event::HandlerRef;
use crate::engine::emission::erased::{RootEvent, Sharing};
use crate::engine::emission::lineage::Lineage;
use crate::engine::pending_emission;
use crate::engine::plan::executor::{Executor, QueueExecutor};
use crate::engine::state::DispatcherState;

/// Offers the event once there is capacity. Returns `false`, and leaves the event where it is, if the queue
/// is closed. A drop while the event waits cancels the emission.
pub(crate) async fn offer_when_free(
    inner: &Arc<DispatcherState>,
    place: EventPlace<'_>,
    event: &mut (dyn RootEvent + Send),
) -> bool {
    let queue = place.queue;
    queue.count_wait();
    let mut blocked = BlockedEvent {
        inner,
        place,
        event: Some(event),
    };
    loop {
        queue.buffer.capacity_free().await;
        let Some(event) = &mut blocked.event else {
            return false;
        };
        let was_taken = place.offer(*event);
        if was_taken || queue.buffer.is_closed() {
            blocked.event = None;
            return was_taken;
        }
    }
}

/// An event that waits for capacity. A drop while the event waits cancels its delivery.
struct BlockedEvent<'e> {
    inner: &'e Arc<DispatcherState>,
    place: EventPlace<'e>,
    event: Option<&'e mut (dyn RootEvent + Send)>,
}

impl Drop for BlockedEvent<'_> {
    fn drop(&mut self) {
        if let Some(event) = self.event.take() {
            self.cancel(event);
        }
    }
}

impl BlockedEvent<'_> {
    #[cold]
    fn cancel(&self, event: &mut dyn RootEvent) {
        let info = event.event().info();
        let entry = self.inner.known(event.event().kind());
        let handler = entry.and_then(|entry| entry.deferred.first());
        let Some(Executor::Queue(QueueExecutor { label, .. })) =
            handler.map(|handler| &handler.executor)
        else {
            unreachable!("its one handler has this queue")
        };
        let shared = event.share(Sharing {
            lineage: Lineage::at(0),
            late: None,
            as_arc: false,
        });
        let mut cascade = Cascade::with(WaitPolicy::AwaitHandlers);
        cascade.state_mut().blocked.push(BlockedDelivery {
            queue: Arc::clone(self.place.queue),
            item: DeferredDelivery::queued(
                self.inner,
                shared,
                HandlerRef::DeferredHandler(0),
                *label,
            ),
            slot: None,
        });
        pending_emission::cancel(self.inner, &mut cascade, info);
    }
}
