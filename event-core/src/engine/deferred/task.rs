//! Async handlers that `emit` hands over to the runtime: each delivery is a tracked task.

use std::sync::Arc;

use crate::engine::deferred::call;
use crate::engine::deferred::capacity;
use crate::engine::deferred::precedence::Completion;
use crate::engine::deferred::retry;
use crate::engine::deferred::settle::AttemptEnd;
use crate::engine::emission::cascade::{Cascade, WaitPolicy};
use crate::engine::emission::deferred_delivery::DeferredDelivery;
use crate::engine::plan::concurrency::ConcurrencyPermit;
use crate::engine::shutdown::closing::TaskGuard;
use crate::engine::shutdown::tasks::Tasks;
use crate::engine::state::DispatcherState;
use crate::nesting::tracker::TrackedDelivery;
use crate::panics;
use crate::panics::DropCaught;
use crate::runtime::Task;

impl Tasks {
    /// Starts a delivery, which runs after the deliveries that its `completion` waits for.
    ///
    /// # Errors
    ///
    /// The dispatcher is closed.
    pub(crate) fn start(
        &self,
        inner: &Arc<DispatcherState>,
        item: DeferredDelivery,
        permit: ConcurrencyPermit,
        completion: Option<Completion>,
    ) -> Result<(), DeferredDelivery> {
        let Some(id) = self.enter(vec![item.handler(inner)]) else {
            return Err(item);
        };
        let mut timer = TaskDeliveries::new(inner, id, item, permit, completion);
        self.spawn(
            inner,
            id,
            Box::pin(async move {
                timer.run().await;
                timer.resume().await;
            }),
        );
        Ok(())
    }

    fn spawn(&self, inner: &DispatcherState, id: u64, task: Task) {
        // A runtime that has ended drops the task, which ends its deliveries.
        let Some(runtime) = &inner.runtime else {
            return;
        };
        let aborter = runtime.spawn(task);
        self.set_aborter(id, aborter);
    }
}

/// A task's delivery. A delivery that is dropped before its end is abandoned: the runtime ended, or a
/// shutdown ran out of time.
struct TaskDeliveries {
    inner: DropCaught<Arc<DispatcherState>>,
    delivery: Option<Delivery>,
    /// What the delivery causes.
    cascade: Cascade,
    /// Kept until what the delivery caused was emitted.
    tracked: Option<TrackedDelivery>,
    /// Dropped after `inner`, so that no task owns the dispatcher once no task runs.
    task: TaskGuard,
}

struct Delivery {
    item: DeferredDelivery,
    /// `None` while the delivery waits for its next attempt.
    permit: Option<ConcurrencyPermit>,
    /// `Some` if handlers of the event wait for each other.
    completion: Option<Completion>,
}

impl TaskDeliveries {
    fn new(
        inner: &Arc<DispatcherState>,
        id: u64,
        item: DeferredDelivery,
        permit: ConcurrencyPermit,
        completion: Option<Completion>,
    ) -> Self {
        Self {
            inner: DropCaught::new(Arc::clone(inner)),
            delivery: Some(Delivery {
                item,
                permit: Some(permit),
                completion,
            }),
            cascade: Cascade::with(WaitPolicy::AwaitCapacity),
            tracked: None,
            task: TaskGuard::new(inner, id),
        }
    }

    async fn run(&mut self) {
        let Self {
            inner,
            delivery,
            cascade,
            ..
        } = self;
        let Some(Delivery {
            item,
            permit,
            completion,
        }) = delivery
        else {
            return;
        };
        if let Some(completion) = completion {
            completion.wait_for_others(inner, &*item.event).await;
        }
        while let AttemptEnd::Failed { wait } = call::run_async(inner, item, cascade).await {
            *permit = None;
            capacity::run_caused(inner, cascade).await;
            *permit = retry::wait_for_attempt(inner, item, wait).await;
            item.attempt += 1;
        }
    }

    /// Ends the delivery after its call, and emits what the delivery caused.
    async fn resume(&mut self) {
        if let Some(mut delivery) = self.delivery.take() {
            self.tracked = delivery.item.tracked.take();
            // Most deliveries cause nothing, and their task ends at once.
            if self.cascade.state.get().is_some() {
                let task = self.task.id();
                let handler = delivery.item.handler(&self.inner);
                self.inner.tasks.end(task, handler);
            }
            panics::drop_caught(delivery);
        }
        capacity::run_caused(&self.inner, &mut self.cascade).await;
    }
}

impl Drop for TaskDeliveries {
    fn drop(&mut self) {
        if let Some(delivery) = self.delivery.take() {
            let Delivery {
                item,
                permit,
                completion,
            } = delivery;
            drop(permit);
            let task = self.task.id();
            self.inner.tasks.abandon(task, item.handler(&self.inner));
            let timer = self.cascade.take_timer();
            self.inner.abandon(item, None, timer);
            drop(completion);
        }
        let mut cascade = std::mem::take(&mut self.cascade);
        cascade.fail_unemitted(&self.inner);
        self.inner.notify_failures(cascade);
    }
}
