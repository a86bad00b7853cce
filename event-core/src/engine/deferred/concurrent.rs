//! Futures that run side by side inside of another one.
//!
//! Each future is polled once when it is started, and kept only if it is not ready then. A few futures are
//! polled whenever the outer future is, with the waker of the outer future, which needs no memory. More than
//! a few have a waker each, so that a wake-up polls the future that was woken and no other. Unlike
//! `FuturesUnordered` this keeps no allocation for a future that is ready at once, and polls no future twice
//! in one turn.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
#[cfg(not(loom))]
use std::sync::{Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};

#[cfg(loom)]
use loom::sync::{Mutex, MutexGuard};

#[cfg(all(test, loom))]
mod models;
#[cfg(all(test, not(loom)))]
mod tests;

/// For at most this many futures a poll of each costs less than wakers.
const FEW: usize = 16;

/// How many futures one block stores. One large block costs an allocator more than many small ones.
const BLOCK: usize = 15;

/// Futures that run side by side.
pub(crate) struct ConcurrentFutures<F> {
    /// Polled with the waker of the outer future in each turn, while there are few futures. `None` where a
    /// future has ended in this turn, or has got its own waker.
    few: Vec<Option<F>>,
    /// Polled when they are woken. All blocks but the last are full.
    many: Vec<Vec<WakerSlot<F>>>,
    pending: usize,
    /// Which of `many` were woken.
    wakes: Option<Arc<WakeList>>,
    /// The waker of the next future of `many`.
    spare: Option<Waker>,
    turn: Turn,
}

struct WakerSlot<F> {
    waker: Waker,
    /// `None` once the future has ended.
    future: Option<F>,
}

/// What is polled in one turn, until the outer future waits again.
#[derive(Default)]
struct Turn {
    /// How many of `few` were polled.
    few: usize,
    /// Which of `many` were woken.
    woken: Vec<u32>,
    polled: usize,
}

impl<F> Default for ConcurrentFutures<F> {
    fn default() -> Self {
        Self {
            few: Vec::new(),
            many: Vec::new(),
            pending: 0,
            wakes: None,
            spare: None,
            turn: Turn::default(),
        }
    }
}

impl<F: Future + Unpin> ConcurrentFutures<F> {
    /// Makes an empty set with capacity for this many futures, up to [`FEW`].
    pub(crate) fn with_capacity(futures: usize) -> Self {
        let mut empty = Self::default();
        empty.few.reserve_exact(futures.min(FEW));
        empty
    }

    /// How many futures have not ended.
    pub(crate) fn len(&self) -> usize {
        self.pending
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pending == 0
    }

    /// Polls a future for the first time. Returns a ready future with its output, and keeps any other.
    pub(crate) fn start(
        &mut self,
        mut future: F,
        context: &mut Context<'_>,
    ) -> Option<(F, F::Output)> {
        match self.poll_first(context, |context| Pin::new(&mut future).poll(context)) {
            Poll::Ready(output) => Some((future, output)),
            Poll::Pending => {
                self.keep(future);
                None
            }
        }
    }

    /// Calls `poll` with the waker that the polled future gets if it is [kept](Self::keep).
    #[inline]
    pub(crate) fn poll_first<R>(
        &mut self,
        context: &mut Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> R,
    ) -> R {
        if self.are_few() {
            return poll(context);
        }
        let waker = self.next_waker(context);
        let polled = poll(&mut Context::from_waker(&waker));
        // The waker is for this future if it is kept, or else for the next.
        self.spare = Some(waker);
        polled
    }

    /// Keeps the future that was polled last, which was not ready.
    pub(crate) fn keep(&mut self, future: F) {
        if self.are_few() {
            if self.few.capacity() == 0 {
                self.few.reserve_exact(FEW);
            }
            self.few.push(Some(future));
        } else if let Some(waker) = self.spare.take() {
            let future = Some(future);
            self.last_block().push(WakerSlot { waker, future });
        } else {
            unreachable!("it was polled with a waker of its own");
        }
        self.pending += 1;
    }

    /// Returns a block that is not full.
    fn last_block(&mut self) -> &mut Vec<WakerSlot<F>> {
        if self.many.last().is_none_or(|last| last.len() == BLOCK) {
            self.many.push(Vec::with_capacity(BLOCK));
        }
        match self.many.last_mut() {
            Some(last) => last,
            None => unreachable!("it was just made"),
        }
    }

    /// Whether the next future is polled with the waker of the outer one.
    fn are_few(&self) -> bool {
        self.wakes.is_none() && self.few.len() < FEW
    }

    /// Returns the waker of the future that comes next.
    fn next_waker(&mut self, context: &Context<'_>) -> Waker {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let new = || Arc::new(WakeList::new(context.waker().clone()));
        let wakes = Arc::clone(self.wakes.get_or_insert_with(new));
        let last = self.many.last().map_or(BLOCK, Vec::len);
        let future = self.many.len() * BLOCK + last - BLOCK;
        let future = u32::try_from(future).unwrap_or(u32::MAX);
        Waker::from(Arc::new(SlotWaker { future, wakes }))
    }

    /// Starts a turn: the outer future is polled again.
    pub(crate) fn begin_turn(&mut self, context: &Context<'_>) {
        if self.pending == 0 {
            return;
        }
        self.few.retain(Option::is_some);
        self.turn.few = 0;
        self.turn.polled = 0;
        self.turn.woken.clear();
        if let Some(wakes) = &self.wakes {
            wakes.take(context.waker().clone(), &mut self.turn.woken);
        }
    }

    /// Returns the next future that is ready in this turn, with its output.
    pub(crate) fn next_ready(&mut self, context: &mut Context<'_>) -> Option<(F, F::Output)> {
        while let Some(slot) = self.few.get_mut(self.turn.few) {
            self.turn.few += 1;
            if self.wakes.is_none() {
                if let Some(ready) = poll(slot, context) {
                    self.pending -= 1;
                    return Some(ready);
                }
            } else if let Some(future) = slot.take() {
                // There are more than a few futures now, so this one gets its own waker.
                self.pending -= 1;
                if let Some(ready) = self.start(future, context) {
                    return Some(ready);
                }
            }
        }
        while let Some(at) = self.turn.woken.get(self.turn.polled) {
            let at = *at as usize;
            self.turn.polled += 1;
            // A waker may outlive its future, and a spare waker may have been woken before a future got it.
            let block = self.many.get_mut(at / BLOCK);
            let woken = block.and_then(|block| block.get_mut(at % BLOCK));
            let Some(WakerSlot { waker, future }) = woken else {
                continue;
            };
            if let Some(ready) = poll(future, &mut Context::from_waker(waker)) {
                self.pending -= 1;
                return Some(ready);
            }
        }
        None
    }

    /// Takes out the futures that have not ended.
    pub(crate) fn take_pending(&mut self) -> impl Iterator<Item = F> + use<F> {
        self.pending = 0;
        let few = std::mem::take(&mut self.few).into_iter();
        let many = std::mem::take(&mut self.many).into_iter().flatten();
        few.flatten().chain(many.filter_map(|woken| woken.future))
    }
}

impl<F> Drop for ConcurrentFutures<F> {
    /// Detaches the wakers that outlive the futures: they wake nothing.
    fn drop(&mut self) {
        if let Some(wakes) = &self.wakes {
            wakes.close();
        }
    }
}

/// Polls a future, if it has not ended; takes the future out of its slot when it ends.
fn poll<F: Future + Unpin>(
    slot: &mut Option<F>,
    context: &mut Context<'_>,
) -> Option<(F, F::Output)> {
    match Pin::new(slot.as_mut()?).poll(context) {
        Poll::Ready(output) => slot.take().map(|future| (future, output)),
        Poll::Pending => None,
    }
}

/// Which futures were woken, and the waker of the outer one.
struct WakeList(Mutex<State>);

struct State {
    futures: Vec<u32>,
    /// Whether each future is in `futures`, by its number.
    is_woken: Vec<bool>,
    /// The waker of the outer future. Taken by the first wake-up, and set again by the next turn.
    outer: Option<Waker>,
}

impl WakeList {
    fn new(outer: Waker) -> Self {
        Self(Mutex::new(State {
            futures: Vec::new(),
            is_woken: Vec::new(),
            outer: Some(outer),
        }))
    }

    fn wake(&self, future: u32) {
        let outer = {
            let mut state = self.lock();
            let at = future as usize;
            if state.is_woken.len() <= at {
                state.is_woken.resize(at + 1, false);
            }
            if std::mem::replace(&mut state.is_woken[at], true) {
                return;
            }
            state.futures.push(future);
            state.outer.take()
        };
        // Outside of the lock, since a waker is the runtime's code.
        if let Some(outer) = outer {
            outer.wake();
        }
    }

    /// Moves the woken futures to `woken`, which is empty. The next wake-up wakes `outer`.
    fn take(&self, outer: Waker, woken: &mut Vec<u32>) {
        let before = {
            let mut state = self.lock();
            std::mem::swap(&mut state.futures, woken);
            for future in &*woken {
                state.is_woken[*future as usize] = false;
            }
            state.outer.replace(outer)
        };
        drop(before);
    }

    fn close(&self) {
        let outer = self.lock().outer.take();
        drop(outer);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes one of many futures.
struct SlotWaker {
    future: u32,
    wakes: Arc<WakeList>,
}

impl Wake for SlotWaker {
    fn wake(self: Arc<Self>) {
        self.wakes.wake(self.future);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.wakes.wake(self.future);
    }
}
