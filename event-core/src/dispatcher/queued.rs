//! An emission to queues alone.
//!
//! Events whose handlers all wait in queues, with no filter, go this way: the event is put where all
//! deliveries share it, once, and each queue is offered its own. What a queue does not take at once
//! is left to the others.

use std::sync::Arc;

use super::cascade::Root;
use super::depth::{self, Refusal};
use super::inner::Inner;
use super::later;
use super::roster::{Roster, mode};
use super::seat::{Place, QueuePlace};
use super::shared::{Delivered, Item, Shared, Target};
use crate::event::Event;

/// The handlers of an event that goes this way, as an outermost root.
#[inline]
pub(crate) fn roster<E: Event>(inner: &Inner) -> Option<&Roster<E>> {
    let entry = inner.entry(E::slot())?;
    let goes = entry.mode() == mode::QUEUED && !inner.is_stamping() && depth::is_outermost();
    goes.then(|| entry.roster())
}

/// Offers the event to its queues; answers what was refused inside of it. A root that may block waits
/// for room.
#[inline]
pub(crate) fn emit<E: Event>(
    inner: &Arc<Inner>,
    roster: &Roster<E>,
    event: E,
    root: &mut Root,
) -> Option<Refusal> {
    let offer_all = || {
        let shared: Arc<dyn Delivered> = Arc::new(Shared::root(event));
        let Some((last, others)) = roster.later.split_last() else {
            return;
        };
        for (seat, at) in others.iter().zip(0..) {
            offer(inner, &seat.place, Arc::clone(&shared), at, root);
        }
        let at = u32::try_from(others.len()).unwrap_or(u32::MAX);
        offer(inner, &last.place, shared, at, root);
        if root.hands.blocks() {
            later::wait_blocking(inner, root);
        }
    };
    depth::enter(0, offer_all).1
}

fn offer(inner: &Arc<Inner>, place: &Place, event: Arc<dyn Delivered>, seat: u32, root: &mut Root) {
    let Place::Queue(QueuePlace { line, label }) = *place else {
        unreachable!("only queued handlers go this way")
    };
    let item = Item::queued(event, Target::Seat(seat), label);
    later::offer(inner, &inner.lines[line], item, root);
}
