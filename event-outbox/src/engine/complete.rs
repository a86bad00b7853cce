//! Tells the store how deliveries ended, many at a time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tracing::warn;

use crate::shared::{Counts, Shared};
use crate::store::{Burial, Fence, Retry, Store, StoreError};

/// How many endings are told at once.
const BATCH: usize = 500;

/// How often the store is asked again before an ending is left to the lease.
const TRIES: u32 = 8;

/// How a delivery ended.
pub(super) enum Ending {
    Done {
        fence: Fence,
        /// Told whether the delivery still was this process's.
        told: oneshot::Sender<bool>,
    },
    Retry {
        retry: Retry,
    },
    Bury {
        burial: Burial,
        /// Dropped when the store has been told.
        told: oneshot::Sender<()>,
    },
    /// It was not made, and is due at once.
    Release {
        fence: Fence,
    },
}

impl Ending {
    pub(super) fn fence(&self) -> Fence {
        match self {
            Self::Done { fence, .. } | Self::Release { fence } => *fence,
            Self::Retry { retry } => retry.fence,
            Self::Bury { burial, .. } => burial.fence,
        }
    }

    pub(super) fn wait(&self) -> Option<Duration> {
        match self {
            Self::Retry { retry } => Some(retry.wait),
            Self::Done { .. } | Self::Bury { .. } | Self::Release { .. } => None,
        }
    }
}

/// Tells the store how deliveries ended.
pub(super) struct Completer<S> {
    shared: Arc<Shared<S>>,
    endings: mpsc::Receiver<Ending>,
}

/// Endings of each kind.
#[derive(Default)]
struct Batch {
    done: BTreeMap<Fence, oneshot::Sender<bool>>,
    retries: Vec<Retry>,
    burials: Vec<Burial>,
    buried: Vec<oneshot::Sender<()>>,
    releases: Vec<Fence>,
}

impl<S: Store> Completer<S> {
    pub(super) fn new(shared: &Arc<Shared<S>>) -> (mpsc::Sender<Ending>, Self) {
        let (sender, endings) = mpsc::channel(BATCH * 8);
        let shared = Arc::clone(shared);
        (sender, Self { shared, endings })
    }

    /// Tells endings until there is nobody left who could end a delivery.
    pub(super) async fn run(mut self) {
        let mut endings = Vec::new();
        while self.endings.recv_many(&mut endings, BATCH).await > 0 {
            let mut batch = Batch::default();
            for ending in endings.drain(..) {
                match ending {
                    Ending::Done { fence, told } => {
                        batch.done.insert(fence, told);
                    }
                    Ending::Retry { retry } => batch.retries.push(retry),
                    Ending::Bury { burial, told } => {
                        batch.burials.push(burial);
                        batch.buried.push(told);
                    }
                    Ending::Release { fence } => batch.releases.push(fence),
                }
            }
            self.tell(batch).await;
        }
    }

    async fn tell(&self, batch: Batch) {
        let store = &self.shared.store;
        let counts = &self.shared.counts;
        let Batch {
            done,
            retries,
            burials,
            buried,
            releases,
        } = batch;
        if !done.is_empty() {
            let fences: Vec<Fence> = done.keys().copied().collect();
            failpoint!(Completing);
            let completed = insist(|| store.complete(&fences)).await.unwrap_or_default();
            failpoint!(Completed);
            Counts::add(&counts.done, completed.len());
            Counts::add(&counts.stale, fences.len() - completed.len());
            let mut done = done;
            for fence in completed {
                if let Some(told) = done.remove(&fence) {
                    let _ = told.send(true);
                }
            }
        }
        if !retries.is_empty() {
            failpoint!(Retrying);
            let told = insist(|| store.retry(&retries)).await.unwrap_or_default();
            failpoint!(Retried);
            Counts::add(&counts.retried, told.len());
            Counts::add(&counts.stale, retries.len() - told.len());
        }
        if !burials.is_empty() {
            failpoint!(Burying);
            let told = insist(|| store.bury(&burials)).await.unwrap_or_default();
            failpoint!(Buried);
            Counts::add(&counts.dead, told.len());
            Counts::add(&counts.stale, burials.len() - told.len());
            drop(buried);
        }
        if !releases.is_empty() {
            let _ = insist(|| store.release(&releases)).await;
        }
    }
}

/// Asks the store several times. What it does not take is made again when its lease has ended.
async fn insist<T, F>(mut ask: impl FnMut() -> F) -> Option<T>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let mut wait = Duration::from_millis(20);
    for _ in 1..TRIES {
        match ask().await {
            Ok(told) => return Some(told),
            Err(why) => {
                warn!(error = %why, "the outbox cannot tell its store how deliveries ended");
            }
        }
        tokio::time::sleep(wait).await;
        wait *= 2;
    }
    ask().await.ok()
}
