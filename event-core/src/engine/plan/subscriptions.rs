//! The subscriptions of one event that run in one phase, and the list that emissions read.
//!
//! Adding or removing a subscription changes an ordered map under a lock, and removes the list. The next
//! emission that finds no list makes it again. So a change costs the same whatever the number of
//! subscriptions, and an emission makes a list no longer than the list of its calls. An emission that
//! finds the list reads memory that does not change.

use std::any::Any;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::iter;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::{ArcSwapOption, Guard};

use crate::handler_info::HandlerInfo;

/// With fewer subscriptions than this, each new one removes those that have ended.
const FEW: usize = 16;

/// The place of a subscription among those of its phase: subscriptions of a lower priority come first,
/// then those that were made earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SubscriptionKey {
    priority: i32,
    sequence: u64,
}

/// A subscription, inline or not.
pub(crate) trait SubscriptionNode: Send + Sync {
    fn key(&self) -> SubscriptionKey;
    fn info(&self) -> HandlerInfo;
    /// Whether it may still be called.
    fn is_alive(&self) -> bool;
}

/// The subscriptions of one event that run in one phase.
pub(crate) struct Subscriptions<N: ?Sized> {
    members: Mutex<Members<N>>,
    /// Whether there are any subscriptions, to be read without the lock.
    has_some: AtomicBool,
    /// The list that emissions read; `None` while there are no subscriptions, or after a change.
    list: ArcSwapOption<SubscriptionList<N>>,
    sequence: AtomicU64,
}

struct Members<N: ?Sized> {
    by_key: BTreeMap<SubscriptionKey, Arc<N>>,
    /// Whether the list is made.
    is_listed: bool,
    /// The number of subscriptions at which those that have ended are removed again.
    clean_at: usize,
}

/// The subscriptions of a phase, each with its place among the handlers.
pub(crate) struct SubscriptionList<N: ?Sized> {
    /// The same subscriptions with the type of their event, for emissions that call them. Dropped first:
    /// the values that a subscription captured are dropped with its node.
    typed: Option<Box<dyn Any + Send + Sync>>,
    slots: Box<[SubscriptionSlot<N>]>,
}

/// A subscription, and how many of the handlers run before it.
pub(crate) struct SubscriptionSlot<N: ?Sized> {
    pub(crate) handlers: usize,
    pub(crate) node: Arc<N>,
}

/// The handler or subscription at a position of a phase.
pub(crate) enum Step<'s, N: ?Sized> {
    /// The handler at this index.
    Handler(usize),
    Subscription(&'s Arc<N>),
}

/// The positions of a phase, in order.
pub(crate) struct Steps<'s, N: ?Sized> {
    slots: &'s [SubscriptionSlot<N>],
    handler: usize,
    handlers: usize,
}

impl<N: ?Sized> Default for Subscriptions<N> {
    fn default() -> Self {
        Self {
            members: Mutex::new(Members {
                by_key: BTreeMap::new(),
                is_listed: false,
                clean_at: FEW,
            }),
            has_some: AtomicBool::new(false),
            list: ArcSwapOption::empty(),
            sequence: AtomicU64::new(0),
        }
    }
}

impl<N: SubscriptionNode + ?Sized> Subscriptions<N> {
    pub(crate) fn is_some(&self) -> bool {
        self.has_some.load(Ordering::Acquire)
    }

    /// Returns how many subscriptions may still be called.
    pub(crate) fn count(&self) -> usize {
        let members = self.lock();
        let alive = members.by_key.values().filter(|node| node.is_alive());
        alive.count()
    }

    /// Returns the key of a new subscription, which comes behind all others of its priority.
    pub(crate) fn key(&self, priority: i32) -> SubscriptionKey {
        SubscriptionKey {
            priority,
            sequence: self.sequence.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// Adds a subscription. Emissions that have started do not see it.
    pub(crate) fn add(&self, node: Arc<N>) {
        let mut members = self.lock();
        let ended = members.take_ended();
        members.by_key.insert(node.key(), node);
        self.has_some.store(true, Ordering::Release);
        let list = self.take_list(&mut members);
        drop(members);
        // Dropped outside of the lock: these may be the last owners of what closures captured.
        drop((ended, list));
    }

    /// Removes a subscription, if it is still in the map.
    pub(crate) fn remove(&self, key: SubscriptionKey) {
        let mut members = self.lock();
        let Some(node) = members.by_key.remove(&key) else {
            return;
        };
        let has_some = !members.by_key.is_empty();
        self.has_some.store(has_some, Ordering::Release);
        let list = self.take_list(&mut members);
        drop(members);
        // Dropped outside of the lock: these may be the last owners of what closures captured.
        drop((node, list));
    }

    /// Returns the list of the current subscriptions; `None` if there are none, or if the list must be
    /// [made](Self::make_list).
    #[inline]
    pub(crate) fn load(&self) -> Guard<Option<Arc<SubscriptionList<N>>>> {
        self.list.load()
    }

    /// Makes the list of the current subscriptions. `priority` returns the priority of each handler of
    /// the phase, in order; `typed` makes [`SubscriptionList::typed`].
    #[cold]
    #[inline(never)]
    pub(crate) fn make_list(
        &self,
        priority: impl Fn(usize) -> Option<i32>,
        typed: impl FnOnce(&[SubscriptionSlot<N>]) -> Option<Box<dyn Any + Send + Sync>>,
    ) -> Guard<Option<Arc<SubscriptionList<N>>>> {
        let mut members = self.lock();
        if members.is_listed || members.by_key.is_empty() {
            // Another emission made the list, or the last subscription was cancelled.
            return self.list.load();
        }
        let slots = SubscriptionList::merge(members.by_key.values(), priority);
        let list = Arc::new(SubscriptionList {
            typed: typed(&slots),
            slots,
        });
        self.list.store(Some(Arc::clone(&list)));
        members.is_listed = true;
        Guard::from_inner(Some(list))
    }

    /// Removes the list, since it is out of date.
    fn take_list(&self, members: &mut Members<N>) -> Option<Arc<SubscriptionList<N>>> {
        if std::mem::take(&mut members.is_listed) {
            self.list.swap(None)
        } else {
            None
        }
    }

    fn lock(&self) -> MutexGuard<'_, Members<N>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<N: SubscriptionNode + ?Sized> Members<N> {
    /// Takes out subscriptions that have ended without being cancelled, such as weak ones whose target is
    /// gone. Checks them all only when there are twice as many as the last time, or few.
    fn take_ended(&mut self) -> Vec<Arc<N>> {
        if (FEW..self.clean_at).contains(&self.by_key.len()) {
            return Vec::new();
        }
        let ended = self.by_key.extract_if(.., |_, node| !node.is_alive());
        let ended = ended.map(|(_, node)| node).collect();
        self.clean_at = 2 * self.by_key.len();
        ended
    }
}

impl<N: ?Sized> SubscriptionList<N> {
    /// Puts each subscription before the first handler of a higher priority, but never before an earlier
    /// subscription: handlers keep their order, which `after` may have changed.
    fn merge<'n>(
        nodes: impl Iterator<Item = &'n Arc<N>>,
        priority: impl Fn(usize) -> Option<i32>,
    ) -> Box<[SubscriptionSlot<N>]>
    where
        N: SubscriptionNode + 'n,
    {
        let mut handlers = 0;
        let slots = nodes.map(|node| {
            let own = node.key().priority;
            while priority(handlers).is_some_and(|handler| handler <= own) {
                handlers += 1;
            }
            SubscriptionSlot {
                handlers,
                node: Arc::clone(node),
            }
        });
        slots.collect()
    }

    #[inline]
    pub(crate) fn typed(&self) -> Option<&(dyn Any + Send + Sync)> {
        self.typed.as_deref()
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    #[inline]
    pub(crate) fn slots(&self) -> &[SubscriptionSlot<N>] {
        &self.slots
    }

    /// Returns the handler or subscription at a position. `before` keeps how many subscriptions come
    /// before the last position that was looked up: moving from one position to the next takes the same
    /// time, whatever their number.
    pub(crate) fn step(&self, position: usize, before: &Cell<usize>) -> Step<'_, N> {
        let position_of = |at: usize| self.slots.get(at).map(|slot| at + slot.handlers);
        let mut at = before.get();
        while at > 0 && position_of(at - 1).is_none_or(|earlier| earlier >= position) {
            at -= 1;
        }
        while position_of(at).is_some_and(|earlier| earlier < position) {
            at += 1;
        }
        before.set(at);
        match self.slots.get(at) {
            Some(slot) if at + slot.handlers == position => Step::Subscription(&slot.node),
            _ => Step::Handler(position - at),
        }
    }
}

impl<'s, N: ?Sized> Steps<'s, N> {
    /// Makes the steps of the handlers from `first` to `handlers`, with the subscriptions among them.
    pub(crate) fn new(
        first: usize,
        handlers: usize,
        subscribed: Option<&'s SubscriptionList<N>>,
    ) -> Self {
        Self {
            slots: subscribed.map_or(&[], SubscriptionList::slots),
            handler: first,
            handlers,
        }
    }
}

impl<'s, N: ?Sized> Iterator for Steps<'s, N> {
    type Item = Step<'s, N>;

    fn next(&mut self) -> Option<Step<'s, N>> {
        if let [slot, tail @ ..] = self.slots
            && slot.handlers <= self.handler
        {
            self.slots = tail;
            return Some(Step::Subscription(&slot.node));
        }
        let handler = self.handler;
        (handler < self.handlers).then(|| {
            self.handler += 1;
            Step::Handler(handler)
        })
    }
}

impl<N: ?Sized> iter::FusedIterator for Steps<'_, N> {}
