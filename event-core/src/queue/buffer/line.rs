//! What waits in a buffer, in order of offer: items, which may have lanes, and events in rings.
//!
//! An item knows how it is delivered. A ring stores events of one type by value and nothing else, which is
//! what most deliveries need; a ring can make an item of an event at any time. The events of one ring that
//! were offered one after another are one *turn*, so that a queue of one handler stores nothing but events.

use std::any::Any;
use std::collections::VecDeque;
use std::fmt;

use crate::queue::buffer::lane_order::{Drained, LaneOrder, Waiting};

/// The events of one handler that wait in a queue, the oldest first.
pub(crate) trait Ring<T>: Send {
    /// Moves the event of an `Option<E>` to the end.
    fn push(&mut self, event: &mut dyn Any);
    /// Moves the oldest event into an `Option<E>`.
    fn pop(&mut self, event: &mut dyn Any);
    /// Takes the oldest event as an item.
    fn pop_item(&mut self) -> Option<T>;
}

/// The rings of a line, by their index.
pub(crate) type Rings<T> = Box<[Box<dyn Ring<T>>]>;

/// The kind of what is delivered next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Front {
    Item,
    /// An event of the ring at this index.
    Event(u32),
}

/// The waiting line, without a bound and without a lock.
pub(crate) struct Line<T> {
    /// How many items and events were ever offered, which is the number of the next.
    next: u64,
    items: LaneOrder<T>,
    rings: Rings<T>,
    turns: VecDeque<Turn>,
    /// How many events wait in rings.
    events: usize,
}

/// Events that were offered one after another, to the same ring.
#[derive(Debug)]
struct Turn {
    /// The number of the turn's first event that still waits.
    first: u64,
    ring: u32,
    count: u32,
}

impl<T> Line<T> {
    pub(crate) fn new(rings: Rings<T>) -> Self {
        Self {
            next: 0,
            items: LaneOrder::new(),
            rings,
            turns: VecDeque::new(),
            events: 0,
        }
    }

    /// How many items and events wait, ready or held.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.items.len() + self.events
    }

    /// How many items and events are ready.
    #[inline]
    pub(crate) fn ready(&self) -> usize {
        self.items.ready() + self.events
    }

    #[inline]
    pub(crate) fn push(&mut self, item: T, lane: Option<u64>) {
        self.items.push(self.next, item, lane);
        self.next += 1;
    }

    /// Moves the event of an `Option<E>` to the end of its ring.
    #[inline]
    pub(crate) fn push_event(&mut self, ring: u32, event: &mut dyn Any) {
        self.rings[ring as usize].push(event);
        match self.turns.back_mut() {
            Some(turn)
                if turn.ring == ring
                    && turn.first + u64::from(turn.count) == self.next
                    && turn.count < u32::MAX =>
            {
                turn.count += 1;
            }
            _ => self.turns.push_back(Turn {
                first: self.next,
                ring,
                count: 1,
            }),
        }
        self.next += 1;
        self.events += 1;
    }

    /// Returns what is delivered next, if something is ready.
    #[inline]
    pub(crate) fn front(&self) -> Option<Front> {
        let item = self.items.first_ready();
        match self.turns.front() {
            Some(turn) if item.is_none_or(|item| turn.first < item) => {
                Some(Front::Event(turn.ring))
            }
            _ => item.map(|_| Front::Item),
        }
    }

    /// Takes what is delivered next, as an item. The lane of the item stays taken until it is
    /// [freed](Self::free).
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<Waiting<T>> {
        match self.front()? {
            Front::Item => self.items.pop(),
            Front::Event(_) => self.pop_turn(),
        }
    }

    /// Moves the first event of the first turn, which is of this ring, into an `Option<E>`.
    #[inline]
    pub(crate) fn pop_event(&mut self, ring: u32, event: &mut dyn Any) {
        debug_assert_eq!(self.front(), Some(Front::Event(ring)));
        self.leave_turn();
        self.rings[ring as usize].pop(event);
    }

    /// Returns the ring whose event is delivered next, if it is not `ring`.
    #[inline]
    pub(crate) fn turn_of_another(&self, ring: u32) -> Option<u32> {
        let turn = self.turns.front().filter(|turn| turn.ring != ring)?;
        (self.front() == Some(Front::Event(turn.ring))).then_some(turn.ring)
    }

    /// Takes the oldest item or event, ready or held, which will not be delivered.
    pub(crate) fn pop_oldest(&mut self) -> Option<T> {
        match self.turns.front() {
            Some(turn) if self.items.first().is_none_or(|item| turn.first < item) => {
                self.pop_turn().map(|waiting| waiting.item)
            }
            _ => self.items.pop_oldest(),
        }
    }

    /// Takes the first event of the first turn, as an item.
    fn pop_turn(&mut self) -> Option<Waiting<T>> {
        let (number, ring) = self.leave_turn()?;
        let item = self.rings[ring as usize].pop_item()?;
        Some(Waiting {
            number,
            lane: None,
            item,
        })
    }

    /// Takes the first event of the first turn off the counts. Returns its number and its ring.
    #[inline]
    fn leave_turn(&mut self) -> Option<(u64, u32)> {
        let turn = self.turns.front_mut()?;
        let left = (turn.first, turn.ring);
        turn.first += 1;
        turn.count -= 1;
        if turn.count == 0 {
            self.turns.pop_front();
        }
        self.events -= 1;
        Some(left)
    }

    /// Returns the oldest of all items and events, ready or held, if it is an item.
    pub(crate) fn oldest(&self) -> Option<&T> {
        let first = self.items.first()?;
        let is_first = |turn: &Turn| first < turn.first;
        self.turns.front().is_none_or(is_first).then_some(())?;
        self.items.oldest()
    }

    /// Makes the next item of a lane ready after an item has left the lane, run or not.
    #[inline]
    pub(crate) fn free(&mut self, lane: Option<u64>) {
        self.items.free(lane);
    }

    /// Whether an item becomes ready once this lane is [freed](Self::free).
    pub(crate) fn is_held_by(&self, lane: Option<u64>) -> bool {
        self.items.is_held_by(lane)
    }

    /// Takes all items and events, in no order. Lanes with a running item stay taken.
    pub(crate) fn drain(&mut self) -> Drained<T> {
        let mut drained = self.items.drain();
        while let Some(waiting) = self.pop_turn() {
            drained.at_once.push_back(waiting);
        }
        drained
    }

    /// How many lanes have an item that is ready or runs.
    #[cfg(all(test, not(loom)))]
    pub(crate) fn lanes(&self) -> usize {
        self.items.lanes()
    }
}

impl<T> fmt::Debug for Line<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line")
            .field("next", &self.next)
            .field("turns", &self.turns)
            .finish_non_exhaustive()
    }
}
