//! Async handlers that `emit` hands to the runtime: each delivery is a task, and tracked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::cascade::{Hands, Root};
use super::flight::{self, Left};
use super::inner::Inner;
use super::limit::Permit;
use super::precedence::Completion;
use super::shared::Item;
use crate::handler::HandlerInfo;
use crate::report::{Cause, Ended};
use crate::runtime::{Aborter, Task};
use crate::{isolate, observer};

/// The tasks of a dispatcher.
#[derive(Default)]
pub(crate) struct Tasks(Mutex<Registry>);

#[derive(Default)]
struct Registry {
    /// How many there have been.
    started: u64,
    running: HashMap<u64, Entry>,
}

struct Entry {
    /// There once the runtime has taken the task.
    aborter: Option<Aborter>,
    handlers: Vec<HandlerInfo>,
}

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
        let Some(id) = self.enter(inner, vec![item.handler(inner)]) else {
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

    /// Counts a task, before there is one.
    pub(crate) fn enter(&self, inner: &Inner, handlers: Vec<HandlerInfo>) -> Option<u64> {
        let mut registry = self.lock();
        // Under the lock, so that a closing dispatcher finds every task that was let in.
        if inner.closing.is_closed() {
            return None;
        }
        registry.started += 1;
        let id = registry.started;
        let entry = Entry {
            aborter: None,
            handlers,
        };
        registry.running.insert(id, entry);
        Some(id)
    }

    fn spawn(&self, inner: &Inner, id: u64, task: Task) {
        // A runtime that has ended drops the task, which ends its deliveries.
        let Some(runtime) = &inner.runtime else {
            return;
        };
        let aborter = runtime.spawn(task);
        self.set_aborter(inner, id, aborter);
    }

    /// Lets a task be ended where it stands.
    pub(crate) fn set_aborter(&self, inner: &Inner, id: u64, aborter: Aborter) {
        let mut registry = self.lock();
        if inner.closing.is_closed() {
            // Whoever closed it may have looked before the aborter was there.
            drop(registry);
            aborter.abort();
        } else if let Some(entry) = registry.running.get_mut(&id) {
            // Unless it has ended already.
            entry.aborter = Some(aborter);
        }
    }

    pub(crate) fn leave(&self, id: u64) {
        let entry = self.lock().running.remove(&id);
        drop(entry);
    }

    /// How many there have been, and how many of them run.
    pub(crate) fn counts(&self) -> (u64, usize) {
        let registry = self.lock();
        (registry.started, registry.running.len())
    }

    /// Ends all tasks where they stand; answers whose deliveries they were, and how many were
    /// shielded emissions.
    pub(crate) fn abort(&self) -> (Vec<HandlerInfo>, usize) {
        let running: Vec<_> = {
            let mut registry = self.lock();
            let running = registry.running.values_mut();
            running
                .map(|entry| (entry.aborter.take(), entry.handlers.clone()))
                .collect()
        };
        let mut handlers = Vec::new();
        let mut emissions = 0;
        for (aborter, of) in running {
            emissions += usize::from(of.is_empty());
            handlers.extend(of);
            if let Some(aborter) = aborter {
                aborter.abort();
            }
        }
        (handlers, emissions)
    }

    fn lock(&self) -> MutexGuard<'_, Registry> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A task's delivery. Dropped before it ended, it is abandoned: the runtime ended, or a shutdown ran out
/// of time.
struct UnderWay {
    inner: Arc<Inner>,
    id: u64,
    delivery: Option<Delivery>,
    /// What it leads to.
    root: Root,
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
            inner: Arc::clone(inner),
            id,
            delivery: Some(Delivery {
                item,
                permit,
                completion,
            }),
            root: Root::with(Hands::Waiting),
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
            flight::fly(inner, &*item.event, &item.target, root).await;
        }
    }

    /// The delivery has ended; emits what it caused.
    async fn go_on(&mut self) {
        isolate::discard(self.delivery.take());
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
            let under_way = self.root.take_under_way();
            self.inner.abandon(item, None, under_way);
            drop(completion);
        }
        let mut root = std::mem::take(&mut self.root);
        root.lose_the_rest();
        self.inner.tell_all(root);
        self.inner.tasks.leave(self.id);
        self.inner.close_if_quiet();
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
        self.closing.count_abandoned(|| item.handler(self));
        let mut root = Root::default();
        root.settle(self, &*item.event, &item.target, |emission| {
            Left::of(under_way).join(emission);
            emission.failed(Ended::Abandoned, Cause::Abandoned { queue });
        });
        isolate::discard(item);
        self.tell_all(root);
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
