//! The waiting line of a queue in memory: bounded, with lanes, for tasks and threads at once.
//!
//! Items with the same lane run one after the other, in order of offer; all others run side by
//! side. The capacity bounds the items that wait, ready or held by their lane. Running items are only
//! counted.
//!
//! Each item has a [`Label`], by which an [`account`](crate::queue::account) names its delivery.
//!
//! # How it works
//!
//! All state is under one lock, so that each operation is one step. Operations change the state and wake
//! nothing: [`Buffer::change`] compares what there is to do for consumers, producers and watchers before
//! and after the step, and wakes one sleeper for each thing more. No wake-up is lost, since *for each
//! thing there is to do for a kind, a sleeper of the kind was woken, or none sleeps*. To sleep is a step of
//! its own, taken only if there is nothing to do, and a sleeper that is dropped after its wake-up and before
//! its look passes the wake-up to another.
//!
//! Items are dropped, and wakers are called, after the lock is released, since both are foreign code. It
//! does not matter when a waker runs: the step has decided which sleepers to wake.

use std::any::Any;
use std::fmt;
use std::future::poll_fn;
#[cfg(not(loom))]
use std::sync::{Mutex, MutexGuard};
use std::task::{Poll, Waker};
#[cfg(not(target_family = "wasm"))]
use std::time::Instant;

#[cfg(loom)]
use loom::sync::{Mutex, MutexGuard};

pub(crate) use crate::queue::buffer::line::Rings;
#[cfg(not(target_family = "wasm"))]
use crate::queue::buffer::sleep::block_on;
use crate::queue::buffer::sleep::{Sleep, Whom};
use crate::queue::buffer::slots::{Label, Slot};
use crate::queue::buffer::spin::Hint;
use crate::queue::buffer::state::State;
use crate::queue::buffer::ticket::{Next, Taken, Ticket, Turn, Unreturned};

mod closing;
pub(crate) mod delayed;
pub(crate) mod lane_order;
pub(crate) mod line;
pub(crate) mod linked_slab;
#[cfg(all(test, loom))]
mod models;
pub(crate) mod sleep;
pub(crate) mod slots;
pub(crate) mod spin;
pub(crate) mod state;
#[cfg(all(test, not(loom)))]
mod tests;
pub(crate) mod ticket;
pub(crate) mod unfinished;

/// A bounded waiting line for any number of producers and consumers.
pub(crate) struct Buffer<T> {
    state: Mutex<State<T>>,
    hint: Hint,
}

/// What to do with an item that is offered to a full buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhenFull {
    /// Return the item and count it as refused.
    Refuse,
    /// Return the item to a producer that will wait for [capacity](Buffer::capacity_free), and count nothing.
    Wait,
    /// Displace the oldest item, whether ready or held by its lane.
    Displace,
}

/// The result of an offer of an item.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "it may give items back"]
pub(crate) enum Offer<T> {
    /// The item waits.
    Waits,
    /// The item waits, and this oldest item was displaced.
    Displaced(T),
    /// The buffer is full, and did not take this item, the one offered.
    Full(T),
    /// The buffer is closed, and did not take this item, the one offered.
    Closed(T),
}

/// The counts of a buffer at one moment.
///
/// `offered` is the sum of `depth`, `running`, `finished`, `displaced` and `cleared`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Items that wait.
    pub(crate) depth: usize,
    /// The most items that ever waited at once.
    pub(crate) high_water: usize,
    /// Items taken whose ticket was not returned yet.
    pub(crate) running: usize,
    /// Items that were accepted.
    pub(crate) offered: u64,
    /// Accepted items that were displaced by others.
    pub(crate) displaced: u64,
    /// Items refused because the buffer was full.
    pub(crate) refused: u64,
    /// Items refused because the buffer was closed.
    pub(crate) closed: u64,
    /// Items taken that run no more.
    pub(crate) finished: u64,
    /// Accepted items that [`Buffer::clear`] took.
    pub(crate) cleared: u64,
}

impl<T> Buffer<T> {
    /// Makes a buffer for up to `capacity` waiting items, at least one. `label` is called under the lock.
    pub(crate) fn new(capacity: usize, label: fn(&T) -> Label, rings: Rings<T>) -> Self {
        Self {
            state: Mutex::new(State::new(capacity.max(1), label, rings)),
            hint: Hint::new(),
        }
    }

    /// Adds an item to the line, behind the others of its lane. `slot` is freed if the item waits.
    pub(crate) fn offer(
        &self,
        item: T,
        lane: Option<u64>,
        when_full: WhenFull,
        slot: Option<Slot>,
    ) -> Offer<T> {
        self.change(|state| state.offer(item, lane, when_full, slot))
    }

    /// Returns the `finished` ticket and takes the next item, if one is ready and there is no pause.
    pub(crate) fn try_take(&self, finished: Option<Ticket>) -> Option<Taken<T>> {
        self.change(|state| {
            state.finish(finished);
            state.take()
        })
    }

    /// Returns the `finished` ticket, and waits until an item or an event is next: an item is taken, an event
    /// still waits. `None` when the buffer is closed and nothing waits any more. `step` runs under the lock.
    ///
    /// # Cancellation
    ///
    /// Dropping the future loses no item and no wake-up. `finished` is returned in any case.
    pub(crate) fn next_with<R>(
        &self,
        finished: Option<Ticket>,
        step: impl Fn(Next<T>) -> R + Unpin,
    ) -> impl Future<Output = Option<R>> + Unpin {
        self.wait_next(finished, move |state| state.take_next().map(&step))
    }

    fn wait_next<R>(
        &self,
        finished: Option<Ticket>,
        take: impl Fn(&mut State<T>) -> Option<R> + Unpin,
    ) -> impl Future<Output = Option<R>> + Unpin {
        let mut finished = Unreturned {
            buffer: self,
            ticket: finished,
        };
        let mut sleep = Sleep::new(self, Whom::Consumers);
        poll_fn(move |context| {
            sleep.poll(context, |state, _| {
                state.next(finished.ticket.take(), &take)
            })
        })
    }

    /// [`next_with`](Self::next_with) for a thread.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn next_blocking_with<R>(
        &self,
        finished: Option<Ticket>,
        step: impl Fn(Next<T>) -> R + Unpin,
    ) -> Option<R> {
        self.wait_next_blocking(finished, move |state| state.take_next().map(&step))
    }

    #[cfg(not(target_family = "wasm"))]
    fn wait_next_blocking<R>(
        &self,
        finished: Option<Ticket>,
        take: impl Fn(&mut State<T>) -> Option<R> + Unpin,
    ) -> Option<R> {
        if let Poll::Ready(next) = self.change(|state| state.next(finished, &take)) {
            return next;
        }
        self.hint.spin(Whom::Consumers);
        block_on(self.wait_next(None, take), None).flatten()
    }

    /// Waits for the next item or event, and takes it as an item.
    pub(crate) fn take(
        &self,
        finished: Option<Ticket>,
    ) -> impl Future<Output = Option<Taken<T>>> + Unpin {
        self.wait_next(finished, State::take)
    }

    /// [`take`](Self::take) for a thread.
    #[cfg(test)]
    pub(crate) fn take_blocking(&self, finished: Option<Ticket>) -> Option<Taken<T>> {
        self.wait_next_blocking(finished, State::take)
    }

    /// Takes the next item, or returns the ring whose event is next, if there is no pause. The ticket is kept
    /// if nothing is ready, and before an event if it has no lane; else it is returned to the buffer.
    pub(crate) fn try_next(&self, ticket: &mut Option<Ticket>) -> Option<Next<T>> {
        self.change(|state| state.try_next(ticket))
    }

    /// Moves the event of an `Option<E>` to a ring. Returns `false`, and leaves the event in the `Option`, if
    /// the buffer is full or closed.
    #[inline]
    pub(crate) fn offer_event(&self, ring: u32, event: &mut dyn Any, lane: Option<u64>) -> bool {
        self.change(|state| state.offer_event(ring, event, lane))
    }

    /// Moves the next event into an `Option<E>`, if the event is of this ring. The ticket of the event
    /// before, if there is one, becomes the ticket of this event.
    #[inline]
    pub(crate) fn take_event(
        &self,
        ring: u32,
        label: Label,
        event: &mut dyn Any,
        ticket: &mut Option<Ticket>,
    ) -> Turn {
        self.change(|state| state.take_event(ring, label, event, ticket))
    }

    /// Returns the ticket of a delivery that has ended, whose consumer takes nothing more.
    pub(crate) fn finish(&self, ticket: Ticket) {
        self.change(|state| state.finish(Some(ticket)));
    }

    /// Counts a delivery as drained that has ended, while its consumer emits what the delivery caused.
    pub(crate) fn end(&self, ticket: &Ticket) {
        self.lock().end(ticket);
    }

    /// Returns the ticket of a delivery whose consumer takes nothing more. The delivery is abandoned, unless
    /// it has [ended](Self::end).
    pub(crate) fn abandon(&self, ticket: Ticket) {
        self.change(|state| state.abandon(ticket));
    }

    /// Keeps an item's label while the item waits for [capacity](Self::capacity_free). Returns `None` if the
    /// buffer is closed.
    pub(crate) fn wait(&self, item: &T) -> Option<Slot> {
        self.lock().wait(item)
    }

    /// Counts an item as abandoned that waits no more and was not taken.
    pub(crate) fn stop_waiting(&self, slot: Slot) {
        self.lock().stop_waiting(slot);
    }

    /// Counts an item as abandoned that was offered and not taken.
    pub(crate) fn count_abandoned(&self, label: Label) {
        self.lock().account.abandon(label);
    }

    /// Waits until there may be capacity, or the buffer is closed.
    ///
    /// One producer is woken for each item fewer that waits; so the caller has to offer its item, or another
    /// producer may wait while capacity is free. Dropping the future is no problem.
    pub(crate) fn capacity_free(&self) -> impl Future<Output = ()> + Unpin {
        self.wait_for(Whom::Producers)
    }

    /// [`capacity_free`](Self::capacity_free) for a thread.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn capacity_free_blocking(&self) {
        if !self.hint.spin(Whom::Producers) {
            block_on(self.capacity_free(), None);
        }
    }

    /// Pauses or resumes the buffer. Consumers take nothing from a paused buffer; offers are still accepted.
    pub(crate) fn set_paused(&self, paused: bool) {
        self.change(|state| state.paused = paused);
    }

    /// Refuses all later offers. Consumers still take what waits, even if the buffer was paused.
    pub(crate) fn close(&self) {
        self.change(|state| state.closed = true);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Waits for a moment at which nothing waits and nothing runs.
    pub(crate) fn quiet(&self) -> impl Future<Output = ()> + Unpin {
        self.wait_for(Whom::Watchers)
    }

    /// [`quiet`](Self::quiet) for a thread; `false` if the deadline came first.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn quiet_blocking(&self, deadline: Option<Instant>) -> bool {
        block_on(self.quiet(), deadline).is_some()
    }

    pub(crate) fn counts(&self) -> Counts {
        let state = self.lock();
        Counts {
            depth: state.waiting(),
            ..state.counts
        }
    }

    /// Returns what `look` returns for the oldest that waits, if it is an item. `look` runs under the lock.
    pub(crate) fn oldest<R>(&self, look: impl FnOnce(&T) -> R) -> Option<R> {
        self.lock().line.oldest().map(look)
    }

    /// Waits until there is something to do for `whom`, or was when this wait was woken.
    fn wait_for(&self, whom: Whom) -> impl Future<Output = ()> + Unpin {
        let mut sleep = Sleep::new(self, whom);
        poll_fn(move |context| {
            sleep.poll(context, |state, woken| {
                if woken || state.prospect(whom) > 0 {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            })
        })
    }

    /// Runs one step on the state, and wakes the sleepers that have more to do than before.
    ///
    /// Inlined, as are the steps that are taken per item: a call moves the result through memory, which takes
    /// as long as the step.
    #[inline]
    fn change<R>(&self, step: impl FnOnce(&mut State<T>) -> R) -> R {
        let mut state = self.lock();
        if !state.has_sleepers() {
            // A sleeper that this step adds has nothing to do after the step, either.
            let result = step(&mut state);
            self.hint.set(&state);
            return result;
        }
        let before = state.prospects();
        let result = step(&mut state);
        let after = state.prospects();
        self.hint.set(&state);
        if state.is_anyone_to_wake(before, after) {
            let woken = state.wake(before, after);
            drop(state);
            woken.into_iter().for_each(Waker::wake);
        }
        result
    }

    /// Takes a dropped sleeper off the list. If it was woken and there is something to do, wakes another.
    fn leave(&self, whom: Whom, place: u64) {
        let mut state = self.lock();
        let left = state.sleepers(whom).leave(place);
        let woken = if left.is_none() && state.prospect(whom) > 0 {
            state.sleepers(whom).wake(1).next()
        } else {
            None
        };
        drop(state);
        woken.into_iter().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        spin::lock(&self.state)
    }
}

impl<T> fmt::Debug for Buffer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffer")
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}
