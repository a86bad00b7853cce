//! Sleeping until there is something to do: as a task, or as a thread that parks.
//!
//! Sleepers are in lists under the buffer's own lock, so each step of the buffer knows exactly which tasks
//! and threads sleep. A wake-up takes a sleeper off the list. The wake-up, the clone and the drop of a waker
//! are foreign code, which runs without the lock.

use std::collections::VecDeque;
use std::mem;
#[cfg(not(target_family = "wasm"))]
use std::pin::pin;
#[cfg(not(target_family = "wasm"))]
use std::sync::Arc;
#[cfg(not(target_family = "wasm"))]
use std::task::Wake;
use std::task::{Context, Poll, Waker};
#[cfg(all(not(loom), not(target_family = "wasm")))]
use std::thread::{self, Thread};
#[cfg(not(target_family = "wasm"))]
use std::time::Instant;

#[cfg(all(loom, not(target_family = "wasm")))]
use loom::thread::{self, Thread};

use crate::queue::buffer::Buffer;
use crate::queue::buffer::state::State;

/// The kinds of sleepers, by what they wait for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Whom {
    /// Wait for an item or an event, or for the end.
    Consumers,
    /// Wait for capacity, or for the close.
    Producers,
    /// Wait until no item waits and none runs.
    Watchers,
}

impl Whom {
    pub(crate) const ALL: [Self; 3] = [Self::Consumers, Self::Producers, Self::Watchers];
}

/// The sleepers of one kind, in the order in which they began to sleep.
#[derive(Debug, Default)]
pub(crate) struct Sleepers {
    next: u64,
    asleep: VecDeque<(u64, Waker)>,
}

impl Sleepers {
    /// Adds a sleeper to the list. Returns its place.
    pub(crate) fn join(&mut self, waker: Waker) -> u64 {
        let place = self.next;
        self.next += 1;
        self.asleep.push_back((place, waker));
        place
    }

    /// Returns the waker of a sleeper that was not woken.
    pub(crate) fn find(&mut self, place: u64) -> Option<&mut Waker> {
        let index = self.index(place)?;
        self.asleep.get_mut(index).map(|(_, waker)| waker)
    }

    /// Takes a sleeper off the list. Returns `None` if [`wake`](Self::wake) has taken it off.
    pub(crate) fn leave(&mut self, place: u64) -> Option<Waker> {
        let index = self.index(place)?;
        self.asleep.remove(index).map(|(_, waker)| waker)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.asleep.is_empty()
    }

    /// Takes the first sleepers off the list, `count` at most, for the caller to wake.
    pub(crate) fn wake(&mut self, count: usize) -> impl Iterator<Item = Waker> {
        let count = count.min(self.asleep.len());
        self.asleep.drain(..count).map(|(_, waker)| waker)
    }

    fn index(&self, place: u64) -> Option<usize> {
        let index = self
            .asleep
            .binary_search_by_key(&place, |(place, _)| *place);
        index.ok()
    }
}

/// A wait of one task or thread. A drop after the wake-up and before the look passes the wake-up to another
/// sleeper.
pub(crate) struct Sleep<'b, T> {
    buffer: &'b Buffer<T>,
    whom: Whom,
    /// The place among the sleepers, which is stale after a wake-up.
    place: Option<u64>,
}

impl<'b, T> Sleep<'b, T> {
    pub(crate) fn new(buffer: &'b Buffer<T>, whom: Whom) -> Self {
        Self {
            buffer,
            whom,
            place: None,
        }
    }

    /// Returns the result of `look` if it is ready, or else sleeps. `look` is told whether this wait was
    /// woken.
    pub(crate) fn poll<R>(
        &mut self,
        context: &Context<'_>,
        mut look: impl FnMut(&mut State<T>, bool) -> Poll<R>,
    ) -> Poll<R> {
        let mut waker = None;
        loop {
            let step = self
                .buffer
                .change(|state| self.step(state, context, &mut waker, &mut look));
            if let Some(poll) = step {
                return poll;
            }
            // The waker is cloned without the lock, and not before the clone is needed.
            waker = Some(context.waker().clone());
        }
    }

    /// Looks and goes to sleep in one step. Returns `None` if sleep needs a waker and `waker` has none. A
    /// waker that is not needed any more is left in `waker`.
    #[inline]
    fn step<R>(
        &mut self,
        state: &mut State<T>,
        context: &Context<'_>,
        waker: &mut Option<Waker>,
        look: &mut impl FnMut(&mut State<T>, bool) -> Poll<R>,
    ) -> Option<Poll<R>> {
        if let Some(asleep) = self
            .place
            .and_then(|place| state.sleepers(self.whom).find(place))
        {
            // A wait that is polled without a wake-up keeps its place, or others would be woken before it.
            if !asleep.will_wake(context.waker()) {
                mem::swap(asleep, waker.as_mut()?);
            }
            return Some(Poll::Pending);
        }
        let woken = self.place.take().is_some();
        let answer = look(state, woken);
        if answer.is_pending() {
            self.place = Some(state.sleepers(self.whom).join(waker.take()?));
        }
        Some(answer)
    }
}

impl<T> Drop for Sleep<'_, T> {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            self.buffer.leave(self.whom, place);
        }
    }
}

/// Runs a future on this thread, which parks while the future waits. Returns `None` if the deadline is over
/// first.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn block_on<R>(future: impl Future<Output = R>, deadline: Option<Instant>) -> Option<R> {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Parked(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(answer) = future.as_mut().poll(&mut context) {
            return Some(answer);
        }
        if !park(deadline) {
            return None;
        }
    }
}

/// Parks until the thread is woken, perhaps spuriously. Returns `false` if the deadline is over.
#[cfg(all(not(loom), not(target_family = "wasm")))]
fn park(deadline: Option<Instant>) -> bool {
    let Some(deadline) = deadline else {
        thread::park();
        return true;
    };
    let left = deadline.saturating_duration_since(Instant::now());
    thread::park_timeout(left);
    !left.is_zero()
}

/// Parks without a deadline, since the model checker has no time.
#[cfg(all(loom, not(target_family = "wasm")))]
fn park(_: Option<Instant>) -> bool {
    thread::park();
    true
}

/// The waker of a thread that parks.
#[cfg(not(target_family = "wasm"))]
struct Parked(Thread);

#[cfg(not(target_family = "wasm"))]
impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
