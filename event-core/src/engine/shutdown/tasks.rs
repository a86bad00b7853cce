//! The tasks of a dispatcher, and the deliveries and emissions that they run.

use std::collections::HashMap;
use std::sync::PoisonError;
#[cfg(not(loom))]
use std::sync::{Mutex, MutexGuard};

#[cfg(loom)]
use loom::sync::{Mutex, MutexGuard};

use crate::handler_info::HandlerInfo;
use crate::queue::account::{HandlerCounts, ShutdownAccount};
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
        drop(registry);
        drop(entry);
    }

    /// Returns how many tasks run.
    pub(crate) fn running(&self) -> usize {
        self.lock().running.len()
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

impl Registry {
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
