//! Futures that have a waker each, so that a turn polls those that were woken and no other.

use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Waker};

use crate::engine::deferred::concurrent::poll;
use crate::engine::deferred::concurrent::wake_list::WakeList;

/// How many futures one block stores. One large block costs an allocator more than many small ones.
const BLOCK: usize = 15;

/// Futures that have a waker each.
pub(super) struct ManyFutures<F> {
    /// All blocks but the last are full.
    blocks: Vec<Vec<Slot<F>>>,
    wakes: Arc<WakeList>,
    /// The waker of the next future.
    spare: Option<Waker>,
    /// Which futures were woken before this turn.
    woken: Vec<u32>,
    /// How many of `woken` were polled in this turn.
    polled: usize,
}

struct Slot<F> {
    waker: Waker,
    /// `None` once the future has ended.
    future: Option<F>,
}

impl<F: Future + Unpin> ManyFutures<F> {
    pub(super) fn new(context: &Context<'_>) -> Self {
        Self {
            blocks: Vec::new(),
            wakes: Arc::new(WakeList::new(context.waker().clone())),
            spare: None,
            woken: Vec::new(),
            polled: 0,
        }
    }

    /// Calls `poll` with the waker that the polled future gets if it is [kept](Self::keep).
    pub(super) fn poll_first<R>(&mut self, poll: impl FnOnce(&mut Context<'_>) -> R) -> R {
        let (blocks, list) = (&self.blocks, &self.wakes);
        let waker = self.spare.get_or_insert_with(|| {
            let filled = blocks.last().map_or(BLOCK, Vec::len);
            let next = blocks.len() * BLOCK + filled - BLOCK;
            list.waker(u32::try_from(next).unwrap_or(u32::MAX))
        });
        poll(&mut Context::from_waker(waker))
    }

    /// Keeps the future that was polled last, which was not ready.
    pub(super) fn keep(&mut self, future: F) {
        let Some(waker) = self.spare.take() else {
            unreachable!("it was polled with a waker of its own");
        };
        let future = Some(future);
        match self.blocks.last_mut() {
            Some(last) if last.len() < BLOCK => last.push(Slot { waker, future }),
            _ => {
                let mut block = Vec::with_capacity(BLOCK);
                block.push(Slot { waker, future });
                self.blocks.push(block);
            }
        }
    }

    /// Starts a turn: the outer future is polled again.
    pub(super) fn begin_turn(&mut self, context: &Context<'_>) {
        self.polled = 0;
        self.woken.clear();
        self.wakes.take(context.waker().clone(), &mut self.woken);
    }

    /// Returns the next future that is ready in this turn, with its output.
    pub(super) fn next_ready(&mut self) -> Option<(F, F::Output)> {
        while let Some(at) = self.woken.get(self.polled) {
            let at = *at as usize;
            self.polled += 1;
            // A waker may outlive its future, and a spare waker may have been woken before a future got it.
            let block = self.blocks.get_mut(at / BLOCK);
            let woken = block.and_then(|block| block.get_mut(at % BLOCK));
            if let Some(Slot { waker, future }) = woken
                && let Some(ready) = poll(future, &mut Context::from_waker(waker))
            {
                return Some(ready);
            }
        }
        None
    }
}

impl<F> ManyFutures<F> {
    /// Takes out the futures that have not ended.
    pub(super) fn take_pending(&mut self) -> impl Iterator<Item = F> + use<F> {
        let slots = std::mem::take(&mut self.blocks).into_iter().flatten();
        slots.filter_map(|slot| slot.future)
    }

    /// Whether no future was kept, and the waker of the next one exists.
    #[cfg(all(test, not(loom)))]
    pub(super) fn has_only_a_spare_waker(&self) -> bool {
        self.blocks.is_empty() && self.spare.is_some()
    }
}

impl<F> Drop for ManyFutures<F> {
    fn drop(&mut self) {
        self.wakes.close();
    }
}
