//! Deliveries of queues that wait for their next attempt, and the timer of a queue.
//!
//! Such a delivery is *delayed* in the queue's buffer, where it counts as one that waits. The timer of the
//! queue, a task or a thread as the queue's consumers are, makes it ready when it is due. The timer holds the
//! queue and nothing of the user's.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Context;
use std::thread;
use std::time::{Duration, Instant};

use crate::engine::deferred::active_call::{ActiveCall, CallStage};
use crate::engine::deferred::concurrent_calls::ConcurrentCalls;
use crate::engine::deferred::ports::ConsumerRun;
use crate::engine::emission::deferred_delivery::DeferredDelivery;
use crate::engine::emission::deferred_event::HandlerRef;
use crate::engine::observers::DeliveryTimer;
use crate::engine::plan::concurrency::ConcurrencyPermit;
use crate::engine::queue::live::{LiveQueue, ServedBy};
use crate::engine::state::DispatcherState;
use crate::queue::buffer::delayed::NextDue;
use crate::retry::RetryPolicy;
use crate::{log, runtime};

impl ConsumerRun<'_> {
    /// Lets a delivery, whose attempt has failed, wait for its next attempt. If the queue was closed
    /// meanwhile, the delivery is abandoned.
    #[cold]
    pub(crate) fn delay(&self, mut item: DeferredDelivery, wait: Duration) {
        let Self { queue, inner, .. } = *self;
        let retry = item.event.retry(inner, &item.target);
        let keeps_lane = retry.is_some_and(RetryPolicy::is_ordered);
        let due = after(queue.now(), wait);
        item.attempt += 1;
        let delayed = self
            .ticket
            .with(|ticket| queue.buffer.delay(ticket, item, due, keeps_lane));
        match delayed {
            Ok(()) => {
                start(queue, inner);
                queue.delayed.notify(1);
            }
            Err(item) => {
                queue.count_abandoned_running();
                inner.abandon(item, Some(queue.name), DeliveryTimer::default());
            }
        }
    }
}

/// A delivery of an `emit_async` that is tried again.
pub(crate) struct NextAttempt {
    pub(crate) target: HandlerRef,
    pub(crate) order: usize,
    pub(crate) attempt: u32,
    pub(crate) wait: Duration,
}

impl ConcurrentCalls<'_> {
    /// Lets each delivery that is tried again wait for its next attempt. It holds no permit meanwhile.
    pub(crate) fn start_retries(&mut self, context: &mut Context<'_>) {
        for retry in std::mem::take(&mut self.retries) {
            let limit = self.event.limit(self.inner, &retry.target);
            let limit = limit.filter(|limit| limit.is_named()).map(Arc::clone);
            let (wait, stop) = (retry.wait, self.cascade.stop_flag());
            let stage = CallStage::Waits(Box::pin(async move {
                runtime::sleep(wait).await;
                let permit = match limit {
                    Some(limit) => Some(limit.acquire().await),
                    None => None,
                };
                let is_stopped = stop.is_some_and(|stop| stop.load(Ordering::Relaxed));
                (!is_stopped).then_some(permit)
            }));
            let waiting = self.delivery(retry.target, retry.order, stage, None);
            let waiting = ActiveCall {
                attempt: retry.attempt,
                ..waiting
            };
            self.poll_first(waiting, context);
        }
    }
}

/// Waits, in a task, until the next attempt of a delivery is due and its handler is below its limit.
pub(crate) async fn wait_for_attempt(
    inner: &DispatcherState,
    item: &DeferredDelivery,
    wait: Duration,
) -> Option<ConcurrencyPermit> {
    runtime::sleep(wait).await;
    match item.event.limit(inner, &item.target) {
        Some(limit) => Some(limit.acquire().await),
        None => None,
    }
}

/// Returns the moment after a wait, which is a century at most.
fn after(now: Instant, wait: Duration) -> Instant {
    const CENTURY: Duration = Duration::from_hours(100 * 365 * 24);
    let due = now.checked_add(wait.min(CENTURY));
    due.unwrap_or(now)
}

/// Starts the timer of a queue, unless it has been started.
fn start(queue: &Arc<LiveQueue>, inner: &DispatcherState) {
    queue.start_timer.call_once(|| {
        let timer = Arc::clone(queue);
        match &inner.runtime {
            Some(runtime) if queue.serves() == ServedBy::Tasks => {
                queue.add_aborter(runtime.spawn(Box::pin(run_as_task(timer))));
            }
            _ => {
                let thread = thread::Builder::new().name(format!("{}-timer", queue.name));
                if let Err(error) = thread.spawn(move || run_as_thread(&timer)) {
                    log::no_thread(queue.name, &error);
                }
            }
        }
    });
}

async fn run_as_task(queue: Arc<LiveQueue>) {
    loop {
        let changed = queue.delayed.listen();
        let now = queue.now();
        match queue.buffer.release_due(now) {
            NextDue::At(due) => {
                let _ = runtime::within(due.saturating_duration_since(now), changed).await;
            }
            NextDue::Unknown => changed.await,
            NextDue::Never => return,
        }
    }
}

fn run_as_thread(queue: &LiveQueue) {
    use event_listener::Listener as _;

    loop {
        let changed = queue.delayed.listen();
        match queue.buffer.release_due(queue.now()) {
            NextDue::At(due) => {
                let _ = changed.wait_deadline(due);
            }
            NextDue::Unknown => changed.wait(),
            NextDue::Never => return,
        }
    }
}

impl LiveQueue {
    /// Returns the time by the clock of the queue's consumers: that of the runtime, or of the system.
    fn now(&self) -> Instant {
        match self.serves() {
            ServedBy::Tasks => runtime::now(),
            ServedBy::Threads | ServedBy::Pump | ServedBy::Stream => Instant::now(),
        }
    }
}
