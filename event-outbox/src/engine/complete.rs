//! Tells the store how deliveries ended, many at a time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};
use tracing::warn;

use crate::shared::{Counts, Shared};
use crate::store::{Burial, Fence, Retry, Store, StoreError};

/// How many endings are told at once.
const BATCH: usize = 500;

/// How long an ending waits for others to be told with it, if the store was told of some just before.
const LINGER: Duration = Duration::from_millis(10);

/// How often the store is asked again before an ending is left to the lease.
const TRIES: u32 = 8;

/// How a delivery ended that is not done.
pub(super) enum Undone {
    /// It is tried again.
    Retry(Retry),
    /// It is a dead letter.
    Bury(Burial),
    /// It was not made, and is due at once.
    Release(Fence),
}

impl Undone {
    pub(super) fn fence(&self) -> Fence {
        match self {
            Self::Retry(retry) => retry.fence,
            Self::Bury(burial) => burial.fence,
            Self::Release(fence) => *fence,
        }
    }

    fn wait(&self) -> Option<Duration> {
        match self {
            Self::Retry(retry) => Some(retry.wait),
            Self::Bury(_) | Self::Release(_) => None,
        }
    }
}

/// The end of a delivery, and whom to tell when the store knows it.
enum Ending {
    Done {
        fence: Fence,
        told: oneshot::Sender<bool>,
    },
    Undone {
        undone: Undone,
        /// Dropped.
        told: oneshot::Sender<()>,
    },
}

/// Takes what the store is to be told.
#[derive(Clone)]
pub(super) struct Endings(mpsc::Sender<Ending>);

impl Endings {
    /// Ends a delivery that is done; returns whether it still was this process's when the store was told.
    pub(super) async fn done(&self, fence: Fence) -> bool {
        let (told, is_told) = oneshot::channel();
        let _ = self.0.send(Ending::Done { fence, told }).await;
        is_told.await.unwrap_or(false)
    }

    /// Ends a delivery that is not done; returns after how long it is due again, when the store has been told.
    pub(super) async fn undone(&self, undone: Undone) -> Option<Duration> {
        let wait = undone.wait();
        let (told, is_told) = oneshot::channel();
        let _ = self.0.send(Ending::Undone { undone, told }).await;
        let _ = is_told.await;
        wait
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
    releases: Vec<Fence>,
    told: Vec<oneshot::Sender<()>>,
}

impl Batch {
    fn add(&mut self, ending: Ending) {
        match ending {
            Ending::Done { fence, told } => {
                self.done.insert(fence, told);
            }
            Ending::Undone { undone, told } => {
                match undone {
                    Undone::Retry(retry) => self.retries.push(retry),
                    Undone::Bury(burial) => self.burials.push(burial),
                    Undone::Release(fence) => self.releases.push(fence),
                }
                self.told.push(told);
            }
        }
    }
}

impl<S: Store> Completer<S> {
    pub(super) fn new(shared: &Arc<Shared<S>>) -> (Endings, Self) {
        let (sender, endings) = mpsc::channel(BATCH * 8);
        let shared = Arc::clone(shared);
        (Endings(sender), Self { shared, endings })
    }

    /// Tells endings until there is nobody left who could end a delivery.
    pub(super) async fn run(mut self) {
        let mut endings = Vec::new();
        let mut linger_until = Instant::now();
        while self.endings.recv_many(&mut endings, BATCH).await > 0 {
            self.wait_for_others(&mut endings, linger_until).await;
            let mut batch = Batch::default();
            for ending in endings.drain(..) {
                batch.add(ending);
            }
            self.tell(batch).await;
            linger_until = Instant::now() + LINGER;
        }
    }

    /// Takes more endings until a time, or until there are enough.
    async fn wait_for_others(&mut self, endings: &mut Vec<Ending>, until: Instant) {
        while endings.len() < BATCH {
            let room = BATCH - endings.len();
            match timeout_at(until, self.endings.recv_many(endings, room)).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }

    async fn tell(&self, batch: Batch) {
        let store = &self.shared.store;
        let counts = &self.shared.counts;
        let Batch {
            done,
            retries,
            burials,
            releases,
            told: waiting,
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
        }
        if !releases.is_empty() {
            let _ = insist(|| store.release(&releases)).await;
        }
        drop(waiting);
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
