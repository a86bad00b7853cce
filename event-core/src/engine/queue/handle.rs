//! The public handle of a queue.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use crate::engine::queue::live::LiveQueue;
use crate::queue::{Declared, Overflow, QueueSettings};
use crate::report::status::{DeliveryStatus, SkipReason};

/// One queue of one dispatcher: from [`Dispatcher::queue`](crate::Dispatcher::queue).
#[derive(Clone)]
pub struct QueueHandle {
    pub(crate) queue: Arc<LiveQueue>,
    declared: &'static Declared,
}

/// How many deliveries of a queue wait, run and have ended.
///
/// [`offered`](Self::offered) is the sum of `depth`, `running`, `done`, `failed`, `skipped`, `dropped`,
/// `rejected` and `abandoned`. While other threads emit or end deliveries, a delivery may be counted in two places for a
/// moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueCounts {
    /// Deliveries that wait.
    pub depth: usize,
    /// The most deliveries that ever waited at once.
    pub high_water: usize,
    /// Deliveries that run; after a shutdown that ran out of time also the deliveries that a thread still
    /// runs, which the shutdown counts as abandoned.
    pub running: usize,
    /// Deliveries that the queue was offered, accepted or not.
    pub offered: u64,
    /// Deliveries whose handler ran and did not fail.
    pub done: u64,
    /// Deliveries whose handler failed, panicked or timed out.
    pub failed: u64,
    /// Deliveries that the queue did not run, since their [subscription](crate::dispatcher::SubscriptionBuilder::queue)
    /// was cancelled, or lost a target, while they waited.
    pub skipped: u64,
    /// Deliveries that the queue dropped because it was full.
    pub dropped: u64,
    /// Deliveries that the queue did not accept, since it was full or closed.
    pub rejected: u64,
    /// Deliveries that were abandoned: no consumer runs them to their end.
    pub abandoned: u64,
    /// How often an emitter had to wait for capacity.
    pub waits: u64,
}

impl QueueCounts {
    /// How many deliveries have ended, with any status.
    #[must_use]
    pub fn ended(&self) -> u64 {
        self.done + self.failed + self.skipped + self.dropped + self.rejected + self.abandoned
    }
}

impl QueueHandle {
    pub(crate) fn new(queue: &Arc<LiveQueue>, declared: &'static Declared) -> Self {
        Self {
            queue: Arc::clone(queue),
            declared,
        }
    }

    /// The queue's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.declared.name
    }

    /// How many deliveries may wait, in this dispatcher.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.settings().capacity
    }

    /// How many deliveries may run at once, in this dispatcher.
    #[must_use]
    pub fn consumers(&self) -> usize {
        self.settings().consumers
    }

    /// What happens in this dispatcher to a delivery that finds the queue full.
    #[must_use]
    pub fn overflow(&self) -> Overflow {
        self.settings().overflow
    }

    fn settings(&self) -> QueueSettings {
        self.queue.settings
    }

    /// How many deliveries wait, run and have ended.
    #[must_use]
    pub fn counts(&self) -> QueueCounts {
        let queue = &self.queue;
        let skipped = queue.not_done(DeliveryStatus::Skipped(SkipReason::Cancelled));
        let failed = [
            DeliveryStatus::Failed,
            DeliveryStatus::Panicked,
            DeliveryStatus::TimedOut,
        ];
        let failed: u64 = failed.into_iter().map(|ended| queue.not_done(ended)).sum();
        let abandoned = queue.not_done(DeliveryStatus::Abandoned);
        let rejected = queue.not_done(DeliveryStatus::Rejected);
        let dropped = queue.not_done(DeliveryStatus::Dropped);
        let counts = queue.buffer.counts();
        let not_done = failed + skipped + queue.abandoned_running();
        QueueCounts {
            depth: counts.depth,
            high_water: counts.high_water,
            running: counts.running,
            offered: counts.offered
                + rejected
                + dropped.saturating_sub(counts.displaced)
                + abandoned.saturating_sub(queue.abandoned_running() + counts.cleared),
            done: counts.finished.saturating_sub(not_done),
            failed,
            skipped,
            dropped,
            rejected,
            abandoned,
            waits: queue.waits(),
        }
    }

    /// When the event was emitted whose delivery waits longest, by the dispatcher's
    /// [`Clock`](crate::meta::Clock). `None` if nothing waits, or if the dispatcher did not stamp the event:
    /// no handler takes a [`Meta`](crate::Meta), and there is no observer.
    #[must_use]
    pub fn oldest(&self) -> Option<SystemTime> {
        self.queue
            .buffer
            .oldest(|item| Some(item.event.lineage().meta.as_ref()?.time()))?
    }

    /// Lets no further delivery start. Running deliveries continue, and more may be queued. All pauses end
    /// when the dispatcher is shut down or its last clone is dropped.
    pub fn pause(&self) {
        self.queue.set_paused(true);
    }

    /// Lets deliveries start again.
    pub fn resume(&self) {
        self.queue.set_paused(false);
    }

    /// Waits until no delivery of the queue waits or runs: all deliveries that were queued have ended, and
    /// what they caused was handed over.
    pub async fn join(&self) {
        self.queue.buffer.quiet().await;
    }

    /// Blocks the thread until no delivery of the queue waits or runs, as [`join`](Self::join) does, but no
    /// longer than `limit`. Returns `false` if the time was over first.
    #[must_use = "it tells whether the queue is empty"]
    pub fn join_blocking(&self, limit: Duration) -> bool {
        let deadline = Instant::now().checked_add(limit);
        self.queue.buffer.quiet_blocking(deadline)
    }
}

impl fmt::Debug for QueueHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueueHandle")
            .field("name", &self.name())
            .field("counts", &self.counts())
            .finish()
    }
}
