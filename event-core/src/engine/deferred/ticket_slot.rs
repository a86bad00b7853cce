//! The ticket that a consumer holds, where all that work for the consumer reach it.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use crate::engine::emission::deferred_event::DeferredDelivery;
use crate::queue::buffer::Buffer;
use crate::queue::buffer::slots::Slot;
use crate::queue::buffer::ticket::Ticket;

/// The ticket of the delivery that a consumer runs or has run last, given back when the consumer ends.
///
/// One thread at a time works for a consumer, so nothing here orders memory; it is atomic since the future
/// of a consumer moves between threads.
pub(crate) struct TicketSlot<'b> {
    buffer: &'b Buffer<DeferredDelivery>,
    is_taken: AtomicBool,
    slot: AtomicU32,
    has_lane: AtomicBool,
    lane: AtomicU64,
    is_idle: AtomicBool,
    /// The delivery was dropped before it had ended.
    is_abandoned: AtomicBool,
}

impl<'b> TicketSlot<'b> {
    pub(crate) fn new(buffer: &'b Buffer<DeferredDelivery>) -> Self {
        Self {
            buffer,
            is_taken: AtomicBool::new(true),
            slot: AtomicU32::new(Slot::MAX),
            has_lane: AtomicBool::new(false),
            lane: AtomicU64::new(0),
            is_idle: AtomicBool::new(false),
            is_abandoned: AtomicBool::new(false),
        }
    }

    #[inline]
    pub(crate) fn take(&self) -> Option<Ticket> {
        if self.is_taken.load(Ordering::Relaxed) {
            return None;
        }
        self.is_taken.store(true, Ordering::Relaxed);
        let has_lane = self.has_lane.load(Ordering::Relaxed);
        Some(Ticket {
            lane: has_lane.then(|| self.lane.load(Ordering::Relaxed)),
            slot: self.slot.load(Ordering::Relaxed),
            is_idle: self.is_idle.load(Ordering::Relaxed),
        })
    }

    #[inline]
    pub(crate) fn put(&self, ticket: Option<Ticket>) {
        let Some(Ticket {
            lane,
            slot,
            is_idle,
        }) = ticket
        else {
            return;
        };
        self.has_lane.store(lane.is_some(), Ordering::Relaxed);
        if let Some(lane) = lane {
            self.lane.store(lane, Ordering::Relaxed);
        }
        self.slot.store(slot, Ordering::Relaxed);
        self.is_idle.store(is_idle, Ordering::Relaxed);
        self.is_taken.store(false, Ordering::Relaxed);
    }

    /// Runs `step` with the ticket.
    #[inline]
    pub(crate) fn with<R>(&self, step: impl FnOnce(&mut Option<Ticket>) -> R) -> R {
        let mut ticket = self.take();
        let result = step(&mut ticket);
        self.put(ticket);
        result
    }

    /// Says in the buffer that the delivery has ended, while its consumer emits what it caused.
    pub(crate) fn end(&self) {
        self.with(|ticket| {
            if let Some(ticket) = ticket {
                self.buffer.end(ticket);
            }
        });
    }

    /// Notes that the delivery will not end.
    pub(crate) fn abandon(&self) {
        self.is_abandoned.store(true, Ordering::Relaxed);
    }

    /// Gives the ticket back.
    pub(crate) fn give_back(&self) {
        match self.take() {
            Some(ticket) if self.is_abandoned.load(Ordering::Relaxed) => {
                self.buffer.abandon(ticket);
            }
            Some(ticket) => self.buffer.finish(ticket),
            None => {}
        }
    }
}

impl Drop for TicketSlot<'_> {
    fn drop(&mut self) {
        self.give_back();
    }
}
