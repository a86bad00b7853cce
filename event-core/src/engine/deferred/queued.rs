//! An emission to queues alone.
//!
//! Events whose handlers all wait in queues, with no filter, go this way: the event is put where all
//! deliveries share it, once, and each queue is offered its own. What a queue does not take at once
//! is left to the others.

use std::sync::Arc;

use crate::engine::deferred::event::{DeferredDelivery, ErasedDeferredEvent, HandlerRef};
use crate::engine::deferred::hand_over;
use crate::engine::emission::cascade::Cascade;
use crate::engine::emission::erased::{RootEvent, Sharing};
use crate::engine::emission::lineage::Lineage;
use crate::engine::emission::nesting;
use crate::engine::emission::nesting::NestingError;
use crate::engine::plan::executor::{Executor, QueueExecutor};
use crate::engine::plan::handlers::{EventKind, TableEntry, mode};
use crate::engine::state::DispatcherState;

/// The place of an event that goes this way, as an outermost root.
pub(crate) fn entry(inner: &DispatcherState, kind: EventKind) -> Option<&TableEntry> {
    let entry = inner.entry(kind.slot())?;
    let goes = entry.mode() == mode::QUEUED && !inner.is_stamping() && nesting::is_outermost();
    goes.then_some(entry)
}

/// Offers the event to its queues; answers what was refused inside of it. A root that may block waits
/// for room.
pub(crate) fn emit(
    inner: &Arc<DispatcherState>,
    entry: &TableEntry,
    event: &mut dyn RootEvent,
    root: &mut Cascade,
) -> Option<NestingError> {
    let offer_all = || {
        let shared = event.share(Sharing {
            origin: Lineage::at(0),
            late: None,
            as_arc: false,
        });
        let Some((last, others)) = entry.later.split_last() else {
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
