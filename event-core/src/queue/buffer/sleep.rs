//! Sleeping until there is something to do: as a task, or as a thread that parks.
//!
//! Sleepers stand in lists under the buffer's own lock, so who sleeps and who was woken is known
//! exactly where it is decided what there is to do. To be woken is to be taken off the list. What
//! a waker does, and its clone and its drop, is code of others: it runs after the lock is
//! released.

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

/// Who sleeps, by what is waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Whom {
    /// Waits for an item, or for the end.
    Consumers,
    /// Waits for room, or for the close.
    Producers,
    /// Waits until nothing waits and nothing runs.
    Watchers,
}

impl Whom {
    pub(crate) const ALL: [Self; 3] = [Self::Consumers, Self::Producers, Self::Watchers];
}

/// Those of one kind that sleep, in order of coming.
#[derive(Debug, Default)]
pub(crate) struct Sleepers {
    next: u64,
    asleep: VecDeque<(u64, Waker)>,
}

impl Sleepers {
    /// Joins the list; the number says where.
    fn join(&mut self, waker: Waker) -> u64 {
        let place = self.next;
        self.next += 1;
        self.asleep.push_back((place, waker));
        place
    }

    /// The waker of one that still sleeps.
    fn find(&mut self, place: u64) -> Option<&mut Waker> {
        let index = self.index(place)?;
        self.asleep.get_mut(index).map(|(_, waker)| waker)
    }

    /// Leaves the list; `None` if that was done by [`wake`](Self::wake).
    pub(crate) fn leave(&mut self, place: u64) -> Option<Waker> {
        let index = self.index(place)?;
        self.asleep.remove(index).map(|(_, waker)| waker)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.asleep.is_empty()
    }

    /// Takes those off the list that came first, `count` at most, for the caller to wake.
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

/// A wait of one task or thread. Dropped after it was woken and before it looked, it passes the
/// wake-up on.
pub(crate) struct Sleep<'b, T> {
    buffer: &'b Buffer<T>,
    whom: Whom,
    /// Among the sleepers, unless woken since.
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

    /// Gives the answer of `look`, or sleeps. `look` is told whether this wait was woken.
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
            // Cloned under no lock, and not before it is needed.
            waker = Some(context.waker().clone());
        }
    }

    /// Looks and goes to sleep in one step; `None` if it needs a waker for that. A waker that is
    /// not needed any more is left in `waker`.
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
            // Polled for another reason. It keeps its place, or it might miss its moment.
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

/// Runs a future on this thread, which parks meanwhile; `None` if the deadline came first.
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

/// Parks until woken, perhaps without a reason; `false` if the deadline is over.
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

/// The model checker knows no time.
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
