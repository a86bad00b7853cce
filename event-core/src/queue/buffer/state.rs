//! The rules of a buffer: each operation as one step on the state that is under the lock.

use std::any::Any;
use std::task::{Poll, Waker};

use crate::queue::account::ShutdownAccount;
use crate::queue::buffer::delayed::Delayed;
use crate::queue::buffer::line::{Drained, Front, Line, Rings};
use crate::queue::buffer::sleep::{Sleepers, Whom};
use crate::queue::buffer::slots::{Label, Slot, Slots};
use crate::queue::buffer::ticket::{Next, Taken, Ticket, Turn};
use crate::queue::buffer::{Counts, Offer, WhenFull};

/// More sleepers than there can be.
const EVERYONE: usize = usize::MAX;

/// How many sleepers of each kind can find something to do, by [`Whom`].
pub(crate) type Prospects = [usize; Whom::ALL.len()];

/// The state that is under the lock.
pub(crate) struct State<T> {
    capacity: usize,
    pub(crate) line: Line<T>,
    pub(crate) delayed: Delayed<T>,
    pub(crate) paused: bool,
    pub(crate) closed: bool,
    /// All counts but the depth, which `line` has.
    pub(crate) counts: Counts,
    pub(crate) label: fn(&T) -> Label,
    pub(crate) slots: Slots,
    /// Consumers that are about to take an event.
    idle: usize,
    pub(crate) account: ShutdownAccount<Label>,
    sleepers: [Sleepers; Whom::ALL.len()],
}

impl<T> State<T> {
    pub(crate) fn new(capacity: usize, label: fn(&T) -> Label, rings: Rings<T>) -> Self {
        Self {
            capacity,
            line: Line::new(rings),
            delayed: Delayed::new(),
            paused: false,
            closed: false,
            counts: Counts::default(),
            label,
            slots: Slots::default(),
            idle: 0,
            account: ShutdownAccount::default(),
            sleepers: Default::default(),
        }
    }

    /// Adds an item to the line; the item may have waited for capacity in a slot.
    #[inline]
    pub(crate) fn offer(
        &mut self,
        item: T,
        lane: Option<u64>,
        when_full: WhenFull,
        slot: Option<Slot>,
    ) -> Offer<T> {
        if self.closed {
            self.counts.closed += 1;
            return Offer::Closed(item);
        }
        let mut displaced = None;
        if self.waiting() >= self.capacity {
            match when_full {
                WhenFull::Wait => return Offer::Full(item),
                WhenFull::Refuse => {
                    self.counts.refused += 1;
                    return Offer::Full(item);
                }
                WhenFull::Displace => displaced = self.pop_oldest(),
            }
        }
        if let Some(slot) = slot {
            let _ = self.slots.close(slot);
        }
        self.line.push(item, lane);
        self.counts.offered += 1;
        self.note_high_water();
        match displaced {
            None => Offer::Waits,
            Some(oldest) => {
                self.counts.displaced += 1;
                self.account.drain((self.label)(&oldest));
                Offer::Displaced(oldest)
            }
        }
    }

    /// Moves the event of an `Option<E>` to a ring. Returns `false`, and leaves the event in the `Option`, if
    /// the buffer is full or closed.
    #[inline]
    pub(crate) fn offer_event(
        &mut self,
        ring: u32,
        event: &mut dyn Any,
        lane: Option<u64>,
    ) -> bool {
        if self.closed || self.waiting() >= self.capacity {
            return false;
        }
        self.line.push_event(ring, event, lane);
        self.counts.offered += 1;
        self.note_high_water();
        true
    }

    /// How many items and events wait: ready, held by their lane, or delayed.
    #[inline]
    pub(crate) fn waiting(&self) -> usize {
        self.line.len() + self.delayed.len()
    }

    #[inline]
    pub(crate) fn note_high_water(&mut self) {
        self.counts.high_water = self.counts.high_water.max(self.waiting());
    }

    #[inline]
    pub(crate) fn finish(&mut self, finished: Option<Ticket>) {
        if let Some(ticket) = finished
            && let Some(label) = self.give_back(ticket)
        {
            self.account.drain(label);
        }
    }

    /// Takes back the ticket of a delivery that no consumer runs to its end.
    pub(crate) fn abandon(&mut self, ticket: Ticket) {
        if let Some(label) = self.give_back(ticket) {
            self.account.abandon(label);
        }
    }

    /// Counts a delivery as drained that has ended, while its consumer emits what the delivery caused.
    pub(crate) fn end(&mut self, ticket: &Ticket) {
        if let Some(label) = self.slots.take(ticket.slot) {
            self.account.drain(label);
        }
    }

    #[inline]
    fn give_back(
        &mut self,
        Ticket {
            lane,
            slot,
            is_idle,
        }: Ticket,
    ) -> Option<Label> {
        if is_idle {
            self.idle -= 1;
            return None;
        }
        self.line.free(lane);
        self.counts.running -= 1;
        self.counts.finished += 1;
        self.slots.close(slot)
    }

    /// Opens a slot for an item that will wait for capacity. Returns `None` if the buffer is closed.
    pub(crate) fn wait(&mut self, item: &T) -> Option<Slot> {
        let label = (self.label)(item);
        (!self.closed).then(|| self.slots.open(label))
    }

    /// Closes the slot of an item that waits no more and was not taken.
    pub(crate) fn stop_waiting(&mut self, slot: Slot) {
        if let Some(label) = self.slots.close(slot) {
            self.account.abandon(label);
        }
    }

    /// Takes all that waits, and counts it as abandoned.
    pub(crate) fn clear(&mut self) -> Drained<T> {
        let mut drained = self.line.drain();
        self.drain_delayed(&mut drained);
        self.counts.cleared += drained.len() as u64;
        for item in drained.items() {
            self.account.abandon((self.label)(item));
        }
        drained
    }

    /// Closes the buffer, takes all that waits, and counts what runs or waits for capacity as abandoned, too.
    pub(crate) fn abandon_all(&mut self) -> Drained<T> {
        self.closed = true;
        for label in self.slots.take_all() {
            self.account.abandon(label);
        }
        let drained = self.clear();
        self.account.close();
        drained
    }

    #[inline]
    pub(crate) fn take(&mut self) -> Option<Taken<T>> {
        if !self.hands_out() {
            return None;
        }
        let next = self.line.pop()?;
        self.counts.running += 1;
        let slot = self.slots.open((self.label)(&next.item));
        Some(Taken {
            item: next.item,
            ticket: Ticket {
                lane: next.lane,
                slot,
                is_idle: false,
            },
        })
    }

    /// Moves the next event into an `Option<E>`, if the event is of this ring. The ticket of the event
    /// before, if there is one, becomes the ticket of this event.
    #[inline]
    pub(crate) fn take_event(
        &mut self,
        ring: u32,
        label: Label,
        event: &mut dyn Any,
        ticket: &mut Option<Ticket>,
    ) -> Turn {
        // A lane that becomes free may have an older item.
        if let Some(ticket) = ticket {
            self.line.free(ticket.lane.take());
        }
        match self.line.front() {
            Some(Front::Event(_)) if !self.hands_out() => return Turn::Over,
            Some(Front::Event(other)) if other == ring => {}
            Some(Front::Event(other)) => return Turn::Other(other),
            _ => return Turn::Over,
        }
        let lane = self.line.pop_event(ring, event);
        match ticket {
            Some(ticket) if !ticket.is_idle => {
                self.counts.finished += 1;
                if let Some(label) = self.slots.reopen(ticket.slot, label) {
                    self.account.drain(label);
                }
                ticket.lane = lane;
            }
            ticket => {
                self.finish(ticket.take());
                self.counts.running += 1;
                *ticket = Some(Ticket {
                    lane,
                    slot: self.slots.open(label),
                    is_idle: false,
                });
            }
        }
        // An older event may become ready where a lane becomes free.
        let other = || self.line.next_of_another(ring);
        Turn::Taken(if lane.is_none() { other() } else { None })
    }

    /// Takes the next item, or returns the ring whose event is next.
    #[inline]
    pub(crate) fn take_next(&mut self) -> Option<Next<T>> {
        if !self.hands_out() {
            return None;
        }
        match self.line.front()? {
            Front::Item => self.take().map(Next::Item),
            Front::Event(ring) => {
                self.idle += 1;
                let ticket = Ticket {
                    lane: None,
                    slot: Slot::MAX,
                    is_idle: true,
                };
                Some(Next::Event(ring, Some(ticket)))
            }
        }
    }

    /// Takes what is next for a consumer that keeps its ticket if nothing is ready.
    #[inline]
    pub(crate) fn try_next(&mut self, ticket: &mut Option<Ticket>) -> Option<Next<T>> {
        let lane = ticket.as_ref().and_then(|ticket| ticket.lane);
        let is_ready = self.line.ready() > 0 || self.line.is_held_by(lane);
        if !is_ready || !self.hands_out() {
            return None;
        }
        // The ticket of an event is returned, or used again, where the next event is taken.
        match self.line.front() {
            Some(Front::Event(ring)) if lane.is_none() && ticket.is_some() => {
                Some(Next::Event(ring, None))
            }
            _ => {
                self.finish(ticket.take());
                self.take_next()
            }
        }
    }

    /// Takes what is next for a consumer that waits if nothing is ready.
    #[inline]
    pub(crate) fn next<R>(
        &mut self,
        finished: Option<Ticket>,
        take: impl FnOnce(&mut Self) -> Option<R>,
    ) -> Poll<Option<R>> {
        self.finish(finished);
        match take(self) {
            None if !self.is_over() => Poll::Pending,
            next => Poll::Ready(next),
        }
    }

    fn hands_out(&self) -> bool {
        self.closed || !self.paused
    }

    /// Whether no consumer can take anything ever again. An item that its lane holds back waits for the
    /// consumer that frees the lane or, if that consumer takes nothing more, for another.
    fn is_over(&self) -> bool {
        self.closed && self.waiting() == 0
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.waiting() == 0 && self.counts.running == 0 && self.idle == 0
    }

    /// Whether a consumer can take an item or an event, or has to see that the buffer is closed.
    #[inline]
    pub(crate) fn has_work(&self) -> bool {
        self.hands_out() && (self.line.ready() > 0 || self.closed)
    }

    /// Whether a producer can offer an item, or has to see that the buffer is closed.
    #[inline]
    pub(crate) fn has_capacity(&self) -> bool {
        self.closed || self.waiting() < self.capacity
    }

    /// How many sleepers of a kind can find something to do.
    #[inline]
    pub(crate) fn prospect(&self, whom: Whom) -> usize {
        let (everyone, some) = match whom {
            Whom::Consumers if self.hands_out() => (self.is_over(), self.line.ready()),
            Whom::Consumers => (false, 0),
            // Items that became delayed may exceed the capacity.
            Whom::Producers => (self.closed, self.capacity.saturating_sub(self.waiting())),
            Whom::Watchers => (self.is_quiet(), 0),
        };
        if everyone { EVERYONE } else { some }
    }

    pub(crate) fn prospects(&self) -> Prospects {
        [
            self.prospect(Whom::Consumers),
            self.prospect(Whom::Producers),
            self.prospect(Whom::Watchers),
        ]
    }

    /// Whether there are sleepers of any kind.
    #[inline]
    pub(crate) fn has_sleepers(&self) -> bool {
        !self.sleepers.iter().all(Sleepers::is_empty)
    }

    /// Whether there is a sleeper of a kind that has more to do than before.
    pub(crate) fn is_anyone_to_wake(&self, before: Prospects, after: Prospects) -> bool {
        Whom::ALL.iter().any(|&whom| {
            let whom = whom as usize;
            after[whom] > before[whom] && !self.sleepers[whom].is_empty()
        })
    }

    /// Takes as many sleepers of each kind as have more to do than before. The caller wakes them after it
    /// releases the lock.
    #[cold]
    pub(crate) fn wake(&mut self, before: Prospects, after: Prospects) -> Vec<Waker> {
        let mut woken = Vec::new();
        for whom in Whom::ALL {
            let more = after[whom as usize].saturating_sub(before[whom as usize]);
            woken.extend(self.sleepers(whom).wake(more));
        }
        woken
    }

    pub(crate) fn sleepers(&mut self, whom: Whom) -> &mut Sleepers {
        &mut self.sleepers[whom as usize]
    }
}
