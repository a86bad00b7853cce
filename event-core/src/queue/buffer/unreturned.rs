//! A ticket that is given back unless the next item is taken with it.

use crate::queue::buffer::Buffer;
use crate::queue::buffer::Ticket;

/// A ticket on its way back, given back even if the future that has it is never polled.
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
