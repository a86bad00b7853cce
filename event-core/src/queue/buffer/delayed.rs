//! Items that wait for a time: deliveries before their next attempt.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::queue::buffer::Buffer;
use crate::queue::buffer::line::Drained;
use crate::queue::buffer::state::State;
use crate::queue::buffer::ticket::Ticket;

/// The delayed items of a buffer, in the order in which they are due.
#[derive(Debug)]
pub(crate) struct Delayed<T> {
    items: BTreeMap<(Instant, u64), DelayedItem<T>>,
    /// How many items were ever delayed, which tells items apart that are due at once.
    next: u64,
}

/// When the next delayed item is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NextDue {
    At(Instant),
    /// No item is delayed now.
    Unknown,
    /// No item is delayed, and the buffer is closed.
    Never,
}

/// An item that waits for a time.
#[derive(Debug)]
pub(crate) struct DelayedItem<T> {
    pub(crate) item: T,
    pub(crate) lane: Option<u64>,
    /// Whether the item keeps its lane, so that later items of the lane wait behind it.
    pub(crate) keeps_lane: bool,
}

impl<T> Delayed<T> {
    pub(crate) fn new() -> Self {
        Self {
            items: BTreeMap::new(),
            next: 0,
        }
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn push(&mut self, due: Instant, item: DelayedItem<T>) {
        self.items.insert((due, self.next), item);
        self.next += 1;
    }

    /// Returns the items in the order in which they are due.
    pub(crate) fn items(&self) -> impl Iterator<Item = &T> {
        self.items.values().map(|delayed| &delayed.item)
    }

    /// Returns when the first item is due.
    pub(crate) fn first_due(&self) -> Option<Instant> {
        let ((due, _), _) = self.items.first_key_value()?;
        Some(*due)
    }

    /// Takes the first item, if the item is due.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<DelayedItem<T>> {
        self.first_due().filter(|due| *due <= now)?;
        self.pop()
    }

    /// Takes the item that is due first.
    pub(crate) fn pop(&mut self) -> Option<DelayedItem<T>> {
        self.items.pop_first().map(|(_, item)| item)
    }
}

impl<T> State<T> {
    /// Takes the oldest that waits, or else what is delayed and due first. It will not be delivered.
    pub(crate) fn pop_oldest(&mut self) -> Option<T> {
        if let Some(oldest) = self.line.pop_oldest() {
            return Some(oldest);
        }
        let delayed = self.delayed.pop()?;
        if delayed.keeps_lane {
            self.line.free(delayed.lane);
        }
        Some(delayed.item)
    }

    /// Returns the ticket of an item whose delivery has not ended, and lets the item wait until it is due.
    ///
    /// # Errors
    ///
    /// The buffer is closed. The ticket is kept.
    pub(crate) fn delay(
        &mut self,
        ticket: &mut Option<Ticket>,
        item: T,
        due: Instant,
        keeps_lane: bool,
    ) -> Result<(), T> {
        if self.closed {
            return Err(item);
        }
        let mut lane = None;
        if let Some(ticket) = ticket.take() {
            lane = ticket.lane;
            self.counts.running -= 1;
            let _ = self.slots.close(ticket.slot);
        }
        let keeps_lane = keeps_lane && lane.is_some();
        if !keeps_lane {
            self.line.free(lane);
        }
        let item = DelayedItem {
            item,
            lane,
            keeps_lane,
        };
        self.delayed.push(due, item);
        self.note_high_water();
        Ok(())
    }

    /// Makes the items ready that are due, and returns when the next one is.
    pub(crate) fn release_due(&mut self, now: Instant) -> NextDue {
        while let Some(delayed) = self.delayed.pop_due(now) {
            let DelayedItem {
                item,
                lane,
                keeps_lane,
            } = delayed;
            if keeps_lane {
                self.line.push_within_lane(item, lane);
            } else {
                self.line.push(item, lane);
            }
        }
        match self.delayed.first_due() {
            Some(due) => NextDue::At(due),
            None if self.closed => NextDue::Never,
            None => NextDue::Unknown,
        }
    }

    /// Takes the items that are delayed, and frees the lanes that they keep.
    pub(crate) fn drain_delayed(&mut self, drained: &mut Drained<T>) {
        while let Some(delayed) = self.delayed.pop() {
            if delayed.keeps_lane {
                self.line.free(delayed.lane);
            }
            drained.push(delayed.item);
        }
    }
}

impl<T> Buffer<T> {
    /// Returns the ticket of an item whose delivery has not ended, and lets the item wait until it is due. The
    /// item counts as one that waits. If it keeps its lane, later items of the lane wait, too.
    ///
    /// # Errors
    ///
    /// The buffer is closed. The ticket is kept.
    pub(crate) fn delay(
        &self,
        ticket: &mut Option<Ticket>,
        item: T,
        due: Instant,
        keeps_lane: bool,
    ) -> Result<(), T> {
        self.change(|state| state.delay(ticket, item, due, keeps_lane))
    }

    /// Makes the items ready that are due, and returns when the next one is.
    pub(crate) fn release_due(&self, now: Instant) -> NextDue {
        self.change(|state| state.release_due(now))
    }
}
