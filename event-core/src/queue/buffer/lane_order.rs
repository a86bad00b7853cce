//! The order of the items of a waiting line: which item is next, and which items their lanes hold back.
//!
//! An item is *ready* when nothing holds it back. A lane has an entry from the moment one of its
//! items is ready until its last item was delivered; other items that are offered for the lane meanwhile are
//! *held*. So an item is looked at twice at most, by number, however many lanes there are, and an item
//! without a lane needs only a `VecDeque`.

use std::cmp::Reverse;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BinaryHeap, HashMap, VecDeque};
use std::mem;

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
    /// All other items, by number: an item that was held stays here when it becomes ready.
    behind: BTreeMap<u64, Waiting<T>>,
    /// The items of `behind` that are ready now.
    freed: BinaryHeap<Reverse<u64>>,
    /// The items of `behind` that are held, by lane, the oldest first.
    lanes: HashMap<u64, VecDeque<u64>>,
}

impl<T> LaneOrder<T> {
    pub(crate) fn new() -> Self {
        Self {
            at_once: VecDeque::new(),
            behind: BTreeMap::new(),
            freed: BinaryHeap::new(),
            lanes: HashMap::new(),
        }
    }

    /// How many items wait, ready or held.
    pub(crate) fn len(&self) -> usize {
        self.at_once.len() + self.behind.len()
    }

    /// How many items [`pop`](Self::pop) can return.
    pub(crate) fn ready(&self) -> usize {
        self.at_once.len() + self.freed.len()
    }

    #[inline]
    pub(crate) fn push(&mut self, number: u64, item: T, lane: Option<u64>) {
        let waiting = Waiting { number, lane, item };
        match lane.map(|lane| self.lanes.entry(lane)) {
            Some(Entry::Occupied(held)) => {
                held.into_mut().push_back(number);
                self.behind.insert(number, waiting);
            }
            Some(Entry::Vacant(free)) => {
                // This allocates only if another item of the lane is offered before this item is delivered.
                free.insert(VecDeque::new());
                self.at_once.push_back(waiting);
            }
            None => self.at_once.push_back(waiting),
        }
    }

    /// Returns the number of the item that [`pop`](Self::pop) takes next.
    #[inline]
    pub(crate) fn first_ready(&self) -> Option<u64> {
        match self.freed.peek() {
            Some(&Reverse(number)) if self.is_oldest(number) => Some(number),
            _ => self.at_once.front().map(|first| first.number),
        }
    }

    /// Returns the number of the oldest item, ready or held.
    pub(crate) fn first(&self) -> Option<u64> {
        let behind = self.behind.first_key_value().map(|(number, _)| *number);
        let behind = behind.filter(|number| self.is_oldest(*number));
        behind.or_else(|| self.at_once.front().map(|first| first.number))
    }

    /// Takes the oldest ready item. The lane of the item stays taken until it is [freed](Self::free).
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<Waiting<T>> {
        match self.freed.peek() {
            Some(&Reverse(number)) if self.is_oldest(number) => {
                self.freed.pop();
                self.behind.remove(&number)
            }
            _ => self.at_once.pop_front(),
        }
    }

    /// Takes the oldest item, ready or held, which will not be delivered.
    pub(crate) fn pop_oldest(&mut self) -> Option<T> {
        let Some((&number, _)) = self
            .behind
            .first_key_value()
            .filter(|(number, _)| self.is_oldest(**number))
        else {
            let Waiting { lane, item, .. } = self.at_once.pop_front()?;
            self.free(lane);
            return Some(item);
        };
        let Waiting { lane, item, .. } = self.behind.remove(&number)?;
        if self.freed.peek() == Some(&Reverse(number)) {
            self.freed.pop();
            self.free(lane);
        } else if let Some(held) = lane.and_then(|lane| self.lanes.get_mut(&lane)) {
            // The lane is taken by a running item, and the oldest item that the lane holds is its first.
            held.pop_front();
        }
        Some(item)
    }

    /// Returns the oldest item, ready or held.
    pub(crate) fn oldest(&self) -> Option<&T> {
        let behind = self.behind.first_key_value();
        let behind = behind.filter(|(number, _)| self.is_oldest(**number));
        let oldest = behind.map(|(_, waiting)| waiting);
        oldest
            .or_else(|| self.at_once.front())
            .map(|waiting| &waiting.item)
    }

    /// Makes the next item of a lane ready after an item has left the lane, run or not.
    pub(crate) fn free(&mut self, lane: Option<u64>) {
        let Some(lane) = lane else { return };
        if let Entry::Occupied(mut held) = self.lanes.entry(lane) {
            match held.get_mut().pop_front() {
                Some(number) => self.freed.push(Reverse(number)),
                None => drop(held.remove()),
            }
        }
    }

    /// Whether an item becomes ready once this lane is [freed](Self::free).
    pub(crate) fn is_held_by(&self, lane: Option<u64>) -> bool {
        let held = lane.and_then(|lane| self.lanes.get(&lane));
        held.is_some_and(|held| !held.is_empty())
    }

    /// Takes all items, in no order. Lanes with a running item stay taken.
    pub(crate) fn drain(&mut self) -> Drained<T> {
        let freed = self.freed.drain();
        let freed = freed.filter_map(|Reverse(number)| self.behind.get(&number));
        for lane in self
            .at_once
            .iter()
            .chain(freed)
            .filter_map(|ready| ready.lane)
        {
            self.lanes.remove(&lane);
        }
        for held in self.lanes.values_mut() {
            held.clear();
        }
        Drained {
            at_once: mem::take(&mut self.at_once),
            behind: mem::take(&mut self.behind),
        }
    }

    /// How many lanes have an item that is ready or runs.
    #[cfg(all(test, not(loom)))]
    pub(crate) fn lanes(&self) -> usize {
        self.lanes.len()
    }

    /// Whether all items of `at_once` were offered after the item with this number.
    fn is_oldest(&self, number: u64) -> bool {
        self.at_once
            .front()
            .is_none_or(|first| number < first.number)
    }
}

/// The items that were in a line, which are sorted after the lock is released.
#[derive(Debug)]
pub(crate) struct Drained<T> {
    pub(crate) at_once: VecDeque<Waiting<T>>,
    behind: BTreeMap<u64, Waiting<T>>,
}

impl<T> Drained<T> {
    pub(crate) fn len(&self) -> usize {
        self.at_once.len() + self.behind.len()
    }

    /// Returns the items, in no order.
    pub(crate) fn items(&self) -> impl Iterator<Item = &T> {
        let all = self.at_once.iter().chain(self.behind.values());
        all.map(|waiting| &waiting.item)
    }

    /// Returns the items in order of offer.
    pub(crate) fn into_items(self) -> Vec<T> {
        let mut all = Vec::from(self.at_once);
        all.extend(self.behind.into_values());
        all.sort_unstable_by_key(|waiting| waiting.number);
        all.into_iter().map(|waiting| waiting.item).collect()
    }
}
