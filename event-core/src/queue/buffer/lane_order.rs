//! The order of the items of a waiting line: which item is next, and which items their lanes hold back.
//!
//! An item is *ready* when nothing holds it back. A lane has an entry from the moment one of its
//! items is ready until its last item was delivered; other items that are offered for the lane meanwhile are
//! *held*. An item that was held stays where it is when it becomes ready, and its key says where that is. So
//! each operation takes constant time, but for the heap of items that became ready; an item without a lane
//! needs only a `VecDeque`.

use std::cmp::{Ordering, Reverse};
use std::collections::hash_map::Entry;
use std::collections::{BinaryHeap, VecDeque};

use crate::prehashed::ByLane;
use crate::queue::buffer::linked_slab::LinkedSlab;

/// An item in the line.
#[derive(Debug)]
pub(crate) struct Waiting<T> {
    /// The number in order of offer: smaller is older.
    pub(crate) number: u64,
    pub(crate) lane: Option<u64>,
    pub(crate) item: T,
}

/// The items of a waiting line, without a bound and without a lock. The caller numbers them.
#[derive(Debug)]
pub(crate) struct LaneOrder<T> {
    /// Items that were ready when they were offered, the oldest first.
    at_once: VecDeque<Waiting<T>>,
    /// All other items, the oldest first.
    behind: LinkedSlab<Behind<T>>,
    /// The items of `behind` that are ready now.
    freed: BinaryHeap<Reverse<Freed>>,
    /// The items that each lane holds.
    lanes: ByLane<Option<Held>>,
}

#[derive(Debug)]
struct Behind<T> {
    waiting: Waiting<T>,
    /// The key of the next item of the lane, while the lane holds this item.
    next_held: Option<usize>,
}

/// The number and the key of an item that was held. The number alone orders it.
#[derive(Clone, Copy, Debug)]
struct Freed {
    number: u64,
    key: usize,
}

impl Ord for Freed {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        self.number.cmp(&other.number)
    }
}

impl PartialOrd for Freed {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Freed {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Freed {}

/// The items of `behind` that one lane holds, by their keys.
#[derive(Clone, Copy, Debug)]
struct Held {
    first: usize,
    last: usize,
}

impl<T> LaneOrder<T> {
    pub(crate) fn new() -> Self {
        Self {
            at_once: VecDeque::new(),
            behind: LinkedSlab::new(),
            freed: BinaryHeap::new(),
            lanes: ByLane::default(),
        }
    }

    /// How many items wait, ready or held.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.at_once.len() + self.behind.len()
    }

    /// How many items [`pop`](Self::pop) can return.
    #[inline]
    pub(crate) fn ready(&self) -> usize {
        self.at_once.len() + self.freed.len()
    }

    #[inline]
    pub(crate) fn push(&mut self, number: u64, item: T, lane: Option<u64>) {
        let waiting = Waiting { number, lane, item };
        match lane.map(|lane| self.lanes.entry(lane)) {
            Some(Entry::Occupied(taken)) => {
                let last = self.behind.push(Behind {
                    waiting,
                    next_held: None,
                });
                let held = taken.into_mut();
                let first = held.map_or(last, |held| held.first);
                if let Some(before) = held.and_then(|held| self.behind.get_mut(held.last)) {
                    before.next_held = Some(last);
                }
                *held = Some(Held { first, last });
            }
            Some(Entry::Vacant(free)) => {
                free.insert(None);
                self.at_once.push_back(waiting);
            }
            None => self.at_once.push_back(waiting),
        }
    }

    /// Adds an item that has taken its lane already.
    pub(crate) fn push_ready(&mut self, number: u64, item: T, lane: Option<u64>) {
        self.at_once.push_back(Waiting { number, lane, item });
    }

    /// Returns the item that [`pop`](Self::pop) takes next.
    #[inline]
    pub(crate) fn first_ready(&self) -> Option<&Waiting<T>> {
        match self.freed.peek() {
            Some(&Reverse(Freed { number, key })) if self.is_oldest(number) => {
                self.behind.get(key).map(|behind| &behind.waiting)
            }
            _ => self.at_once.front(),
        }
    }

    /// Returns the oldest item, ready or held.
    pub(crate) fn oldest(&self) -> Option<&Waiting<T>> {
        let behind = self.behind.first().and_then(|key| self.behind.get(key));
        let behind = behind.map(|behind| &behind.waiting);
        behind
            .filter(|waiting| self.is_oldest(waiting.number))
            .or_else(|| self.at_once.front())
    }

    /// Takes the oldest ready item. The lane of the item stays taken until it is [freed](Self::free).
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<Waiting<T>> {
        match self.freed.peek() {
            Some(&Reverse(Freed { number, key })) if self.is_oldest(number) => {
                self.freed.pop();
                self.behind.remove(key).map(|behind| behind.waiting)
            }
            _ => self.at_once.pop_front(),
        }
    }

    /// Takes the oldest item, ready or held, which will not be delivered.
    pub(crate) fn pop_oldest(&mut self) -> Option<Waiting<T>> {
        let number = self.oldest()?.number;
        if self.first_ready().map(|ready| ready.number) == Some(number) {
            let waiting = self.pop()?;
            self.free(waiting.lane);
            return Some(waiting);
        }
        // The lane is taken by a running item, and the oldest item that the lane holds is its first.
        let Behind { waiting, next_held } = self.behind.remove(self.behind.first()?)?;
        if let Some(held) = waiting.lane.and_then(|lane| self.lanes.get_mut(&lane)) {
            leave(held, next_held);
        }
        Some(waiting)
    }

    /// Makes the next item of a lane ready after an item has left the lane, run or not.
    #[inline]
    pub(crate) fn free(&mut self, lane: Option<u64>) {
        let Some(lane) = lane else { return };
        let Entry::Occupied(mut taken) = self.lanes.entry(lane) else {
            return;
        };
        let next = taken.get().map(|held| held.first);
        match next.and_then(|key| Some((key, self.behind.get(key)?))) {
            Some((key, behind)) => {
                let number = behind.waiting.number;
                self.freed.push(Reverse(Freed { number, key }));
                leave(taken.get_mut(), behind.next_held);
            }
            None => drop(taken.remove()),
        }
    }

    /// Whether an item becomes ready once this lane is [freed](Self::free).
    pub(crate) fn is_held_by(&self, lane: Option<u64>) -> bool {
        let held = lane.and_then(|lane| self.lanes.get(&lane));
        held.is_some_and(Option::is_some)
    }

    /// Returns all items, ready or held, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Waiting<T>> {
        let behind = self.behind.iter().map(|behind| &behind.waiting);
        self.at_once.iter().chain(behind)
    }

    /// Takes all items, in no order. Lanes with a running item stay taken.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Waiting<T>> {
        let freed = self.freed.drain();
        let freed = freed.filter_map(|Reverse(freed)| self.behind.get(freed.key));
        let freed = freed.map(|behind| &behind.waiting);
        for lane in self
            .at_once
            .iter()
            .chain(freed)
            .filter_map(|ready| ready.lane)
        {
            self.lanes.remove(&lane);
        }
        for held in self.lanes.values_mut() {
            *held = None;
        }
        let behind = self.behind.drain().map(|behind| behind.waiting);
        self.at_once.drain(..).chain(behind)
    }

    /// How many lanes have an item that is ready or runs.
    #[cfg(all(test, not(loom)))]
    pub(crate) fn lanes(&self) -> usize {
        self.lanes.len()
    }

    /// Whether all items of `at_once` were offered after the item with this number.
    #[inline]
    fn is_oldest(&self, number: u64) -> bool {
        self.at_once
            .front()
            .is_none_or(|first| number < first.number)
    }
}

/// Takes the first item off those that a lane holds; `next` is the item after it.
#[inline]
fn leave(held: &mut Option<Held>, next: Option<usize>) {
    *held = held.and_then(|Held { last, .. }| next.map(|first| Held { first, last }));
}
