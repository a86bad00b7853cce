//! Futures that run side by side inside of another one.
//!
//! Each is polled once when it is started, and kept only if it is not ready then. As long as there are a few,
//! they are polled whenever the outer future is, with its waker, which needs no memory. When there are more,
//! each has a waker of its own, so that a wake-up polls the future that was woken and no other. Unlike
//! `FuturesUnordered` this allocates nothing for a future that is ready at once, and polls none twice in one
//! turn.

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

/// With so many a poll of each costs less than wakers.
const FEW: usize = 16;

/// How many are stored in one block, which stays small: a large one costs an allocator more than many.
const BLOCK: usize = 15;

/// Futures that run side by side.
pub(crate) struct ConcurrentFutures<F> {
    /// Polled with the waker of the outer future in each turn, until there are more. `None` where one has
    /// ended in this turn, or has got a waker of its own.
    few: Vec<Option<F>>,
    /// Polled when they are woken. In blocks, all but the last of which are full.
    many: Vec<Vec<WakerSlot<F>>>,
    pending: usize,
    /// Which of `many` were woken.
    wakes: Option<Arc<WakeList>>,
    /// The waker of the next one of `many`.
    spare: Option<Waker>,
    emitted: PollRound,
}

struct WakerSlot<F> {
    waker: Waker,
    /// `None` once it has ended.
    future: Option<F>,
}

/// What is polled until the outer future waits again.
#[derive(Default)]
struct PollRound {
    /// How many of the few were.
    few: usize,
    /// Which others were woken, and how many of those were polled.
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
            emitted: PollRound::default(),
        }
    }
}

impl<F: Future + Unpin> ConcurrentFutures<F> {
    /// One for at most so many futures.
    pub(crate) fn with_capacity(futures: usize) -> Self {
        let mut empty = Self::default();
        empty.few.reserve_exact(futures.min(FEW));
        empty
    }

    /// How many futures are under way.
    pub(crate) fn len(&self) -> usize {
        self.pending
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pending == 0
    }

    /// Polls a future for the first time. Gives it back with its output if it is ready, and keeps it if not.
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

    /// Polls something for the first time, with the waker that it has if it is [kept](Self::keep).
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
        // For this one if it is kept, else for the next.
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

    /// The block that has room.
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

    /// The waker of the future that comes next.
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
        self.emitted.few = 0;
        self.emitted.polled = 0;
        self.emitted.woken.clear();
        if let Some(wakes) = &self.wakes {
            wakes.take(context.waker().clone(), &mut self.emitted.woken);
        }
    }

    /// The next future that is ready in this turn, with its output.
    pub(crate) fn next_ready(&mut self, context: &mut Context<'_>) -> Option<(F, F::Output)> {
        while let Some(slot) = self.few.get_mut(self.emitted.few) {
            self.emitted.few += 1;
            if self.wakes.is_none() {
                if let Some(ready) = poll(slot, context) {
                    self.pending -= 1;
                    return Some(ready);
                }
            } else if let Some(future) = slot.take() {
                // There are more than a few by now: from here on it has a waker of its own.
                self.pending -= 1;
                if let Some(ready) = self.start(future, context) {
                    return Some(ready);
                }
            }
        }
        while let Some(at) = self.emitted.woken.get(self.emitted.polled) {
            let at = *at as usize;
            self.emitted.polled += 1;
            // A waker may outlive its future, and may have been a spare one that was used before.
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
    /// Wakers that outlive the futures wake nobody.
    fn drop(&mut self) {
        if let Some(wakes) = &self.wakes {
            wakes.close();
        }
    }
}

/// Polls a future, if it has not ended; takes it out when it ends.
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
    /// By future, whether it is among those.
    is_woken: Vec<bool>,
    /// The waker of the outer future. Taken by the first wake-up, and given again with the next turn.
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
        // Outside of the lock: it is the executor's code.
        if let Some(outer) = outer {
            outer.wake();
        }
    }

    /// Moves what was woken to `woken`, which is empty. From here on a wake-up wakes `outer`.
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
