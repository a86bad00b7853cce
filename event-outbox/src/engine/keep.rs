//! Keeps what this process has: its leases, and its registration.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;
use tracing::{debug, warn};

use super::{Chore, Worker, ready};
use crate::shared::HandedOver;
use crate::store::{Bounds, Fence, Owner, Store};

impl<S: Store> Worker<S> {
    /// Keeps a lease that the store was asked for at a moment. A process that was suspended can be given a row that still
    /// waits here under its old token.
    pub(super) fn keep(&mut self, fence: Fence, asked_at: Instant) {
        let until = asked_at + self.shared.settings.lease;
        if let Some(old) = self.leases.insert(fence, until) {
            self.forget(&BTreeSet::from([old]));
        }
    }

    /// Forgets deliveries that were not begun.
    pub(super) fn forget(&mut self, fences: &BTreeSet<Fence>) {
        for delivery in self.ready.take(fences) {
            self.shared.backlog.fetch_sub(1, Ordering::Relaxed);
            self.wait_for_others(delivery);
        }
    }

    /// Drops a delivery that others may have. A session that tracks it goes on to wait for it.
    pub(super) fn wait_for_others(&self, mut delivery: HandedOver) {
        let event = delivery.delivery.event().meta().id();
        if let Some(tracked) = delivery.delivery.take_session() {
            let waiting = &self.shared.waiting;
            waiting.keep(event, ready::id(&delivery), tracked);
        }
    }

    /// Forgets the deliveries that belong to others by now, and were not begun.
    pub(super) fn lost(&mut self, asked: &[Fence], kept: &[Fence]) {
        let mut lost: BTreeSet<Fence> = asked.iter().copied().collect();
        for fence in kept {
            lost.remove(fence);
        }
        // Those that ended while the store was asked are not lost.
        lost.retain(|fence| self.leases.has(*fence));
        if lost.is_empty() {
            return;
        }
        debug!(
            lost = lost.len(),
            "leases of the outbox belong to others by now"
        );
        self.forget(&lost);
        for fence in lost {
            self.leases.remove(fence);
        }
        self.claim_if_low();
    }

    /// Extends the leases of what this process has.
    pub(super) fn extend(&mut self) {
        let asked = self.leases.fences();
        if asked.is_empty() {
            return;
        }
        let shared = Arc::clone(&self.shared);
        let asked_at = Instant::now();
        self.chores.spawn(async move {
            failpoint!(Extending);
            let kept = shared.store.extend(&asked, shared.settings.lease).await;
            failpoint!(Extended);
            Chore::Extended {
                asked_at,
                asked,
                kept,
            }
        });
    }

    /// Brings back what a clock that was set back has put too far ahead.
    pub(super) fn clamp(&mut self) {
        let policies = self
            .handlers
            .values()
            .filter_map(|handler| handler.info().retry());
        let longest = policies.map(|policy| policy.backoff(u32::MAX)).max();
        let bounds = Bounds {
            lease: self.shared.settings.lease,
            wait: longest.unwrap_or_default().max(Duration::from_mins(15)),
        };
        let shared = Arc::clone(&self.shared);
        self.chores.spawn(async move {
            if let Err(why) = shared.store.clamp(bounds).await {
                debug!(error = %why, "the outbox cannot look at its clock");
            }
            Chore::Released
        });
    }

    /// Registers this process anew, since others take the owner that it was for dead.
    pub(super) fn register(&mut self) {
        let shared = Arc::clone(&self.shared);
        self.chores.spawn(async move {
            let owner = Owner::new();
            match shared.store.register(owner).await {
                Ok(()) => shared.set_owner(owner),
                Err(why) => warn!(error = %why, "the outbox cannot register its process"),
            }
            Chore::Released
        });
    }
}
