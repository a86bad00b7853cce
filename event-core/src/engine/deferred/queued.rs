//! An emission to queues alone.
//!
//! Events whose handlers all wait in queues, with no filter, go this way: the event is put where all
//! deliveries share it, once, and each queue is offered its own. What a queue does not take at once
//! is left to the others.

use std::sync::Arc;

use crate::engine::deferred::hand_over;
use crate::engine::emission::cascade::Cascade;
use crate::engine::emission::deferred_event::{
    DeferredDelivery, DeferredEvent, ErasedDeferredEvent, HandlerRef,
};
use crate::engine::plan::executor::{Executor, QueueExecutor};
use crate::engine::plan::handlers::{EventHandlers, mode};
use crate::engine::state::DispatcherState;
use crate::event::Event;
use crate::nesting;
use crate::nesting::NestingError;
use crate::nesting_depth;

/// The handlers of an event that goes this way, as an outermost root.
#[inline]
pub(crate) fn roster<E: Event>(inner: &DispatcherState) -> Option<&EventHandlers<E>> {
    let entry = inner.entry(E::slot())?;
    let goes =
        entry.mode() == mode::QUEUED && !inner.is_stamping() && nesting_depth::is_outermost();
    goes.then(|| entry.roster())
}

/// Offers the event to its queues; answers what was refused inside of it. A root that may block waits
/// for room.
#[inline]
pub(crate) fn emit<E: Event>(
    inner: &Arc<DispatcherState>,
    roster: &EventHandlers<E>,
    event: E,
    root: &mut Cascade,
) -> Option<NestingError> {
    let offer_all = || {
        let shared: Arc<dyn ErasedDeferredEvent> = Arc::new(DeferredEvent::root(event));
        let Some((last, others)) = roster.later.split_last() else {
            return;
        };
        for (seat, at) in others.iter().zip(0..) {
            offer(inner, &seat.place, Arc::clone(&shared), at, root);
        }
        let at = u32::try_from(others.len()).unwrap_or(u32::MAX);
        offer(inner, &last.place, shared, at, root);
        if root.wait_policy.blocks() {
            hand_over::wait_blocking(inner, root);
        }
    };
    nesting::enter(0, offer_all).1
}

fn offer(
    inner: &Arc<DispatcherState>,
    place: &Executor,
    event: Arc<dyn ErasedDeferredEvent>,
    seat: u32,
    root: &mut Cascade,
) {
    let Executor::Queue(QueueExecutor { line, label }) = *place else {
        unreachable!("only queued handlers go this way")
    };
    let item = DeferredDelivery::queued(event, HandlerRef::DeferredHandler(seat), label);
    hand_over::offer(inner, &inner.lines[line], item, root);
}
