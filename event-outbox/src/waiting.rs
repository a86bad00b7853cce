//! Deliveries that a session of a testing kit waits for, and that only the store has: they wait for room, for another
//! delivery of their key, or for their next attempt.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use event_core::__private::SessionDelivery;
use uuid::Uuid;

use crate::emitted::Target;
use crate::store::Due;

/// The deliveries by their event and the id of their handler. Empty unless a test tracks.
#[derive(Default)]
pub(crate) struct Waiting(Mutex<HashMap<Uuid, Vec<ForHandler>>>);

type ForHandler = (&'static str, SessionDelivery);

impl Waiting {
    /// Keeps a delivery until it is claimed here.
    pub(crate) fn keep(&self, event: Uuid, handler: &'static str, delivery: SessionDelivery) {
        let mut waiting = self.lock();
        waiting.entry(event).or_default().push((handler, delivery));
    }

    /// Takes a delivery that was claimed, or that will not be.
    pub(crate) fn take(&self, event: Uuid, handler: &str) -> Option<SessionDelivery> {
        let mut waiting = self.lock();
        let handlers = waiting.get_mut(&event)?;
        let at = handlers.iter().position(|(id, _)| *id == handler)?;
        let (_, delivery) = handlers.swap_remove(at);
        if handlers.is_empty() {
            waiting.remove(&event);
        }
        Some(delivery)
    }

    /// Forgets the deliveries of an event.
    pub(crate) fn forget(&self, event: Uuid) {
        let forgotten = self.lock().remove(&event);
        drop(forgotten);
    }

    /// Forgets all deliveries, which this process will not make.
    pub(crate) fn clear(&self) {
        let forgotten = std::mem::take(&mut *self.lock());
        drop(forgotten);
    }

    /// Keeps deliveries that are about to be stored. What is due later is not waited for.
    pub(crate) fn storing(self: &Arc<Self>, targets: &[Target]) -> Storing {
        let mut kept = Vec::new();
        for target in targets.iter().filter(|target| target.due == Due::Now) {
            if let Some(delivery) = target.event.in_session(&target.handler) {
                let (event, handler) = target.key();
                self.keep(event, handler, delivery);
                kept.push((event, handler));
            }
        }
        Storing {
            waiting: Arc::clone(self),
            kept,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Vec<ForHandler>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Deliveries that are about to be stored. Dropped before they are committed, it forgets them.
#[derive(Default)]
#[must_use = "dropped, it forgets the deliveries"]
pub(crate) struct Storing {
    waiting: Arc<Waiting>,
    kept: Vec<(Uuid, &'static str)>,
}

impl Storing {
    /// Leaves the deliveries to whoever claims them: they are committed.
    pub(crate) fn committed(mut self) {
        self.kept.clear();
    }
}

impl Drop for Storing {
    fn drop(&mut self) {
        for (event, handler) in self.kept.drain(..) {
            drop(self.waiting.take(event, handler));
        }
    }
}
