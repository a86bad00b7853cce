//! Threads and tasks that serve a queue.
//!
//! A consumer that has nothing to do holds nothing of the user's: it takes hold of its dispatcher in the
//! step that takes a delivery, and lets go before it gives back the ticket of the last one. So whoever finds a queue
//! quiet, or a dispatcher closed, finds that nobody else works with what the dispatcher owns.

use std::any::Any;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, Weak};
use std::thread;

use crate::engine::deferred::call;
use crate::engine::deferred::capacity;
use crate::engine::deferred::offer::fail_waiting;
use crate::engine::emission::cascade::{Cascade, WaitPolicy};
use crate::engine::emission::deferred_event::DeferredDelivery;
use crate::engine::queue::live::LiveQueue;
use crate::engine::shutdown::closing::Closing;
use crate::engine::state::DispatcherState;
use crate::queue::buffer::Counts;
use crate::queue::buffer::ticket::{Taken, Ticket};
use crate::report::status::DeliveryStatus;
use crate::{log, panics, runtime};

/// Starts the threads of a queue, named after it.
pub(crate) fn start_threads(inner: &Arc<DispatcherState>, queue: &Arc<LiveQueue>) {
    queue
        .alive
        .store(queue.settings.consumers, Ordering::Release);
    for at in 0..queue.settings.consumers {
        let alive = ConsumerGuard::new(inner, queue);
        let thread = thread::Builder::new().name(format!("{}-{at}", queue.name));
        if let Err(error) = thread.spawn(move || serve_as_thread(&alive)) {
            // The guard went with the closure, and counted it.
            log::no_thread(queue.name, &error);
        }
    }
}

/// Starts the tasks of a queue.
pub(crate) fn start_tasks(inner: &Arc<DispatcherState>, queue: &Arc<LiveQueue>) {
    queue
        .alive
        .store(queue.settings.consumers, Ordering::Release);
    for _ in 0..queue.settings.consumers {
        let alive = ConsumerGuard::new(inner, queue);
        let Some(runtime) = &inner.runtime else {
            continue;
        };
        let aborter = runtime.spawn(Box::pin(serve_as_task(alive)));
        let mut aborters = queue
            .aborters
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        aborters.push(aborter);
    }
}

/// A consumer; when the last one ends, and not because the queue was closed, what waits is
/// abandoned.
struct ConsumerGuard {
    inner: Weak<DispatcherState>,
    closing: Arc<Closing>,
    queue: Arc<LiveQueue>,
}

impl ConsumerGuard {
    fn new(inner: &Arc<DispatcherState>, queue: &Arc<LiveQueue>) -> Self {
        Self {
            inner: Arc::downgrade(inner),
            closing: Arc::clone(&inner.closing),
            queue: Arc::clone(queue),
        }
    }

    /// The dispatcher, for a delivery. It lives while one waits: its last clone leaves it to the
    /// [`Closing`], and what is closed is empty.
    fn hold(
        &self,
        taken: Taken<DeferredDelivery>,
    ) -> (Taken<DeferredDelivery>, Arc<DispatcherState>) {
        match self.inner.upgrade() {
            Some(inner) => (taken, inner),
            None => unreachable!("a dispatcher lives while its queues hold deliveries"),
        }
    }

    /// No further delivery is ready: lets go of the dispatcher, and then of the ticket.
    fn rest(&self, inner: Arc<DispatcherState>, ticket: Ticket) {
        panics::drop_caught(inner);
        self.queue.buffer.finish(ticket);
        // Looked at after the ticket was given back: a dispatcher that began to drain in between found
        // it running, and left it to this consumer to close.
        self.closing.close_if_quiet();
    }
}

impl Drop for ConsumerGuard {
    fn drop(&mut self) {
        if self.queue.alive.fetch_sub(1, Ordering::AcqRel) > 1 || self.queue.buffer.is_closed() {
            return;
        }
        if let Some(inner) = self.inner.upgrade() {
            fail_waiting(&self.queue, &inner);
            panics::drop_caught(inner);
        }
        self.closing.close_if_quiet();
    }
}

fn serve_as_thread(this: &ConsumerGuard) {
    let queue = &this.queue;
    let hold = |taken| this.hold(taken);
    while let Some((mut taken, inner)) = queue.buffer.take_blocking_with(None, hold) {
        let last = loop {
            let ended = queue.run(&inner, taken.item, &taken.ticket, None, WaitPolicy::Serve);
            queue.count(ended);
            match queue.buffer.try_next(taken.ticket) {
                Ok(next) => taken = next,
                Err(ticket) => break ticket,
            }
        };
        this.rest(inner, last);
    }
}

async fn serve_as_task(this: ConsumerGuard) {
    let hold = |taken| this.hold(taken);
    while let Some((mut taken, inner)) = this.queue.buffer.take_with(None, hold).await {
        let mut running = RunningDelivery::new(&this, inner);
        let last = loop {
            running.item = Some(taken.item);
            running.ticket = Some(taken.ticket);
            let ended = running.run().await;
            this.queue.count(ended);
            let Some(ticket) = running.ticket.take() else {
                return;
            };
            match this.queue.buffer.try_next(ticket) {
                Ok(next) => taken = next,
                Err(ticket) => break ticket,
            }
        };
        if let Some(inner) = running.inner.take() {
            this.rest(inner, last);
        }
    }
}

/// A delivery that a task runs. Dropped before it ended, it is abandoned: the runtime ended.
struct RunningDelivery<'a> {
    this: &'a ConsumerGuard,
    /// There until the task rests.
    inner: Option<Arc<DispatcherState>>,
    item: Option<DeferredDelivery>,
    ticket: Option<Ticket>,
    /// What it leads to.
    cascade: Cascade,
}

impl<'a> RunningDelivery<'a> {
    fn new(this: &'a ConsumerGuard, inner: Arc<DispatcherState>) -> Self {
        Self {
            this,
            inner: Some(inner),
            item: None,
            ticket: None,
            cascade: Cascade::with(WaitPolicy::AwaitCapacity),
        }
    }

    async fn run(&mut self) -> DeliveryStatus {
        // Handlers that never wait would else keep all other tasks from their turn.
        runtime::yield_now_and_then().await;
        let (Some(inner), Some(item)) = (&self.inner, &self.item) else {
            return DeliveryStatus::Abandoned;
        };
        let ended = call::run_async(inner, item, &mut self.cascade).await;
        // From here on the delivery has ended, whatever becomes of what it caused.
        panics::drop_caught(self.item.take());
        self.this.queue.end(self.ticket.as_ref(), &self.cascade);
        capacity::run_caused(inner, &mut self.cascade).await;
        let cascade =
            std::mem::replace(&mut self.cascade, Cascade::with(WaitPolicy::AwaitCapacity));
        inner.notify_failures(cascade);
        ended
    }
}

impl Drop for RunningDelivery<'_> {
    fn drop(&mut self) {
        let ConsumerGuard { queue, .. } = self.this;
        let has_ended = self.item.is_none();
        if let Some(inner) = self.inner.take() {
            if let Some(item) = self.item.take() {
                queue.count_abandoned_running();
                let timer = self.cascade.take_timer();
                inner.abandon(item, Some(queue.name), timer);
            }
            let mut cascade = std::mem::take(&mut self.cascade);
            cascade.fail_unemitted(&inner);
            inner.notify_failures(cascade);
            panics::drop_caught(inner);
        }
        match self.ticket.take() {
            None => {}
            Some(ticket) if has_ended => queue.buffer.finish(ticket),
            Some(ticket) => queue.buffer.abandon(ticket),
        }
    }
}

impl LiveQueue {
    /// Runs a delivery on this thread, and emits what it causes.
    fn run(
        &self,
        inner: &Arc<DispatcherState>,
        item: DeferredDelivery,
        ticket: &Ticket,
        lent: Option<&mut dyn Any>,
        wait_policy: WaitPolicy,
    ) -> DeliveryStatus {
        let mut cascade = Cascade::with(wait_policy);
        let ended = call::run(inner, &item, lent, &mut cascade);
        panics::drop_caught(item);
        self.end(Some(ticket), &cascade);
        cascade.run_caused(inner);
        inner.notify_failures(cascade);
        ended
    }

    /// A delivery has ended. Most cause nothing, and give their ticket back at once.
    fn end(&self, ticket: Option<&Ticket>, cascade: &Cascade) {
        if let (Some(ticket), Some(_)) = (ticket, cascade.state.get()) {
            self.buffer.end(ticket);
        }
    }

    /// Runs what waits right now with what its owner lends; answers how many deliveries ran.
    pub(crate) fn pump(
        self: &Arc<Self>,
        inner: &Arc<DispatcherState>,
        lent: &mut dyn Any,
    ) -> usize {
        let before = self.buffer.counts();
        let mut ran = 0;
        let mut is_held_back = false;
        // Those that had to make room are the oldest: they were waiting, too.
        while ran + self.displaced_since(&before) < before.depth {
            let Some(taken) = self.buffer.try_take(None) else {
                is_held_back = true;
                break;
            };
            // It never waits: whoever waits for room may wait for this very pump.
            let lent = Some(&mut *lent);
            let ended = self.run(inner, taken.item, &taken.ticket, lent, WaitPolicy::Never);
            self.count(ended);
            self.buffer.finish(taken.ticket);
            ran += 1;
        }
        inner.closing.close_if_quiet();
        if !is_held_back && self.buffer.counts().depth > 0 {
            self.wake();
        }
        ran
    }

    fn displaced_since(&self, before: &Counts) -> usize {
        let displaced = self.buffer.counts().displaced - before.displaced;
        usize::try_from(displaced).unwrap_or(usize::MAX)
    }
}
