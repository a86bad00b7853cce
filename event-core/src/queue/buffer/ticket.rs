//! An item that was taken out of a buffer, and the ticket that its consumer returns.

use crate::queue::buffer::Buffer;
use crate::queue::buffer::slots::Slot;

/// An item that a consumer took.
#[derive(Debug)]
pub(crate) struct Taken<T> {
    pub(crate) item: T,
    /// To be returned when the item's delivery has ended.
    pub(crate) ticket: Ticket,
}

/// What a consumer delivers next.
#[derive(Debug)]
pub(crate) enum Next<T> {
    Item(Taken<T>),
    /// An event of the ring at this index, which still waits; with an idle ticket, if the consumer has none.
    Event(u32, Option<Ticket>),
}

/// The result of a take of an event of one ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// The consumer has the event. The index is the ring of the next event, if that is another ring.
    Taken(Option<u32>),
    /// An event of another ring is next.
    Other(u32),
    /// An item is next, or nothing.
    Over,
}

/// The lane that is free when a delivery has ended. A ticket is returned exactly once, to the buffer it
/// came from, or the lane stays taken and the buffer is never quiet again.
#[derive(Debug)]
#[must_use = "a delivery that has ended is given back"]
pub(crate) struct Ticket {
    pub(crate) lane: Option<u64>,
    pub(crate) slot: Slot,
    /// The consumer has taken nothing yet, but is about to: the buffer is not quiet.
    pub(crate) is_idle: bool,
}

/// A ticket that is returned even if the future that has it is never polled.
pub(crate) struct Unreturned<'b, T> {
    pub(crate) buffer: &'b Buffer<T>,
    pub(crate) ticket: Option<Ticket>,
}

impl<T> Drop for Unreturned<'_, T> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.buffer.finish(ticket);
        }
    }
}
