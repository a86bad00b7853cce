//! Async handlers that `emit` hands to the runtime: each delivery is a task, and tracked.

use std::sync::Arc;

use super::cascade::{Cascade, WaitPolicy};
use super::closing::TaskGuard;
use super::flight::{self, CallExtras};
use super::inner::DispatcherState;
use super::limit::ConcurrencyPermit;
use super::precedence::Completion;
use super::shared::DeferredDelivery;
use super::tasks::Tasks;
use crate::panics::DropCaught;
use crate::report::{Cause, Ended};
use crate::runtime::{Runtime, Task};
use crate::{observer, panics};

impl Tasks {
    /// Starts a delivery, which runs after those that its `completion` says.
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
        let mut under_way = TaskDeliveries::new(inner, id, item, permit, completion);
        self.spawn(
            inner,
            id,
            Box::pin(async move {
                under_way.run().await;
                under_way.go_on().await;
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

/// A task's delivery. Dropped before it ended, it is abandoned: the runtime ended, or a shutdown ran out
/// of time.
struct TaskDeliveries {
    inner: DropCaught<Arc<DispatcherState>>,
    delivery: Option<Delivery>,
    /// What it leads to.
    root: Cascade,
    /// Behind the dispatcher: whoever finds that no task runs is its last owner.
    task: TaskGuard,
}

struct Delivery {
    item: DeferredDelivery,
    permit: ConcurrencyPermit,
    /// If handlers of its event wait for each other.
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
                permit,
                completion,
            }),
            root: Cascade::with(WaitPolicy::AwaitCapacity),
            task: TaskGuard::new(inner, id),
        }
    }

    async fn run(&mut self) {
        let Self {
            inner,
            delivery,
            root,
            ..
        } = self;
        if let Some(Delivery {
            item, completion, ..
        }) = delivery
        {
            if let Some(completion) = completion {
                completion.wait_for_others(inner, &*item.event).await;
            }
            flight::run_async(inner, item, root).await;
        }
    }

    /// The delivery has ended; emits what it caused.
    async fn go_on(&mut self) {
        if let Some(delivery) = self.delivery.take() {
            // Most cause nothing, and leave at once.
            if self.root.record.get().is_some() {
                let task = self.task.id();
                let handler = delivery.item.handler(&self.inner);
                self.inner.tasks.end(task, handler);
            }
            panics::drop_caught(delivery);
        }
        self.root.run_caused_waiting(&self.inner).await;
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
            let under_way = self.root.take_under_way();
            self.inner.abandon(item, None, under_way);
            drop(completion);
        }
        let mut root = std::mem::take(&mut self.root);
        root.lose_the_rest(&self.inner);
        self.inner.tell_all(root);
    }
}

impl DispatcherState {
    /// Ends a delivery that nobody runs any more, and whose emitter has its report: counted, told
    /// to observers, and, if it is a failure, told to whoever hears of those.
    #[cold]
    pub(crate) fn end_unrun(
        self: &Arc<Self>,
        item: DeferredDelivery,
        ended: Ended,
        queue: Option<&'static str>,
    ) {
        if ended == Ended::Abandoned {
            self.abandon(item, queue, observer::DeliveryTimer::default());
            return;
        }
        let mut root = Cascade::default();
        root.settle(self, &*item.event, &item.target, |emission| {
            emission.ended(ended);
        });
        panics::drop_caught(item);
        self.tell_all(root);
    }

    /// The same of one that is abandoned, which may have been under way.
    #[cold]
    pub(crate) fn abandon(
        self: &Arc<Self>,
        item: DeferredDelivery,
        queue: Option<&'static str>,
        under_way: observer::DeliveryTimer,
    ) {
        let mut root = Cascade::default();
        let (event, target) = (&*item.event, &item.target);
        root.settle_attempt(self, event, target, item.attempt, |emission| {
            CallExtras::of(under_way).join(emission);
            let event = item.event.as_any_event();
            emission.failed(event, Ended::Abandoned, self.abandoned(queue));
        });
        panics::drop_caught(item);
        self.tell_all(root);
    }

    /// Why nobody runs a delivery or an emission any more.
    #[cold]
    pub(crate) fn abandoned(&self, queue: Option<&'static str>) -> Cause {
        let has_ended = !self.closing.is_closed() && self.has_runtime_ended();
        if has_ended {
            Cause::RuntimeEnded { queue }
        } else {
            Cause::Abandoned { queue }
        }
    }

    #[cold]
    pub(crate) fn has_runtime_ended(&self) -> bool {
        self.runtime.as_ref().is_some_and(Runtime::has_ended)
    }

    /// Tells the failures of a root that nobody gets the report of.
    pub(crate) fn tell_all(&self, root: Cascade) {
        if root.record.get().is_none() {
            return;
        }
        let report = root.into_report();
        for failure in report.failures() {
            self.tell(failure);
        }
        report.discard();
    }
}
