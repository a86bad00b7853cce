//! The async handlers of an outermost root, while each of them is plainly done or waits.
//!
//! Nothing is stored but the futures that wait. A call that is more than done leaves the emission to
//! [`pending_emission`].

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::engine::deferred::concurrent::ConcurrentFutures;
use crate::engine::deferred::first_polls::{self, Plain, StartedRoot};
use crate::engine::emission::deferred_event::ErasedDeferredEvent;
use crate::engine::pending_emission;
use crate::engine::plan::handlers::TableEntry;
use crate::engine::state::DispatcherState;

/// Runs the handlers of an event. Returns how many were done, if all were plainly done. A drop while handlers
/// wait cancels the emission.
pub(crate) struct AwaitedHandlers<'a> {
    inner: &'a Arc<DispatcherState>,
    entry: &'a TableEntry,
    event: &'a dyn ErasedDeferredEvent,
    done: usize,
    /// `None` until a call waits.
    waiting: Option<ConcurrentFutures<Plain<'a>>>,
}

impl<'a> AwaitedHandlers<'a> {
    #[inline]
    pub(crate) fn new(
        inner: &'a Arc<DispatcherState>,
        entry: &'a TableEntry,
        event: &'a dyn ErasedDeferredEvent,
    ) -> Self {
        Self {
            inner,
            entry,
            event,
            done: 0,
            waiting: None,
        }
    }

    fn start(&mut self, context: &mut Context<'_>) -> Poll<Result<usize, Box<StartedRoot<'a>>>> {
        let waiting = &mut self.waiting;
        self.done = first_polls::run(self.inner, self.entry, self.event, waiting, context)?;
        match waiting {
            None => Poll::Ready(Ok(self.done)),
            Some(_) => Poll::Pending,
        }
    }
}

impl<'a> Future for AwaitedHandlers<'a> {
    type Output = Result<usize, Box<StartedRoot<'a>>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let Some(waiting) = &mut this.waiting else {
            return this.start(context);
        };
        while let Some((index, ended)) = first_polls::next_ended(waiting, context) {
            if let Some(ended) = ended {
                let waiting = std::mem::take(waiting);
                let started = StartedRoot::after_wait(this.done, index, *ended, waiting);
                return Poll::Ready(Err(started));
            }
            this.done += 1;
        }
        if waiting.is_empty() {
            Poll::Ready(Ok(this.done))
        } else {
            Poll::Pending
        }
    }
}

impl Drop for AwaitedHandlers<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(waiting) = &mut self.waiting
            && !waiting.is_empty()
        {
            let waiting = std::mem::take(waiting);
            pending_emission::cancel_waiting(self.inner, self.event, self.done, waiting);
        }
    }
}
