//! The waiting line of a queue in memory: bounded, with lanes, for tasks and threads at once.
//!
//! Items with the same lane run one after the other, in order of offer; all others run side by
//! side. The capacity bounds those that wait, in the line or behind their lane; those that run are
//! counted only.
//!
//! Each item has a [`Label`], by which an [`account`](crate::account) names its delivery.
//!
//! # How it works
//!
//! All state is under one lock, so that each operation is one step. Operations say what changes,
//! not whom to wake: [`Buffer::change`] compares what there is to do for consumers, producers and
//! watchers before and after the step, and wakes as many as there is more. From that follows what
//! loses no wake-up: *whoever sleeps while there is something to do for its kind is outnumbered by
//! the woken*. To sleep is a step of its own, taken only if there is nothing to do, and one who was
//! woken and goes away without having looked passes it on.
//!
//! What waits is dropped, and wakers are called, after the lock is released: both is code of
//! others. It does not matter when a waker runs: whom to wake was decided in the step.

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
pub(crate) mod lane_order;
pub(crate) mod line;
#[cfg(all(test, loom))]
mod models;
pub(crate) mod sleep;
pub(crate) mod slots;
pub(crate) mod spin;
pub(crate) mod state;
#[cfg(all(test, not(loom)))]
mod tests;
pub(crate) mod ticket;

/// A bounded waiting line for any number of producers and consumers.
pub(crate) struct Buffer<T> {
    state: Mutex<State<T>>,
    hint: Hint,
}

/// What to do with an item for which there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhenFull {
    /// Give it back and count it as refused.
    Refuse,
    /// Give it back to a producer that will wait for [room](Buffer::room); counts nothing.
    Wait,
    /// Let the oldest one go, whether ready or behind its lane.
    Displace,
}

/// What became of an item that was offered.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "it may give items back"]
pub(crate) enum Offer<T> {
    /// It waits.
    Waits,
    /// It waits, and this one made room.
    Displaced(T),
    /// There is no room for this one, the one offered.
    Full(T),
    /// The buffer was closed before this one, the one offered, came.
    Closed(T),
}

/// What a buffer has seen, at one moment.
///
/// `offered` is the sum of `depth`, `running`, `finished`, `displaced` and `cleared`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Items that wait.
    pub(crate) depth: usize,
    /// The most that ever waited at once.
    pub(crate) high_water: usize,
    /// Items handed out whose ticket was not given back yet.
    pub(crate) running: usize,
    /// Items that were accepted.
    pub(crate) offered: u64,
    /// Accepted items that made room for others.
    pub(crate) displaced: u64,
    /// Items refused because there was no room.
    pub(crate) refused: u64,
    /// Items refused because the buffer was closed.
    pub(crate) closed: u64,
    /// Items whose delivery has ended.
    pub(crate) finished: u64,
    /// Accepted items that [`Buffer::clear`] took.
    pub(crate) cleared: u64,
}

impl<T> Buffer<T> {
    /// Makes one for up to `capacity` waiting items, at least one. `label` is called under the lock.
    pub(crate) fn new(capacity: usize, label: fn(&T) -> Label, rings: Rings<T>) -> Self {
        Self {
            state: Mutex::new(State::new(capacity.max(1), label, rings)),
            hint: Hint::new(),
        }
    }

    /// Lets an item wait, behind the others of its lane. `slot` is given back if it does.
    pub(crate) fn offer(
        &self,
        item: T,
        lane: Option<u64>,
        when_full: WhenFull,
        slot: Option<Slot>,
    ) -> Offer<T> {
        self.change(|state| state.offer(item, lane, when_full, slot))
    }

    /// Gives back what is `finished` and takes the next item, if one is ready and there is no pause.
    pub(crate) fn try_take(&self, finished: Option<Ticket>) -> Option<Taken<T>> {
        self.change(|state| {
            state.finish(finished);
            state.take()
        })
    }

    /// Gives back what is `finished`, and takes the next item, or finds an event that is next, as soon as there
    /// is one; `None` when the buffer is closed and nothing waits any more. `step` runs under the lock.
    ///
    /// # Cancellation
    ///
    /// Dropping the future loses no item and no wake-up. `finished` is given back in any case.
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

    /// Takes the next item or event, as an item, as soon as there is one.
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

    /// Takes the next item, or says that an event is next, if one is ready then and there is no pause. If
    /// nothing is, or an event, the ticket stays; else it is given back.
    pub(crate) fn try_next(&self, ticket: &mut Option<Ticket>) -> Option<Next<T>> {
        self.change(|state| state.try_next(ticket))
    }

    /// Lets the event of an `Option<E>` wait in a ring. Returns `false`, and leaves it there, if the buffer is
    /// full or closed.
    #[inline]
    pub(crate) fn offer_event(&self, ring: u32, event: &mut dyn Any) -> bool {
        self.change(|state| state.offer_event(ring, event))
    }

    /// Moves the next event into an `Option<E>`, if it is one of this ring. The ticket of the event before, if
    /// there is one, becomes that of this one.
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

    /// A delivery has ended, and its consumer takes nothing more.
    pub(crate) fn finish(&self, ticket: Ticket) {
        self.change(|state| state.finish(Some(ticket)));
    }

    /// A delivery has ended, and its consumer goes on with what it caused.
    pub(crate) fn end(&self, ticket: &Ticket) {
        self.lock().end(ticket);
    }

    /// A delivery will not end, unless it has, and its consumer takes nothing more.
    pub(crate) fn abandon(&self, ticket: Ticket) {
        self.change(|state| state.abandon(ticket));
    }

    /// Keeps an item's label while it waits for [room](Self::room); `None` if the buffer is closed.
    pub(crate) fn wait(&self, item: &T) -> Option<Slot> {
        self.lock().wait(item)
    }

    /// An item waits no more, though it found no room.
    pub(crate) fn stop_waiting(&self, slot: Slot) {
        self.lock().stop_waiting(slot);
    }

    /// An item is abandoned that was not taken in.
    pub(crate) fn count_abandoned(&self, label: Label) {
        self.lock().account.abandon(label);
    }

    /// Waits until there may be room, or the buffer is closed.
    ///
    /// One producer goes on for each place that becomes free; so who is let go offers its item, or
    /// another may wait beside an empty place. Dropping the future is no problem.
    pub(crate) fn capacity_free(&self) -> impl Future<Output = ()> + Unpin {
        self.wait_for(Whom::Producers)
    }

    /// [`room`](Self::room) for a thread.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn capacity_free_blocking(&self) {
        if !self.hint.spin(Whom::Producers) {
            block_on(self.capacity_free(), None);
        }
    }

    /// Hands nothing out while it is paused. Offers go on.
    pub(crate) fn set_paused(&self, paused: bool) {
        self.change(|state| state.paused = paused);
    }

    /// Refuses all later offers. What waits is still handed out, even if there was a pause.
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
            depth: state.line.len(),
            ..state.counts
        }
    }

    /// What `look` sees in the oldest item that waits. It looks under the lock.
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

    /// One step: all that changes the state goes through here. Wakes those for whom there is more
    /// to do than before.
    ///
    /// Inlined, with the steps that are taken per item: what they give is moved through memory at
    /// each call, which takes as long as the step.
    #[inline]
    fn change<R>(&self, step: impl FnOnce(&mut State<T>) -> R) -> R {
        let mut state = self.lock();
        if !state.has_sleepers() {
            // One that goes to sleep in this step finds nothing to do after it, either.
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

    /// A sleeper goes away. If it was woken, for something that is still to do, another one is.
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
