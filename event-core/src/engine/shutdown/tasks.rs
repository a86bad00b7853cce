//! The tasks of a dispatcher, and the deliveries and emissions that they run.

use std::collections::HashMap;
use std::future::poll_fn;
use std::mem;
use std::sync::PoisonError;
#[cfg(not(loom))]
use std::sync::{Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

#[cfg(loom)]
use loom::sync::{Mutex, MutexGuard};

use crate::handler_info::HandlerInfo;
use crate::queue::account::{self, HandlerCounts, ShutdownAccount};
use crate::queue::buffer::sleep::Sleepers;
use crate::runtime::Aborter;

/// The tasks of a dispatcher.
#[derive(Default)]
pub(crate) struct Tasks(Mutex<Registry>);

#[derive(Default)]
struct Registry {
    last_id: u64,
    running: HashMap<u64, TaskEntry>,
    is_closed: bool,
    account: ShutdownAccount<HandlerInfo>,
    /// How many spawned emissions had not ended when the registry was closed.
    cancel: usize,
    /// Those that wait until no task runs.
    watchers: Sleepers,
}

struct TaskEntry {
    /// `Some` once the runtime has accepted the task.
    aborter: Option<Aborter>,
    /// The handlers of its deliveries that have not ended.
    handlers: Vec<HandlerInfo>,
    is_emission: bool,
}

impl Tasks {
    /// Registers a task with deliveries, before it is spawned; `None` if the dispatcher is closed.
    pub(crate) fn enter(&self, handlers: Vec<HandlerInfo>) -> Option<u64> {
        self.lock().enter(handlers, false)
    }

    /// Registers a spawned emission; `None` if the dispatcher is closed.
    #[cfg(feature = "tokio")]
    pub(crate) fn enter_emission(&self) -> Option<u64> {
        self.lock().enter(Vec::new(), true)
    }

    /// Keeps the aborter of a task, with which a shutdown ends it.
    pub(crate) fn set_aborter(&self, id: u64, aborter: Aborter) {
        let mut registry = self.lock();
        if registry.is_closed {
            // The code that closed the registry may have run before the aborter was kept.
            drop(registry);
            aborter.abort();
        } else if let Some(entry) = registry.running.get_mut(&id) {
            // `None` if the task has ended already.
            entry.aborter = Some(aborter);
        }
    }

    /// Counts a delivery of a task as drained.
    pub(crate) fn end(&self, id: u64, handler: HandlerInfo) {
        let mut registry = self.lock();
        if registry.take(id, handler) {
            registry.account.drain(handler);
        }
    }

    /// Counts a delivery of a task as abandoned, unless it has ended.
    pub(crate) fn abandon(&self, id: u64, handler: HandlerInfo) {
        let mut registry = self.lock();
        if registry.take(id, handler) {
            registry.account.abandon(handler);
        }
    }

    /// Removes a task that has ended, and counts its remaining deliveries as drained.
    pub(crate) fn leave(&self, id: u64) {
        let mut registry = self.lock();
        let entry = registry.running.remove(&id);
        for handler in entry.iter().flat_map(|entry| &entry.handlers) {
            registry.account.drain(*handler);
        }
        let woken = registry.wake_if_quiet();
        drop(registry);
        drop(entry);
        woken.into_iter().for_each(Waker::wake);
    }

    /// Returns how many tasks run.
    pub(crate) fn running(&self) -> usize {
        self.lock().running.len()
    }

    /// Returns the number of tasks that run, and what `look_at_others` returns for the same moment.
    pub(crate) fn running_with<R>(&self, look_at_others: impl FnOnce() -> R) -> (usize, R) {
        let registry = self.lock();
        (registry.running.len(), look_at_others())
    }

    /// Returns what has not ended in the tasks, and what `look_at_others` returns for the same moment.
    pub(crate) fn unfinished_with<R>(
        &self,
        look_at_others: impl FnOnce() -> R,
    ) -> (UnfinishedTasks, R) {
        let registry = self.lock();
        let mut unfinished = UnfinishedTasks::default();
        for entry in registry.running.values() {
            for handler in &entry.handlers {
                account::add(&mut unfinished.deliveries, *handler, 1);
            }
            unfinished.emissions += usize::from(entry.handlers.is_empty());
        }
        (unfinished, look_at_others())
    }

    /// Waits for a moment at which no task runs.
    ///
    /// # Cancellation
    ///
    /// Dropping the future is no problem, since all who wait are woken at once.
    pub(crate) fn quiet(&self) -> impl Future<Output = ()> + Unpin {
        let mut watch = Watch {
            tasks: self,
            place: None,
        };
        poll_fn(move |context| watch.poll(context))
    }

    /// Starts to count each delivery that is drained or abandoned.
    pub(crate) fn open_account(&self) {
        self.lock().account.open();
    }

    /// Returns what was drained and abandoned since then, and how many emissions were cancelled.
    pub(crate) fn account(
        &self,
    ) -> (
        HandlerCounts<HandlerInfo>,
        HandlerCounts<HandlerInfo>,
        usize,
    ) {
        let registry = self.lock();
        let (drained, abandoned) = registry.account.counts();
        (drained, abandoned, registry.cancel)
    }

    /// Closes the registry to further tasks, if no task runs and `close_others` returns `Some`.
    pub(crate) fn close_if_quiet<R>(&self, close_others: impl FnOnce() -> Option<R>) -> Option<R> {
        let mut registry = self.lock();
        if !registry.running.is_empty() {
            return None;
        }
        let closed = close_others();
        if closed.is_some() {
            registry.is_closed = true;
            registry.account.close();
        }
        closed
    }

    /// Closes the registry to further tasks, and abandons those that run; returns their aborters.
    pub(crate) fn close_and_abandon(&self) -> Vec<Aborter> {
        let mut guard = self.lock();
        let registry = &mut *guard;
        registry.is_closed = true;
        let mut aborters = Vec::new();
        for entry in registry.running.values_mut() {
            registry.cancel += usize::from(entry.is_emission);
            for handler in entry.handlers.drain(..) {
                registry.account.abandon(handler);
            }
            aborters.extend(entry.aborter.take());
        }
        registry.account.close();
        aborters
    }

    fn lock(&self) -> MutexGuard<'_, Registry> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What has not ended in the tasks of a dispatcher.
#[derive(Debug, Default)]
pub(crate) struct UnfinishedTasks {
    pub(crate) deliveries: HandlerCounts<HandlerInfo>,
    /// How many tasks emit: spawned emissions, and deliveries that have ended and emit what they caused.
    pub(crate) emissions: usize,
}

/// A wait until no task runs.
struct Watch<'t> {
    tasks: &'t Tasks,
    /// The place among the watchers, which is stale after a wake-up.
    place: Option<u64>,
}

impl Watch<'_> {
    fn poll(&mut self, context: &Context<'_>) -> Poll<()> {
        // A waker is cloned and dropped without the lock, since both are foreign code.
        let mut waker = context.waker().clone();
        let mut registry = self.tasks.lock();
        if let Some(place) = self.place {
            let Some(asleep) = registry.watchers.find(place) else {
                self.place = None;
                return Poll::Ready(());
            };
            mem::swap(asleep, &mut waker);
            drop(registry);
            return Poll::Pending;
        }
        if registry.running.is_empty() {
            return Poll::Ready(());
        }
        self.place = Some(registry.watchers.join(waker));
        Poll::Pending
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            let waker = self.tasks.lock().watchers.leave(place);
            drop(waker);
        }
    }
}

impl Registry {
    /// Takes the watchers, if no task runs; the caller wakes them after it releases the lock.
    fn wake_if_quiet(&mut self) -> Vec<Waker> {
        if self.running.is_empty() {
            self.watchers.wake(usize::MAX).collect()
        } else {
            Vec::new()
        }
    }

    fn enter(&mut self, handlers: Vec<HandlerInfo>, is_emission: bool) -> Option<u64> {
        if self.is_closed {
            return None;
        }
        self.last_id += 1;
        let entry = TaskEntry {
            aborter: None,
            handlers,
            is_emission,
        };
        self.running.insert(self.last_id, entry);
        Some(self.last_id)
    }

    /// Takes a delivery out of a task; returns `false` if it has been taken already.
    fn take(&mut self, id: u64, handler: HandlerInfo) -> bool {
        let Some(TaskEntry { handlers, .. }) = self.running.get_mut(&id) else {
            return false;
        };
        let at = handlers.iter().position(|other| *other == handler);
        at.map(|at| handlers.swap_remove(at)).is_some()
    }
}
