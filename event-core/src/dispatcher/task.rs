//! Async handlers that `emit` hands to the runtime: each delivery is a task, and tracked.

use std::sync::Arc;

use super::cascade::{Hands, Root};
use super::closing::TaskGuard;
use super::flight::{self, Left};
use super::inner::Inner;
use super::limit::Permit;
use super::shared::{Delivered, Item, Target};
use super::structured;
use super::tasks::Tasks;
use crate::isolate::Isolated;
use crate::report::{Cause, Ended};
use crate::runtime::{Runtime, Task};
use crate::{isolate, observer};

impl Tasks {
    /// Starts a delivery.
    ///
    /// # Errors
    ///
    /// The dispatcher is closed.
    pub(crate) fn start(&self, inner: &Arc<Inner>, item: Item, permit: Permit) -> Result<(), Item> {
        let Some(id) = self.enter(vec![item.handler(inner)]) else {
            return Err(item);
        };
        let mut under_way = UnderWay::new(inner, id, vec![(item, permit)]);
        self.spawn(
            inner,
            id,
            Box::pin(async move {
                let UnderWay {
                    inner,
                    deliveries,
                    root,
                    ..
                } = &mut under_way;
                if let [(item, _)] = &**deliveries {
                    flight::fly(inner, item, root).await;
                }
                under_way.go_on().await;
            }),
        );
        Ok(())
    }

    /// Starts deliveries of one event that wait for each other.
    ///
    /// # Errors
    ///
    /// The dispatcher is closed.
    pub(crate) fn start_ordered(
        &self,
        inner: &Arc<Inner>,
        event: &Arc<dyn Delivered>,
        seats: Vec<(u32, Permit)>,
    ) -> Result<(), Vec<(u32, Permit)>> {
        let handler = |seat| event.handler(inner, &Target::Seat(seat));
        let handlers = seats.iter().map(|(seat, _)| handler(*seat)).collect();
        let Some(id) = self.enter(handlers) else {
            return Err(seats);
        };
        let deliveries = seats.into_iter().map(|(seat, permit)| {
            let event = Arc::clone(event);
            let target = Target::Seat(seat);
            (Item::new(event, target), permit)
        });
        let mut under_way = UnderWay::new(inner, id, deliveries.collect());
        self.spawn(
            inner,
            id,
            Box::pin(async move {
                let items = std::mem::take(&mut under_way.deliveries);
                let UnderWay { inner, root, .. } = &mut under_way;
                structured::run_ordered(inner, id, items, root).await;
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

/// A task's deliveries. Dropped before they ended, they are abandoned: the runtime ended, or a
/// shutdown ran out of time.
struct UnderWay {
    inner: Isolated<Arc<Inner>>,
    deliveries: Vec<(Item, Permit)>,
    /// What they lead to.
    root: Root,
    /// Behind the dispatcher: whoever finds that no task runs is its last owner.
    task: TaskGuard,
}

impl UnderWay {
    fn new(inner: &Arc<Inner>, id: u64, deliveries: Vec<(Item, Permit)>) -> Self {
        Self {
            inner: Isolated::new(Arc::clone(inner)),
            deliveries,
            root: Root::with(Hands::Waiting),
            task: TaskGuard::new(inner, id),
        }
    }

    /// The deliveries have ended; emits what they caused.
    async fn go_on(&mut self) {
        for (item, permit) in std::mem::take(&mut self.deliveries) {
            // Most cause nothing, and leave at once.
            if self.root.record.get().is_some() {
                let task = self.task.id();
                self.inner.tasks.end(task, item.handler(&self.inner));
            }
            isolate::discard((item, permit));
        }
        self.root.run_caused_waiting(&self.inner).await;
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        for (item, permit) in std::mem::take(&mut self.deliveries) {
            drop(permit);
            let task = self.task.id();
            self.inner.tasks.abandon(task, item.handler(&self.inner));
            let under_way = self.root.take_under_way();
            self.inner.abandon(item, None, under_way);
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
