//! Async handlers that `emit` hands to the runtime: each delivery is a task, and tracked.

use std::sync::Arc;

use super::cascade::{Hands, Root};
use super::closing::TaskGuard;
use super::flight::{self, Left};
use super::inner::Inner;
use super::limit::Permit;
use super::precedence::Completion;
use super::shared::Item;
use super::tasks::Tasks;
use crate::isolate::Isolated;
use crate::report::{Cause, Ended};
use crate::runtime::{Runtime, Task};
use crate::{isolate, observer};

impl Tasks {
    /// Starts a delivery, which runs after those that its `completion` says.
    ///
    /// # Errors
    ///
    /// The dispatcher is closed.
    pub(crate) fn start(
        &self,
        inner: &Arc<Inner>,
        item: Item,
        permit: Permit,
        completion: Option<Completion>,
    ) -> Result<(), Item> {
        let Some(id) = self.enter(vec![item.handler(inner)]) else {
            return Err(item);
        };
        let mut under_way = UnderWay::new(inner, id, item, permit, completion);
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

    fn spawn(&self, inner: &Inner, id: u64, task: Task) {
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
struct UnderWay {
    inner: Isolated<Arc<Inner>>,
    delivery: Option<Delivery>,
    /// What it leads to.
    root: Root,
    /// Behind the dispatcher: whoever finds that no task runs is its last owner.
    task: TaskGuard,
}

struct Delivery {
    item: Item,
    permit: Permit,
    /// If handlers of its event wait for each other.
    completion: Option<Completion>,
}

impl UnderWay {
    fn new(
        inner: &Arc<Inner>,
        id: u64,
        item: Item,
        permit: Permit,
        completion: Option<Completion>,
    ) -> Self {
        Self {
            inner: Isolated::new(Arc::clone(inner)),
            delivery: Some(Delivery {
                item,
                permit,
                completion,
            }),
            root: Root::with(Hands::Waiting),
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
            flight::fly(inner, item, root).await;
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
            isolate::discard(delivery);
        }
        self.root.run_caused_waiting(&self.inner).await;
    }
}

impl Drop for UnderWay {
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

impl Inner {
    /// Ends a delivery that nobody runs any more, and whose emitter has its report: counted, told
    /// to observers, and, if it is a failure, told to whoever hears of those.
    #[cold]
    pub(crate) fn end_unrun(
        self: &Arc<Self>,
        item: Item,
        ended: Ended,
        queue: Option<&'static str>,
    ) {
        if ended == Ended::Abandoned {
            self.abandon(item, queue, observer::UnderWay::default());
            return;
        }
        let mut root = Root::default();
        root.settle(self, &*item.event, &item.target, |emission| {
            emission.ended(ended);
        });
        isolate::discard(item);
        self.tell_all(root);
    }

    /// The same of one that is abandoned, which may have been under way.
    #[cold]
    pub(crate) fn abandon(
        self: &Arc<Self>,
        item: Item,
        queue: Option<&'static str>,
        under_way: observer::UnderWay,
    ) {
        let mut root = Root::default();
        let (event, target) = (&*item.event, &item.target);
        root.settle_attempt(self, event, target, item.attempt, |emission| {
            Left::of(under_way).join(emission);
            let event = item.event.as_any_event();
            emission.failed(event, Ended::Abandoned, self.abandoned(queue));
        });
        isolate::discard(item);
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
    pub(crate) fn tell_all(&self, root: Root) {
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
