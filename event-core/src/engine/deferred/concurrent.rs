//! Futures that run side by side inside of another one.
//!
//! Each future is polled once when it is started, and kept only if it is not ready then. A few futures are
//! polled whenever the outer future is, with the waker of the outer future, and a single one needs no memory.
//! More than a few have a waker each, so that a wake-up polls the future that was woken and no other. Unlike
//! `FuturesUnordered` this keeps no allocation for a future that is ready at once, and polls no future twice
//! in one turn.

mod many;
mod wake_list;

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::engine::deferred::concurrent::many::ManyFutures;

#[cfg(all(test, loom))]
mod models;
#[cfg(all(test, not(loom)))]
mod tests;

/// For at most this many futures a poll of each costs less than wakers.
const FEW: usize = 16;

/// Futures that run side by side.
pub(crate) struct ConcurrentFutures<F> {
    /// The first future of those that are polled with the waker of the outer future in each turn, while there
    /// are few futures. `None` once it has ended, or has got its own waker.
    first: Option<F>,
    /// The others of them.
    few: Vec<Option<F>>,
    /// The futures that are polled when they are woken, once there were more than a few.
    many: Option<Box<ManyFutures<F>>>,
    pending: usize,
    /// How many of the few were polled in this turn. `None` from the turn's end until the outer future is
    /// polled again.
    turn: Option<usize>,
}

impl<F> Default for ConcurrentFutures<F> {
    fn default() -> Self {
        Self {
            first: None,
            few: Vec::new(),
            many: None,
            pending: 0,
            turn: None,
        }
    }
}

impl<F: Future + Unpin> ConcurrentFutures<F> {
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
        if self.many.is_none() && self.few.len() + 1 < FEW {
            return poll(context);
        }
        let many = self
            .many
            .get_or_insert_with(|| Box::new(ManyFutures::new(context)));
        many.poll_first(poll)
    }

    /// Keeps the future that was polled last, which was not ready.
    pub(crate) fn keep(&mut self, future: F) {
        if let Some(many) = &mut self.many {
            many.keep(future);
        } else if self.pending == 0 {
            self.first = Some(future);
        } else {
            if self.few.capacity() == 0 {
                self.few.reserve_exact(FEW - 1);
            }
            self.few.push(Some(future));
        }
        self.pending += 1;
    }

    /// Returns the next future that is ready in this turn, with its output, and `None` at the end of the turn.
    /// A turn begins with the first call after the end of another.
    #[inline]
    pub(crate) fn next_ready(&mut self, context: &mut Context<'_>) -> Option<(F, F::Output)> {
        let ready = if self.pending == 0 {
            None
        } else {
            self.poll_in_turn(context)
        };
        match ready {
            Some(_) => self.pending -= 1,
            None => self.turn = None,
        }
        ready
    }

    /// Polls those of this turn until one is ready.
    #[inline]
    fn poll_in_turn(&mut self, context: &mut Context<'_>) -> Option<(F, F::Output)> {
        let mut polled = self.turn.unwrap_or_else(|| self.begin_turn(context));
        while let Some(slot) = match polled {
            0 => Some(&mut self.first),
            _ => self.few.get_mut(polled - 1),
        } {
            polled += 1;
            self.turn = Some(polled);
            let ready = if self.many.is_none() {
                poll(slot, context)
            } else {
                let future = slot.take();
                future.and_then(|future| self.start_with_waker(future, context))
            };
            if ready.is_some() {
                return ready;
            }
        }
        self.many.as_mut()?.next_ready()
    }

    /// Returns how many of the few were polled in the new turn: none.
    fn begin_turn(&mut self, context: &Context<'_>) -> usize {
        self.few.retain(Option::is_some);
        if let Some(many) = &mut self.many {
            many.begin_turn(context);
        }
        0
    }

    /// Polls a future with a waker of its own, since there are more than a few futures now.
    fn start_with_waker(&mut self, future: F, context: &mut Context<'_>) -> Option<(F, F::Output)> {
        let ready = self.start(future, context);
        if ready.is_none() {
            // It was pending before it was kept again.
            self.pending -= 1;
        }
        ready
    }

    /// Takes out the futures that have not ended.
    pub(crate) fn take_pending(&mut self) -> impl Iterator<Item = F> + use<F> {
        self.pending = 0;
        let few = std::mem::take(&mut self.few).into_iter().flatten();
        let many = self.many.take().map(|mut many| many.take_pending());
        self.first
            .take()
            .into_iter()
            .chain(few)
            .chain(many.into_iter().flatten())
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
