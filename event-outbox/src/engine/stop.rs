//! The end of an engine: what was not begun is given back, and what runs keeps its leases until it has ended.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tracing::warn;

use super::leases::Leases;
use super::{Chore, Step, Worker};
use crate::shared::{Phase, Shared};
use crate::store::{Fence, Store};

impl<S: Store> Worker<S> {
    /// Gives back what was not begun, and lets other processes take it.
    pub(super) async fn stop(mut self) -> Remaining<S> {
        self.take_handed();
        let fences: Vec<Fence> = self.ready.drain().map(|waiting| waiting.fence).collect();
        let mut gave_back = !fences.is_empty();
        if gave_back {
            give_back(&*self.shared, &fences).await;
        }
        while let Some(chore) = self.chores.join_next().await {
            if let Ok(Chore::Claimed {
                claimed: Ok(claimed),
                ..
            }) = chore
            {
                let fences: Vec<Fence> = claimed.iter().map(|claimed| claimed.fence).collect();
                gave_back |= !fences.is_empty();
                give_back(&*self.shared, &fences).await;
            }
        }
        self.shared.backlog.store(0, Ordering::Relaxed);
        if gave_back {
            self.shared.tell_others(None).await;
        }
        Remaining {
            shared: self.shared,
            leases: self.leases,
        }
    }
}

/// What a stopped engine still has: the leases of the deliveries that run.
pub(super) struct Remaining<S> {
    shared: Arc<Shared<S>>,
    leases: Leases,
}

impl<S: Store> Remaining<S> {
    /// Extends the leases until the last delivery has ended, or the limit of the shutdown has passed.
    pub(super) async fn keep(mut self, mut steps: mpsc::UnboundedReceiver<Step>) {
        let mut phase = self.shared.phase.subscribe();
        let third = self.shared.settings.lease / 3;
        let mut heartbeat = interval_at(Instant::now(), third);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                // The last sender is gone with the last delivery.
                step = steps.recv() => match step {
                    Some(Step::Left { fence, .. }) => self.leases.remove(fence),
                    Some(Step::Ran(_)) => {}
                    None => return,
                },
                () = is_overdue(&mut phase) => return,
                _ = heartbeat.tick() => self.extend().await,
            }
        }
    }

    async fn extend(&self) {
        let fences = self.leases.fences();
        if fences.is_empty() {
            return;
        }
        let length = self.shared.settings.lease;
        if let Err(why) = self.shared.store.extend(&fences, length).await {
            warn!(error = %why, "the outbox cannot extend its leases");
        }
    }
}

async fn is_overdue(phase: &mut watch::Receiver<Phase>) {
    // The sender lives as long as what is shared.
    let _ = phase.wait_for(|phase| *phase == Phase::Overdue).await;
}

/// Gives rows back to the store. If that fails, their leases lapse.
pub(super) async fn give_back<S: Store>(shared: &Shared<S>, fences: &[Fence]) {
    failpoint!(GivingBack);
    if let Err(why) = shared.store.release(fences).await {
        warn!(
            error = %why,
            deliveries = fences.len(),
            "the outbox cannot give deliveries back; others get them when their leases end"
        );
    }
    failpoint!(GaveBack);
}
