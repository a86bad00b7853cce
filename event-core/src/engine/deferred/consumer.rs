//! Threads and tasks that serve a queue.
//!
//! A consumer that has nothing to do holds nothing of the user's: the consumer upgrades its reference to
//! the dispatcher in the step that takes a delivery, and drops the dispatcher before the consumer returns
//! the ticket of the last delivery. So no consumer uses what the dispatcher owns while a queue is quiet or
//! a dispatcher is closed.

use std::any::Any;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::thread;

use crate::engine::deferred::call;
use crate::engine::deferred::capacity;
use crate::engine::deferred::finished_call::FinishedCall;
use crate::engine::deferred::offer::fail_waiting;
use crate::engine::deferred::ports::{ConsumerRun, NextStep, Ports};
use crate::engine::deferred::settle::{AttemptEnd, AttemptEvent};
use crate::engine::deferred::ticket_slot::TicketSlot;
use crate::engine::emission::cascade::{Cascade, WaitPolicy};
use crate::engine::emission::deferred_delivery::DeferredDelivery;
use crate::engine::emission::deferred_event::HandlerRef;
use crate::engine::queue::live::LiveQueue;
use crate::engine::shutdown::closing::Closing;
use crate::engine::state::DispatcherState;
use crate::nesting::tracker::TrackedDelivery;
use crate::panics::DropCaught;
use crate::queue::buffer::Counts;
use crate::queue::buffer::ticket::{Next, Taken};
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
            // The closure was dropped, and its guard counted the consumer as ended.
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
        queue.add_aborter(runtime.spawn(Box::pin(serve_as_task(alive))));
    }
}

/// Counts a consumer while it runs; when the last consumer of a queue ends, and the queue is not closed,
/// what waits is abandoned.
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

    /// Adds the dispatcher to a delivery. A dispatcher lives while a delivery waits: its last clone leaves
    /// the state to the [`Closing`], and the queues of a closed dispatcher are empty.
    fn hold(
        &self,
        next: Next<DeferredDelivery>,
    ) -> (Next<DeferredDelivery>, DropCaught<Arc<DispatcherState>>) {
        match self.inner.upgrade() {
            Some(inner) => (next, DropCaught::new(inner)),
            None => unreachable!("a dispatcher lives while its queues hold deliveries"),
        }
    }

    /// Returns the ticket once no delivery is ready and the consumer has dropped its dispatcher.
    fn rest(&self, ticket: &TicketSlot<'_>) {
        ticket.give_back();
        // A dispatcher that began to drain while the ticket was held found the delivery running, and left
        // its close to this consumer.
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
    let ticket = TicketSlot::new(&queue.buffer);
    while let Some((mut next, inner)) = queue
        .buffer
        .next_blocking_with(None, |next| this.hold(next))
    {
        let run = ConsumerRun::new(queue, &inner, &ticket);
        let mut ports = Ports::new(&run);
        loop {
            match run.next_item(next) {
                NextStep::Turn(ring) => {
                    ports.serve_blocking(ring);
                    while let Some(ring) = run.take_next_ring() {
                        ports.serve_blocking(ring);
                    }
                }
                NextStep::Run(item) => {
                    let wait_policy = wait_policy(&item, WaitPolicy::Serve);
                    run_on_thread(&run, item, None, wait_policy);
                }
                NextStep::Look => {}
            }
            run.start_turn();
            match ticket.with(|ticket| queue.buffer.try_next(ticket)) {
                Some(found) => next = found,
                None => break,
            }
        }
        drop(ports);
        drop(inner);
        this.rest(&ticket);
    }
}

/// Returns how a consumer waits for capacity for what a delivery causes. For what a subscription causes it
/// does not: no build has checked that the queues do not wait for each other.
fn wait_policy(item: &DeferredDelivery, of_handler: WaitPolicy) -> WaitPolicy {
    match item.target {
        HandlerRef::DeferredHandler(_) | HandlerRef::Transactional(_) => of_handler,
        HandlerRef::Subscription(_) => WaitPolicy::Never,
    }
}

async fn serve_as_task(this: ConsumerGuard) {
    let queue = &this.queue;
    let ticket = TicketSlot::new(&queue.buffer);
    while let Some((next, inner)) = queue.buffer.next_with(None, |next| this.hold(next)).await {
        run_until_idle(queue, next, &inner, &ticket).await;
        drop(inner);
        this.rest(&ticket);
    }
}

/// Runs deliveries until none is ready.
async fn run_until_idle(
    queue: &Arc<LiveQueue>,
    mut next: Next<DeferredDelivery>,
    inner: &Arc<DispatcherState>,
    ticket: &TicketSlot<'_>,
) {
    let run = ConsumerRun::new(queue, inner, ticket);
    let mut ports = Ports::new(&run);
    loop {
        match run.next_item(next) {
            NextStep::Turn(ring) => {
                ports.serve(ring).await;
                while let Some(ring) = run.take_next_ring() {
                    ports.serve(ring).await;
                }
            }
            NextStep::Run(item) => {
                run.count_turn();
                RunningDelivery::new(&run, item).run().await;
            }
            NextStep::Look => {}
        }
        if run.start_turn() {
            // Without this yield, handlers that never wait would keep all other tasks from running.
            runtime::yield_now().await;
        }
        match ticket.with(|ticket| queue.buffer.try_next(ticket)) {
            Some(found) => next = found,
            None => return,
        }
    }
}

/// A delivery that a task runs. A delivery that is dropped before its end is abandoned: the runtime ended.
pub(crate) struct RunningDelivery<'a> {
    run: &'a ConsumerRun<'a>,
    item: Option<DeferredDelivery>,
    /// What the delivery causes.
    cascade: Cascade,
    /// Kept until what the delivery caused was emitted.
    tracked: Option<TrackedDelivery>,
}

impl<'a> RunningDelivery<'a> {
    pub(crate) fn new(run: &'a ConsumerRun<'a>, item: DeferredDelivery) -> Self {
        Self {
            run,
            cascade: Cascade::with(wait_policy(&item, WaitPolicy::AwaitCapacity)),
            item: Some(item),
            tracked: None,
        }
    }

    async fn run(mut self) {
        let Some(item) = &self.item else { return };
        let inner = self.run.inner;
        let ended = if item.event.is_async(inner, &item.target) {
            call::run_async(inner, item, &mut self.cascade).await
        } else {
            // Tasks that take turns also serve the queues of handlers that block.
            call::run(inner, item, None, &mut self.cascade)
        };
        self.conclude(ended).await;
    }

    /// Ends a delivery whose call has ended.
    pub(crate) async fn finish(mut self, finished: FinishedCall) {
        let Some(item) = &self.item else { return };
        let inner = self.run.inner;
        let event = AttemptEvent::Shared(&item.event);
        let ended = finished.settle(&mut self.cascade, inner, event, &item.target);
        self.conclude(ended).await;
    }

    async fn conclude(&mut self, ended: AttemptEnd) {
        let ConsumerRun { queue, inner, .. } = self.run;
        if let AttemptEnd::Ended(ended) = ended {
            queue.count(ended);
            // The delivery has ended, however the emissions end that it caused.
            self.tracked = self.item.as_mut().and_then(|item| item.tracked.take());
            panics::drop_caught(self.item.take());
        }
        if self.cascade.state.get().is_some() {
            if self.item.is_none() {
                self.run.ticket.end();
            }
            capacity::run_caused(inner, &mut self.cascade).await;
            inner.notify_failures(std::mem::take(&mut self.cascade));
        }
        if let AttemptEnd::Failed { wait } = ended
            && let Some(item) = self.item.take()
        {
            self.run.delay(item, wait);
        }
    }
}

impl Drop for RunningDelivery<'_> {
    fn drop(&mut self) {
        let ConsumerRun { queue, inner, .. } = self.run;
        if let Some(item) = self.item.take() {
            self.run.ticket.abandon();
            queue.count_abandoned_running();
            let timer = self.cascade.take_timer();
            inner.abandon(item, Some(queue.name), timer);
        }
        let mut cascade = std::mem::take(&mut self.cascade);
        cascade.fail_unemitted(inner);
        inner.notify_failures(cascade);
    }
}

/// Runs an attempt of a delivery on this thread, and emits what the attempt causes.
fn run_on_thread(
    run: &ConsumerRun<'_>,
    mut item: DeferredDelivery,
    lent: Option<&mut dyn Any>,
    wait_policy: WaitPolicy,
) {
    let mut cascade = Cascade::with(wait_policy);
    let ended = call::run(run.inner, &item, lent, &mut cascade);
    match ended {
        AttemptEnd::Ended(ended) => {
            run.queue.count(ended);
            let tracked = item.tracked.take();
            panics::drop_caught(item);
            run.emit_caused(cascade);
            drop(tracked);
        }
        AttemptEnd::Failed { wait } => run.end_attempt(cascade, item, wait),
    }
}

impl LiveQueue {
    /// Runs the deliveries that wait when it is called, with the value that the owner lends. Returns how many
    /// deliveries ran.
    pub(crate) fn pump(
        self: &Arc<Self>,
        inner: &Arc<DispatcherState>,
        lent: &mut dyn Any,
    ) -> usize {
        let before = self.buffer.counts();
        let mut ran = 0;
        let mut is_held_back = false;
        // Displaced deliveries are the oldest, so they were waiting before, too.
        while ran + self.displaced_since(&before) < before.depth {
            let Some(Taken { item, ticket }) = self.buffer.try_take(None) else {
                is_held_back = true;
                break;
            };
            let slot = TicketSlot::new(&self.buffer);
            slot.put(Some(ticket));
            // A pump never waits for capacity, which only this very pump may free.
            let lent = Some(&mut *lent);
            let run = ConsumerRun::new(self, inner, &slot);
            run_on_thread(&run, item, lent, WaitPolicy::Never);
            slot.give_back();
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
