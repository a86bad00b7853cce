//! One delivery, from its call to its end.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use event_core::__private::{Attempt, SessionDelivery, Verdict};
use event_core::Dispatcher;
use event_core::dispatcher::DispatcherHandle;
use event_core::handler::HandlerInfo;
use tokio::sync::mpsc;
use tracing::{error, warn};
use uuid::Uuid;

use super::Step;
use super::complete::{Endings, Undone};
use crate::error::OutboxError;
use crate::shared::{Counts, HandedOver, Shared};
use crate::store::{Burial, Fence, Retry, Store, StoreErrorKind};
use crate::tx::Tx;

/// What a delivery needs.
pub(super) struct Delivering<S: Store> {
    pub(super) shared: Arc<Shared<S>>,
    pub(super) dispatcher: DispatcherHandle,
    pub(super) endings: Endings,
    pub(super) steps: mpsc::UnboundedSender<Step>,
}

/// Which delivery is made.
#[derive(Clone, Copy)]
struct Which {
    event: Uuid,
    handler: HandlerInfo,
    fence: Fence,
    attempt: u32,
}

impl Which {
    fn of(handed: &HandedOver) -> Self {
        Self {
            event: handed.delivery.event().meta().id(),
            handler: handed.delivery.handler().info(),
            fence: handed.fence,
            attempt: handed.attempt,
        }
    }

    fn handler_id(self) -> &'static str {
        self.handler.id().unwrap_or_default()
    }
}

/// Tells the engine that the lease of a delivery is kept no longer, also if its task panicked.
pub(super) struct Kept {
    fence: Fence,
    wait: Option<Duration>,
    steps: mpsc::UnboundedSender<Step>,
}

impl Kept {
    pub(super) fn new(fence: Fence, steps: &mpsc::UnboundedSender<Step>) -> Self {
        let steps = steps.clone();
        Self {
            fence,
            wait: None,
            steps,
        }
    }

    /// Ends a delivery that the store knows the end of, and that is due again after a wait.
    pub(super) fn end(mut self, wait: Option<Duration>) {
        self.wait = wait;
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let Self { fence, wait, .. } = *self;
        let _ = self.steps.send(Step::Left { fence, wait });
    }
}

/// Tells the engine that a handler has returned, also if its task was dropped.
struct Running {
    handler: &'static str,
    steps: mpsc::UnboundedSender<Step>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.steps.send(Step::Ran(self.handler));
    }
}

impl<S: Store> Delivering<S> {
    pub(super) async fn run(self, handed: HandedOver) {
        let which = Which::of(&handed);
        let fence = which.fence;
        let kept = Kept::new(fence, &self.steps);
        let running = Running {
            handler: which.handler_id(),
            steps: self.steps.clone(),
        };
        let wait = match self.dispatcher.get() {
            Ok(dispatcher) if handed.delivery.handler().takes_transaction() => {
                self.in_transaction(&dispatcher, handed, running).await
            }
            Ok(dispatcher) => self.plain(&dispatcher, handed, running).await,
            Err(_) => self.endings.undone(Undone::Release(fence)).await,
        };
        kept.end(wait);
    }

    /// Calls a handler whose completion is told together with others.
    async fn plain(
        &self,
        dispatcher: &Dispatcher,
        handed: HandedOver,
        running: Running,
    ) -> Option<Duration> {
        let which = Which::of(&handed);
        let Which { fence, attempt, .. } = which;
        let delivery = handed.delivery;
        failpoint!(Begun);
        let made = if delivery.handler().is_async() {
            delivery.run(dispatcher, attempt, None).await
        } else {
            let dispatcher = dispatcher.clone();
            let call = move || delivery.run_blocking(&dispatcher, attempt);
            tokio::task::spawn_blocking(call).await.ok().flatten()
        };
        drop(running);
        failpoint!(Handled);
        let Some(mut made) = made else {
            return self.endings.undone(Undone::Release(fence)).await;
        };
        if let Verdict::Failed { .. } = made.verdict {
            return self.failed(made, which).await;
        }
        if made.has_durable() {
            return self.with_events(&mut made, which).await.finish(made).await;
        }
        if self.endings.done(fence).await {
            made.finish().await;
        }
        None
    }

    /// Calls a handler that is lent the transaction that completes its delivery.
    async fn in_transaction(
        &self,
        dispatcher: &Dispatcher,
        handed: HandedOver,
        running: Running,
    ) -> Option<Duration> {
        let which = Which::of(&handed);
        let Which { fence, attempt, .. } = which;
        let mut delivery = handed.delivery;
        let mut tx = match Tx::begin(&self.shared).await {
            Ok(tx) => tx,
            Err(why) => {
                drop(running);
                let tracked = delivery.take_session();
                return self.database_failed(&why.into(), which, tracked).await;
            }
        };
        let lent: &mut (dyn Any + Send) = &mut tx;
        let Some(mut made) = delivery.run(dispatcher, attempt, Some(lent)).await else {
            drop(running);
            return self.endings.undone(Undone::Release(fence)).await;
        };
        if let Verdict::Failed { .. } = made.verdict {
            let _ = tx.rollback().await;
            drop(running);
            return self.failed(made, which).await;
        }
        failpoint!(HandledInTransaction);
        let committed = self.commit(tx, &mut made, fence).await;
        failpoint!(CommittedWithCompletion);
        drop(running);
        self.committed(committed, &mut made, which)
            .await
            .finish(made)
            .await
    }

    /// Stores the events that a handler returned, in the transaction that completes its delivery.
    async fn with_events(&self, made: &mut Attempt, which: Which) -> End {
        let committed = match Tx::begin(&self.shared).await {
            Ok(tx) => self.commit(tx, made, which.fence).await,
            Err(why) => Err(why.into()),
        };
        self.committed(committed, made, which).await
    }

    async fn commit(
        &self,
        mut tx: Tx<S>,
        made: &mut Attempt,
        fence: Fence,
    ) -> Result<(), OutboxError> {
        tx.push_all(made)?;
        tx.check(&self.shared.dispatcher()?).await?;
        tx.commit_with(Some(fence)).await?;
        Ok(())
    }

    /// Ends a delivery whose transaction was committed, or not.
    async fn committed(
        &self,
        committed: Result<(), OutboxError>,
        made: &mut Attempt,
        which: Which,
    ) -> End {
        match committed {
            Ok(()) => {
                Counts::add(&self.shared.counts.done, 1);
                End::Committed
            }
            Err(OutboxError::TakenOver) => {
                Counts::add(&self.shared.counts.stale, 1);
                End::Dropped(None)
            }
            Err(why) => {
                let tracked = made.take_session();
                End::Dropped(self.database_failed(&why, which, tracked).await)
            }
        }
    }

    /// Ends an attempt whose handler failed.
    async fn failed(&self, mut made: Attempt, which: Which) -> Option<Duration> {
        let Verdict::Failed { retry, error } = &made.verdict else {
            return None;
        };
        let (retry, error) = (*retry, error.clone());
        let wait = match retry {
            Some(wait) => {
                let tracked = made.take_session();
                self.retry(which, wait, error, tracked).await
            }
            None => self.bury(which.fence, error).await,
        };
        made.finish().await;
        wait
    }

    /// Ends an attempt whose transaction failed, and not its handler.
    async fn database_failed(
        &self,
        why: &OutboxError,
        which: Which,
        tracked: Option<SessionDelivery>,
    ) -> Option<Duration> {
        let Which {
            handler: info,
            fence,
            attempt,
            ..
        } = which;
        let is_passing = match why {
            OutboxError::Store(why) => {
                matches!(
                    why.kind(),
                    StoreErrorKind::Busy | StoreErrorKind::Unavailable | StoreErrorKind::Full
                )
            }
            OutboxError::NoDispatcher => return self.endings.undone(Undone::Release(fence)).await,
            _ => false,
        };
        let policy = info.retry().unwrap_or_default();
        let error = why.to_string();
        if is_passing || attempt < policy.attempts() {
            warn!(handler = %info, error, "the transaction of a delivery failed");
            let wait = policy.backoff(attempt);
            return self.retry(which, wait, error, tracked).await;
        }
        error!(handler = %info, error, "the transaction of a delivery failed for the last time");
        let wait = self.bury(fence, error).await;
        drop(tracked);
        wait
    }

    /// Gives a delivery back for another attempt, which a session that tracks goes on to wait for.
    async fn retry(
        &self,
        which: Which,
        wait: Duration,
        error: String,
        tracked: Option<SessionDelivery>,
    ) -> Option<Duration> {
        if let Some(tracked) = tracked {
            let waiting = &self.shared.waiting;
            waiting.keep(which.event, which.handler_id(), tracked);
        }
        let fence = which.fence;
        let retry = Retry { fence, wait, error };
        self.endings.undone(Undone::Retry(retry)).await
    }

    /// Makes a dead letter of a delivery; returns when the store has it.
    async fn bury(&self, fence: Fence, cause: String) -> Option<Duration> {
        let burial = Burial {
            fence,
            reason: "failed".into(),
            cause,
        };
        self.endings.undone(Undone::Bury(burial)).await
    }
}

/// How a delivery with a transaction of its own ended.
enum End {
    Committed,
    /// It is made again, after a wait or by another process.
    Dropped(Option<Duration>),
}

impl End {
    async fn finish(self, made: Attempt) -> Option<Duration> {
        match self {
            Self::Committed => {
                made.finish().await;
                None
            }
            Self::Dropped(wait) => wait,
        }
    }
}
