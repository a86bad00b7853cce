//! What waits in a buffer, in order of offer: items, which may have lanes, and events in rings.
//!
//! An item knows how it is delivered. A ring stores events of one type by value and nothing else, which is
//! what most deliveries need; a ring can make an item of an event at any time. The events of one ring that
//! were offered one after another are one *turn*, so that a queue of one handler stores nothing but events.
//! An event with a lane may have to wait longer than a younger one: such an event is in a slab of its ring,
//! and has a place among the items.

use std::any::Any;
use std::collections::VecDeque;
use std::fmt;

use crate::queue::account::{self, HandlerCounts};
use crate::queue::buffer::lane_order::{LaneOrder, Waiting};
use crate::queue::buffer::slots::Label;

/// The events of one handler that wait in a queue: those without a lane in order of offer, the others by a
/// key.
pub(crate) trait Ring<T>: Send {
    /// Moves the event of an `Option<E>` to the end.
    fn push(&mut self, event: &mut dyn Any);
    /// Moves the oldest event into an `Option<E>`.
    fn pop(&mut self, event: &mut dyn Any);
    /// Takes the oldest event as an item.
    fn pop_item(&mut self) -> Option<T>;
    /// Moves the event of an `Option<E>`, which has a lane, into the ring. Returns its key.
    fn insert(&mut self, event: &mut dyn Any) -> usize;
    /// Moves the event with this key into an `Option<E>`.
    fn remove(&mut self, key: usize, event: &mut dyn Any);
    /// Takes the event with this key as an item.
    fn remove_item(&mut self, key: usize) -> Option<T>;
    /// Returns the label of the ring's handler.
    fn label(&self) -> Label;
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
    items: LaneOrder<Stored<T>>,
    rings: Rings<T>,
    turns: VecDeque<Turn>,
    /// How many events wait in turns.
    events: usize,
}

/// Where something is that may have a lane.
#[derive(Debug)]
enum Stored<T> {
    Item(T),
    /// An event with a lane, which its ring has under this key.
    Event {
        ring: u32,
        key: usize,
    },
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
        self.items.push(self.next, Stored::Item(item), lane);
        self.next += 1;
    }

    /// Adds an item that has taken its lane already, and is ready.
    pub(crate) fn push_within_lane(&mut self, item: T, lane: Option<u64>) {
        self.items.push_ready(self.next, Stored::Item(item), lane);
        self.next += 1;
    }

    /// Moves the event of an `Option<E>` to the end of its ring.
    #[inline]
    pub(crate) fn push_event(&mut self, ring: u32, event: &mut dyn Any, lane: Option<u64>) {
        let events = &mut self.rings[ring as usize];
        if lane.is_some() {
            let key = events.insert(event);
            let stored = Stored::Event { ring, key };
            self.items.push(self.next, stored, lane);
            self.next += 1;
            return;
        }
        events.push(event);
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
        let waiting = self.items.first_ready();
        match self.first_turn(waiting) {
            Some(turn) => Some(Front::Event(turn.ring)),
            None => waiting.map(|waiting| match waiting.item {
                Stored::Item(_) => Front::Item,
                Stored::Event { ring, .. } => Front::Event(ring),
            }),
        }
    }

    /// Returns the first turn, if it is older than this.
    #[inline]
    fn first_turn(&self, other: Option<&Waiting<Stored<T>>>) -> Option<&Turn> {
        let turn = self.turns.front()?;
        other
            .is_none_or(|other| turn.first < other.number)
            .then_some(turn)
    }

    /// Takes what is delivered next, as an item. The lane of the item stays taken until it is
    /// [freed](Self::free).
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<Waiting<T>> {
        if self.first_turn(self.items.first_ready()).is_some() {
            return self.pop_turn();
        }
        let waiting = self.items.pop()?;
        item_of(&mut self.rings, waiting)
    }

    /// Moves what is delivered next, which is an event of this ring, into an `Option<E>`. Returns the event's
    /// lane, which stays taken until it is [freed](Self::free).
    #[inline]
    pub(crate) fn pop_event(&mut self, ring: u32, event: &mut dyn Any) -> Option<u64> {
        debug_assert_eq!(self.front(), Some(Front::Event(ring)));
        if self.first_turn(self.items.first_ready()).is_some() {
            self.leave_turn();
            self.rings[ring as usize].pop(event);
            return None;
        }
        let Waiting { lane, item, .. } = self.items.pop()?;
        if let Stored::Event { key, .. } = item {
            self.rings[ring as usize].remove(key, event);
        }
        lane
    }

    /// Returns the ring whose event is delivered next, if it is not `ring`.
    #[inline]
    pub(crate) fn next_of_another(&self, ring: u32) -> Option<u32> {
        match self.front()? {
            Front::Event(other) if other != ring => Some(other),
            _ => None,
        }
    }

    /// Takes the oldest item or event, ready or held, which will not be delivered.
    pub(crate) fn pop_oldest(&mut self) -> Option<T> {
        let waiting = match self.first_turn(self.items.oldest()) {
            Some(_) => self.pop_turn(),
            None => item_of(&mut self.rings, self.items.pop_oldest()?),
        };
        waiting.map(|waiting| waiting.item)
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
        let oldest = self.items.oldest();
        if self.first_turn(oldest).is_some() {
            return None;
        }
        match &oldest?.item {
            Stored::Item(item) => Some(item),
            Stored::Event { .. } => None,
        }
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

    /// Takes all items and events. Lanes with a running item stay taken.
    pub(crate) fn drain(&mut self) -> Drained<T> {
        let mut drained = Vec::with_capacity(self.len());
        while let Some(waiting) = self.pop_turn() {
            drained.push(waiting);
        }
        let rings = &mut self.rings;
        let others = self.items.drain();
        drained.extend(others.filter_map(|waiting| item_of(rings, waiting)));
        Drained {
            waiting: drained,
            next: self.next,
        }
    }

    /// Adds all items and events, ready or held, to a list of counts.
    pub(crate) fn count(&self, label: fn(&T) -> Label, counts: &mut HandlerCounts<Label>) {
        for turn in &self.turns {
            let label = self.rings[turn.ring as usize].label();
            account::add(counts, label, turn.count as usize);
        }
        for waiting in self.items.iter() {
            let label = match &waiting.item {
                Stored::Item(item) => label(item),
                Stored::Event { ring, .. } => self.rings[*ring as usize].label(),
            };
            account::add(counts, label, 1);
        }
    }

    /// How many lanes have an item that is ready or runs.
    #[cfg(all(test, not(loom)))]
    pub(crate) fn lanes(&self) -> usize {
        self.items.lanes()
    }
}

/// Returns the item, or makes one of the event.
#[inline]
fn item_of<T>(rings: &mut Rings<T>, waiting: Waiting<Stored<T>>) -> Option<Waiting<T>> {
    let Waiting { number, lane, item } = waiting;
    let item = match item {
        Stored::Item(item) => item,
        Stored::Event { ring, key } => rings[ring as usize].remove_item(key)?,
    };
    Some(Waiting { number, lane, item })
}

/// What was in a line, which is sorted after the lock is released.
#[derive(Debug)]
pub(crate) struct Drained<T> {
    waiting: Vec<Waiting<T>>,
    /// A number behind all others.
    next: u64,
}

impl<T> Drained<T> {
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Adds an item behind the others.
    pub(crate) fn push(&mut self, item: T) {
        self.waiting.push(Waiting {
            number: self.next,
            lane: None,
            item,
        });
        self.next += 1;
    }

    /// Returns the items, in no order.
    pub(crate) fn items(&self) -> impl Iterator<Item = &T> {
        self.waiting.iter().map(|waiting| &waiting.item)
    }

    /// Returns the items in order of offer.
    pub(crate) fn into_items(mut self) -> Vec<T> {
        self.waiting.sort_unstable_by_key(|waiting| waiting.number);
        let items = self.waiting.into_iter().map(|waiting| waiting.item);
        items.collect()
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
