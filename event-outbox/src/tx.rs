//! A transaction that emits events.

use std::any::Any;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::sync::Arc;
use std::time::SystemTime;

use event_core::__private::{Attempt, TransactionalDelivery, TransactionalEvent, Verdict};
use event_core::event::DurableEvent;
use event_core::handler::DeliveryKind;
use event_core::{Dispatcher, Report};
use sqlx::{Database, Transaction};
use tokio::time::Instant;
use uuid::Uuid;

use crate::emitted::{Emitted, Target, new_deliveries};
use crate::error::OutboxError;
use crate::pending::Pending;
use crate::savepoint::Savepoint;
use crate::shared::Shared;
use crate::store::{Due, Fence, Inserted, Store, StoreError};
use crate::waiting::Storing;

/// How often handlers before the commit may emit events that such handlers handle.
const ROUNDS: usize = 64;

pub(crate) type Connection<S> = <<S as Store>::Database as Database>::Connection;

/// A transaction that emits durable events together with the data that they are about.
///
/// [`Outbox::begin`](crate::Outbox::begin) returns it, and a handler that takes `&mut Tx` is lent the transaction that
/// completes its delivery. Statements are executed on its [`connection`](Self::connection); it derefs to sqlx's
/// `Transaction`, too.
///
/// Dropped without [`commit`](Self::commit), it is rolled back, and none of its events is stored or handled.
pub struct Tx<S: Store> {
    transaction: Transaction<'static, S::Database>,
    events: Vec<Emitted>,
    /// The calls of handlers before the commit, with what they caused.
    checked: Vec<Attempt>,
    shared: Arc<Shared<S>>,
}

/// What a commit did.
#[derive(Debug)]
pub struct Committed {
    reports: Vec<Report>,
    deliveries: usize,
}

impl Committed {
    /// Returns the reports of the handlers that are not durable, one for each event, in the order of the events.
    /// An event that is due later has none.
    #[must_use]
    pub fn reports(&self) -> &[Report] {
        &self.reports
    }

    /// Returns how many deliveries were stored.
    #[must_use]
    pub fn deliveries(&self) -> usize {
        self.deliveries
    }
}

impl<S: Store> Tx<S> {
    pub(crate) async fn begin(shared: &Arc<Shared<S>>) -> Result<Self, StoreError> {
        Ok(Self {
            transaction: shared.store.begin().await?,
            events: Vec::new(),
            checked: Vec::new(),
            shared: Arc::clone(shared),
        })
    }

    /// Returns the connection that the transaction's statements are executed on.
    pub fn connection(&mut self) -> &mut Connection<S> {
        &mut self.transaction
    }

    /// Emits an event: [`commit`](Self::commit) stores it for its durable handlers, which run after that, and calls
    /// its other handlers. Returns the event's id.
    ///
    /// # Errors
    ///
    /// The outbox has no dispatcher, the dispatcher is closed, or the event cannot be written. Nothing was emitted, and
    /// the transaction goes on.
    #[track_caller]
    pub fn emit<E: DurableEvent>(&mut self, event: E) -> Result<Uuid, OutboxError> {
        self.emit_due(event, Due::Now)
    }

    /// Emits an event whose durable handlers run from a time on, by the clock of the database. Its other handlers are
    /// not called, and its key orders nothing. Returns the event's id, with which
    /// [`Outbox::cancel`](crate::Outbox::cancel) takes it back.
    ///
    /// # Errors
    ///
    /// As [`emit`](Self::emit).
    #[track_caller]
    pub fn emit_at<E: DurableEvent>(
        &mut self,
        event: E,
        time: SystemTime,
    ) -> Result<Uuid, OutboxError> {
        self.emit_due(event, Due::At(time))
    }

    #[track_caller]
    fn emit_due<E: DurableEvent>(&mut self, event: E, due: Due) -> Result<Uuid, OutboxError> {
        let emitted = Emitted::of(&self.shared, event, due, Location::caller())?;
        let id = emitted.event.meta().id();
        self.events.push(emitted);
        Ok(id)
    }

    pub(crate) fn push(&mut self, emitted: Emitted) {
        self.events.push(emitted);
    }

    /// Begins a savepoint: what is written and emitted in it is taken back if it is dropped.
    ///
    /// # Errors
    ///
    /// The database refused.
    pub async fn savepoint(&mut self) -> Result<Savepoint<'_, S>, OutboxError> {
        Savepoint::begin(&mut self.transaction, &mut self.events, &self.shared).await
    }

    /// Calls the handlers before the commit, stores the events for their durable handlers, and commits. Then hands the
    /// deliveries over, and calls the handlers that are not durable, as an emit does.
    ///
    /// # Errors
    ///
    /// A handler before the commit failed, or the database did. The transaction is rolled back, unless the connection
    /// was lost during the commit; see [`OutboxError::Store`].
    ///
    /// # Cancellation
    ///
    /// Dropped before the commit, the future leaves the transaction rolled back. Dropped during it, the transaction is
    /// committed or not; the durable deliveries are made if it is, and the other handlers may not be called.
    pub async fn commit(mut self) -> Result<Committed, OutboxError> {
        if self.events.is_empty() {
            return self.commit_with(None).await;
        }
        let dispatcher = self.shared.dispatcher()?;
        self.check(&dispatcher).await?;
        self.commit_with(None).await
    }

    /// Returns the events that were emitted so far, with the durable handlers that a [`commit`](Self::commit) would
    /// store them for: for a test, which then drops the transaction. Calls the filters of handlers, and nothing else:
    /// what handlers before the commit emit is not among the events, since the commit calls those.
    ///
    /// # Errors
    ///
    /// The outbox has no dispatcher, or a filter panicked.
    pub fn pending(&self) -> Result<Pending, OutboxError> {
        Pending::of_events(&self.shared.dispatcher()?, &self.events)
    }

    /// Takes back what was written and emitted.
    ///
    /// # Errors
    ///
    /// The connection was lost; the database rolls back by itself then.
    pub async fn rollback(self) -> Result<(), OutboxError> {
        let rolled_back = self.transaction.rollback().await;
        rolled_back.map_err(|error| StoreError::sql("roll back the transaction", error).into())
    }

    /// Calls the handlers before the commit, until there is no event that they have not seen.
    pub(crate) async fn check(&mut self, dispatcher: &Dispatcher) -> Result<(), OutboxError> {
        for _ in 0..ROUNDS {
            let unchecked = self.events.iter_mut().filter(|emitted| !emitted.is_checked);
            let unchecked: Vec<TransactionalEvent> = unchecked
                .map(|emitted| {
                    emitted.is_checked = true;
                    emitted.event.clone()
                })
                .collect();
            if unchecked.is_empty() {
                return Ok(());
            }
            for event in unchecked {
                for handler in event.handlers(dispatcher, DeliveryKind::BeforeCommit)? {
                    self.call(dispatcher, event.delivery(handler)).await?;
                }
            }
        }
        Err(OutboxError::TooManyRounds { rounds: ROUNDS })
    }

    /// Calls a handler before the commit.
    async fn call(
        &mut self,
        dispatcher: &Dispatcher,
        delivery: TransactionalDelivery,
    ) -> Result<(), OutboxError> {
        let attempt = if delivery.handler().is_async() {
            let lent: &mut (dyn Any + Send) = self;
            delivery.run(dispatcher, 1, Some(lent)).await
        } else {
            delivery.run_blocking(dispatcher, 1)
        };
        let Some(mut attempt) = attempt else {
            return Err(OutboxError::NoDispatcher);
        };
        if let Verdict::Failed { error, .. } = &attempt.verdict {
            let cause = error.clone();
            attempt.finish().await;
            return Err(OutboxError::BeforeCommit { cause });
        }
        self.push_all(&mut attempt)?;
        self.checked.push(attempt);
        Ok(())
    }

    /// Emits the durable events that a handler returned.
    pub(crate) fn push_all(&mut self, attempt: &mut Attempt) -> Result<(), OutboxError> {
        for event in attempt.take_durable() {
            self.events
                .push(Emitted::new(&self.shared, event, Due::Now)?);
        }
        Ok(())
    }

    /// Stores the events, completes a delivery if one is named, commits, and hands over.
    pub(crate) async fn commit_with(
        self,
        completes: Option<Fence>,
    ) -> Result<Committed, OutboxError> {
        let Self {
            mut transaction,
            events,
            checked,
            shared,
        } = self;
        let dispatcher = if events.is_empty() {
            None
        } else {
            Some(shared.dispatcher()?)
        };
        let mut stored = Stored::of(Vec::new(), Vec::new(), Storing::default(), Instant::now());
        if let Some(dispatcher) = &dispatcher {
            stored = Stored::insert(&shared, dispatcher, &mut transaction, &events).await?;
            failpoint!(Inserted);
        }
        if let Some(fence) = completes {
            if !shared.store.complete_in(&mut transaction, fence).await? {
                return Err(OutboxError::TakenOver);
            }
            failpoint!(CompletedInTransaction);
        }
        if let Err(error) = transaction.commit().await {
            shared.release_later(stored.leased());
            return Err(StoreError::sql("commit the transaction", error).into());
        }
        failpoint!(Committed);
        let deliveries = stored.inserted.len();
        stored.hand_over(&shared);
        failpoint!(HandedOver);
        let mut reports = Vec::new();
        if let Some(dispatcher) = &dispatcher {
            let now = events.iter().filter(|emitted| emitted.due == Due::Now);
            reports.extend(now.map(|emitted| emitted.event.emit_committed(dispatcher)));
        }
        for attempt in checked {
            attempt.finish().await;
        }
        Ok(Committed {
            reports,
            deliveries,
        })
    }
}

/// Deliveries that a transaction has stored, before and after its commit.
pub(crate) struct Stored {
    inserted: Vec<Inserted>,
    targets: Vec<Target>,
    storing: Storing,
    /// When the store was asked for the leases.
    asked_at: Instant,
}

impl Stored {
    async fn insert<S: Store>(
        shared: &Shared<S>,
        dispatcher: &Dispatcher,
        connection: &mut Connection<S>,
        events: &[Emitted],
    ) -> Result<Self, OutboxError> {
        let (deliveries, targets) = new_deliveries(dispatcher, events)?;
        let storing = shared.storing(&targets);
        let mut inserted = Vec::new();
        let asked_at = Instant::now();
        if !deliveries.is_empty() {
            let lease = shared.lease_for(deliveries.len());
            inserted = shared
                .store
                .insert_in(connection, lease, &deliveries)
                .await?;
        }
        Ok(Self::of(inserted, targets, storing, asked_at))
    }

    pub(crate) fn of(
        inserted: Vec<Inserted>,
        targets: Vec<Target>,
        storing: Storing,
        asked_at: Instant,
    ) -> Self {
        Self {
            inserted,
            targets,
            storing,
            asked_at,
        }
    }

    fn leased(&self) -> Vec<Fence> {
        self.inserted.iter().filter_map(fence_of).collect()
    }

    /// Hands leased deliveries over to the engine, and lets it look for the others.
    pub(crate) fn hand_over<S: Store>(self, shared: &Arc<Shared<S>>) {
        let (mut others, mut later) = (false, false);
        for (inserted, target) in self.inserted.iter().zip(self.targets) {
            let (event, handler) = target.key();
            match inserted {
                Inserted::Leased(fence) => {
                    let tracked = shared.waiting.take(event, handler);
                    let delivery = target.event.delivery_in(target.handler, tracked);
                    shared.hand_over(delivery, *fence, self.asked_at);
                }
                Inserted::Waiting(_) if matches!(target.due, Due::At(_)) => later = true,
                Inserted::Waiting(_) => others = true,
                Inserted::Duplicate => drop(shared.waiting.take(event, handler)),
            }
        }
        self.storing.committed();
        if later {
            shared.look_ahead();
        }
        if others {
            shared.announce();
        }
    }
}

fn fence_of(inserted: &Inserted) -> Option<Fence> {
    match inserted {
        Inserted::Leased(fence) => Some(*fence),
        Inserted::Waiting(_) | Inserted::Duplicate => None,
    }
}

impl<S: Store> Deref for Tx<S> {
    type Target = Transaction<'static, S::Database>;

    fn deref(&self) -> &Self::Target {
        &self.transaction
    }
}

impl<S: Store> DerefMut for Tx<S> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.transaction
    }
}

impl<S: Store> fmt::Debug for Tx<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx")
            .field("events", &self.events.len())
            .finish_non_exhaustive()
    }
}
