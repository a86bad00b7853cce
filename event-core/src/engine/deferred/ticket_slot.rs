//! The ticket that a consumer holds, shared by all code that runs for the consumer.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};

use crate::engine::emission::deferred_delivery::DeferredDelivery;
use crate::queue::buffer::Buffer;
use crate::queue::buffer::slots::Slot;
use crate::queue::buffer::ticket::Ticket;

/// The slot holds a ticket.
const HELD: u8 = 1;
const HAS_LANE: u8 = 1 << 1;
const IS_IDLE: u8 = 1 << 2;

/// The ticket of the delivery that a consumer runs or has run last, given back when the consumer ends.
///
/// One thread at a time runs a consumer, so nothing here orders memory; the fields are atomic since the
/// future of a consumer moves between threads.
pub(crate) struct TicketSlot<'b> {
    buffer: &'b Buffer<DeferredDelivery>,
    flags: AtomicU8,
    slot: AtomicU32,
    lane: AtomicU64,
    /// The delivery was dropped before it had ended.
    is_abandoned: AtomicBool,
}

impl<'b> TicketSlot<'b> {
    pub(crate) fn new(buffer: &'b Buffer<DeferredDelivery>) -> Self {
        Self {
            buffer,
            flags: AtomicU8::new(0),
            slot: AtomicU32::new(Slot::MAX),
            lane: AtomicU64::new(0),
            is_abandoned: AtomicBool::new(false),
        }
    }

    #[inline]
    pub(crate) fn take(&self) -> Option<Ticket> {
        let flags = self.flags.load(Ordering::Relaxed);
        if flags == 0 {
            return None;
        }
        self.flags.store(0, Ordering::Relaxed);
        let lane = self.lane.load(Ordering::Relaxed);
        Some(Ticket {
            lane: (flags & HAS_LANE != 0).then_some(lane),
            slot: self.slot.load(Ordering::Relaxed),
            is_idle: flags & IS_IDLE != 0,
        })
    }

    #[inline]
    pub(crate) fn put(&self, ticket: Option<Ticket>) {
        if let Some(ticket) = ticket {
            self.hold(ticket);
        }
    }

    #[inline]
    fn hold(
        &self,
        Ticket {
            lane,
            slot,
            is_idle,
        }: Ticket,
    ) {
        let mut flags = HELD;
        if is_idle {
            flags |= IS_IDLE;
        }
        if let Some(lane) = lane {
            flags |= HAS_LANE;
            self.lane.store(lane, Ordering::Relaxed);
        }
        self.slot.store(slot, Ordering::Relaxed);
        self.flags.store(flags, Ordering::Relaxed);
    }

    /// Runs `step` with the ticket.
    #[inline]
    pub(crate) fn with<R>(&self, step: impl FnOnce(&mut Option<Ticket>) -> R) -> R {
        let mut ticket = self.take();
        let result = step(&mut ticket);
        self.put(ticket);
        result
    }

    /// Marks the delivery as ended in the buffer, while its consumer emits what the delivery caused.
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

    /// Returns the ticket to the buffer.
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
