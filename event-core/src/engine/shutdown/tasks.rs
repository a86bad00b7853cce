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
    /// Spawned emissions that had not ended when the registry was closed.
    cancel: usize,
}

struct TaskEntry {
    /// There once the runtime has taken the task.
    aborter: Option<Aborter>,
    /// The handlers of its deliveries that have not ended.
    handlers: Vec<HandlerInfo>,
    is_emission: bool,
}

impl Tasks {
    /// Counts a task with deliveries, before there is one; `None` if the dispatcher is closed.
    pub(crate) fn enter(&self, handlers: Vec<HandlerInfo>) -> Option<u64> {
        self.lock().enter(handlers, false)
    }

    /// The same of a spawned emission.
    #[cfg(feature = "tokio")]
    pub(crate) fn enter_emission(&self) -> Option<u64> {
        self.lock().enter(Vec::new(), true)
    }

    /// Lets a task be ended where it stands.
    pub(crate) fn set_aborter(&self, id: u64, aborter: Aborter) {
        let mut registry = self.lock();
        if registry.is_closed {
            // Whoever closed it may have looked before the aborter was there.
            drop(registry);
            aborter.abort();
        } else if let Some(entry) = registry.running.get_mut(&id) {
            // Unless it has ended already.
            entry.aborter = Some(aborter);
        }
    }

    /// One of the deliveries of a task has ended.
    pub(crate) fn end(&self, id: u64, handler: HandlerInfo) {
        let mut registry = self.lock();
        if registry.take(id, handler) {
            registry.account.drain(handler);
        }
    }

    /// One of the deliveries of a task will not end, unless it has.
    pub(crate) fn abandon(&self, id: u64, handler: HandlerInfo) {
        let mut registry = self.lock();
        if registry.take(id, handler) {
            registry.account.abandon(handler);
        }
    }

    /// A task has ended, and with it all its deliveries.
    pub(crate) fn leave(&self, id: u64) {
        let mut registry = self.lock();
        let entry = registry.running.remove(&id);
        for handler in entry.iter().flat_map(|entry| &entry.handlers) {
            registry.account.drain(*handler);
        }
        drop(registry);
        drop(entry);
    }

    /// How many tasks run.
    pub(crate) fn running(&self) -> usize {
        self.lock().running.len()
    }

    /// Names each delivery that ends or is abandoned from here on.
    pub(crate) fn open_account(&self) {
        self.lock().account.open();
    }

    /// What was drained and abandoned since then, and how many emissions were cut short.
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

    /// Lets no further task in, if none runs and `close_others` does its part.
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

    /// Lets no further task in, and gives up those that run, to be aborted.
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

    /// Takes a delivery out of a task; `false` if it is not there any more.
    fn take(&mut self, id: u64, handler: HandlerInfo) -> bool {
        let Some(TaskEntry { handlers, .. }) = self.running.get_mut(&id) else {
            return false;
        };
        let at = handlers.iter().position(|other| *other == handler);
        at.map(|at| handlers.swap_remove(at)).is_some()
    }
}
