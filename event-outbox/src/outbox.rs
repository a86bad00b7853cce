//! The outbox: opened on a store, given to a dispatcher, and used to emit.

use std::any::{TypeId, type_name};
use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use event_core::__private::{HandlerOf, durable_handlers};
use event_core::dispatcher::DispatcherHandle;
use event_core::event::DurableEvent;
use event_core::handler::HandlerInfo;
use event_core::wire::Codec;
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use crate::caller::CallerTransaction;
use crate::emitted::{Emitted, new_deliveries};
use crate::engine;
use crate::error::OutboxError;
use crate::settings::Settings;
use crate::shared::{Phase, Shared};
use crate::store::{Cancelled, Due, HandlerStatus, Health, Owner, Store};
use crate::tx::{Stored, Tx};
use crate::uncommitted::Uncommitted;

/// Stores durable events in the transactions that make them true, and makes their deliveries.
///
/// It is opened on a store, given to the dispatcher's builder, and begins to work when the dispatcher is built. Its
/// clones share one outbox. See [`sqlite`](crate::sqlite) for a whole program.
pub struct Outbox<S: Store> {
    shared: Arc<Shared<S>>,
}

impl<S: Store> Outbox<S> {
    /// Opens an outbox on a store: makes the tables, unless the settings say otherwise, and registers this process.
    ///
    /// # Errors
    ///
    /// The store refused, or the source of the settings is no URI reference.
    pub async fn open_on(store: S, settings: Settings) -> Result<Self, OutboxError> {
        let codec = Codec::new(&settings.source)?.size_limit(settings.size_limit);
        if settings.migrates {
            store.migrate().await?;
            failpoint!(Migrated);
        }
        let owner = Owner::new();
        store.register(owner).await?;
        failpoint!(Registered);
        let shared = Arc::new(Shared::new(store, codec, settings, owner));
        Ok(Self { shared })
    }

    /// Begins a transaction, in which data is written and events are emitted.
    ///
    /// # Errors
    ///
    /// The database refused.
    pub async fn begin(&self) -> Result<Tx<S>, OutboxError> {
        Ok(Tx::begin(&self.shared).await?)
    }

    /// Emits an event in a transaction of its own. Returns its id. SQLite writes what is emitted at the same moment in
    /// one transaction, so that many emitters wait for one write.
    ///
    /// # Errors
    ///
    /// As [`Tx::emit`] and [`Tx::commit`].
    #[track_caller]
    pub fn emit<E: DurableEvent>(
        &self,
        event: E,
    ) -> impl Future<Output = Result<Uuid, OutboxError>> {
        self.emit_due(event, Due::Now, Location::caller())
    }

    /// Emits an event in a transaction of its own, whose durable handlers run from a time on; see [`Tx::emit_at`].
    ///
    /// # Errors
    ///
    /// As [`Tx::emit`] and [`Tx::commit`].
    #[track_caller]
    pub fn emit_at<E: DurableEvent>(
        &self,
        event: E,
        time: SystemTime,
    ) -> impl Future<Output = Result<Uuid, OutboxError>> {
        self.emit_due(event, Due::At(time), Location::caller())
    }

    async fn emit_due<E: DurableEvent>(
        &self,
        event: E,
        due: Due,
        at: &'static Location<'static>,
    ) -> Result<Uuid, OutboxError> {
        use event_core::handler::DeliveryKind;

        let shared = &self.shared;
        let dispatcher = shared.dispatcher()?;
        let emitted = Emitted::of(shared, event, due, at)?;
        let id = emitted.event.meta().id();
        if !emitted
            .event
            .handlers(&dispatcher, DeliveryKind::BeforeCommit)?
            .is_empty()
        {
            // Such a handler needs a transaction.
            let mut tx = self.begin().await?;
            tx.push(emitted);
            tx.commit().await?;
            return Ok(id);
        }
        let events = [emitted];
        let (deliveries, targets) = new_deliveries(&dispatcher, &events)?;
        if !deliveries.is_empty() {
            let lease = shared.lease_for(deliveries.len());
            let storing = shared.storing(&targets);
            let asked_at = Instant::now();
            let inserted = shared.store.insert(lease, deliveries).await?;
            failpoint!(InsertedAlone);
            Stored::of(inserted, targets, storing, asked_at).hand_over(shared);
        }
        if due == Due::Now {
            let [emitted] = &events;
            emitted.event.emit_committed(&dispatcher);
        }
        Ok(id)
    }

    /// Emits an event in a transaction that the caller began, and will commit: `&mut transaction` of sqlx, or, with
    /// the feature `sea-orm`, `&transaction` of SeaORM 2. The event is stored now; its durable handlers run after the
    /// commit, and not at all if the transaction, or the savepoint around the emit, is rolled back. Call
    /// [`committed`](Uncommitted::committed) after the commit: it calls the handlers that are not durable, and lets the
    /// durable ones run at once and not at the next poll.
    ///
    /// Handlers before the commit are not called: they need a [`Tx`].
    ///
    /// On SQLite, a transaction that reads before it writes can find that another has written meanwhile. One that is
    /// begun with `BEGIN IMMEDIATE` (`SqliteTransactionMode::Immediate` of SeaORM) waits for its turn instead.
    ///
    /// # Examples
    ///
    /// In a transaction of SeaORM:
    ///
    /// ```standalone_crate
    /// # #[cfg(all(feature = "sea-orm", feature = "sqlite"))]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use event_core::{Dispatcher, Event};
    /// use event_outbox::sqlite::Outbox;
    /// use sea_orm::{ConnectionTrait, Database, TransactionTrait};
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Event, Serialize, Deserialize)]
    /// #[event(name = "shop.order_placed", durable)]
    /// struct OrderPlaced { order_id: i64 }
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let file = folder.path().join("shop.db");
    /// let outbox = Outbox::open(&file).await?;
    /// let dispatcher = Dispatcher::builder().outbox(&outbox).build()?;
    /// let database = Database::connect(format!("sqlite://{}", file.display())).await?;
    ///
    /// let transaction = database.begin().await?;
    /// transaction.execute_unprepared("CREATE TABLE orders (id)").await?;
    /// let emitted = outbox.emit_in(&transaction, OrderPlaced { order_id: 7 }).await?;
    /// transaction.commit().await?;
    /// emitted.committed()?; // the handlers run now; without it, at the next poll
    /// # drop(dispatcher);
    /// # Ok(()) }
    /// # #[cfg(not(all(feature = "sea-orm", feature = "sqlite")))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Tx::emit`], or the database refused, which fails the caller's transaction.
    #[track_caller]
    pub fn emit_in<E: DurableEvent>(
        &self,
        transaction: impl CallerTransaction<S>,
        event: E,
    ) -> impl Future<Output = Result<Uncommitted<S>, OutboxError>> {
        self.emit_into(transaction, event, Location::caller())
    }

    async fn emit_into<E: DurableEvent>(
        &self,
        transaction: impl CallerTransaction<S>,
        event: E,
        at: &'static Location<'static>,
    ) -> Result<Uncommitted<S>, OutboxError> {
        let shared = &self.shared;
        let dispatcher = shared.dispatcher()?;
        let events = [Emitted::of(shared, event, Due::Now, at)?];
        let (deliveries, targets) = new_deliveries(&dispatcher, &events)?;
        let storing = shared.storing(&targets);
        if !deliveries.is_empty() {
            transaction.insert(&shared.store, &deliveries).await?;
            failpoint!(InsertedForCaller);
        }
        let [emitted] = events;
        Ok(Uncommitted {
            emitted,
            storing,
            shared: Arc::clone(shared),
        })
    }

    /// Takes an event back that was emitted, and whose deliveries have not begun.
    ///
    /// # Errors
    ///
    /// The database refused.
    pub async fn cancel(&self, event: Uuid) -> Result<Cancelled, OutboxError> {
        let cancelled = self.shared.store.cancel(event).await?;
        self.shared.waiting.forget(event);
        Ok(cancelled)
    }

    /// Returns what the store has for each handler of the dispatcher, and for each other handler that has deliveries,
    /// which wait for a program that has it. Reads all stored deliveries.
    ///
    /// # Errors
    ///
    /// The database refused.
    pub async fn status(&self) -> Result<Vec<HandlerStatus>, OutboxError> {
        let (handlers, ids) = (self.handlers(), self.ids());
        let mut status = self.shared.store.status(&handlers).await?;
        // An alias has a line if something is stored under it.
        status.retain(|handler| !handler.is_empty() || ids.contains(&&*handler.handler));
        Ok(status)
    }

    /// Returns how old the oldest due delivery of the dispatcher's handlers is, and how many deliveries nobody takes
    /// care of. For a readiness probe, which asks [`is_running`](Self::is_running) as well, and for alarms: an age that
    /// grows says that deliveries are not made as fast as they come.
    ///
    /// What it costs does not grow with the backlog, only with the dead letters and the orphaned deliveries.
    ///
    /// # Errors
    ///
    /// The database refused, or cannot be reached.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let outbox = event_outbox::sqlite::Outbox::in_memory().await?;
    /// # let _dispatcher = event_core::Dispatcher::builder().outbox(&outbox).build()?;
    /// let health = outbox.health().await?;
    /// let is_behind = health.oldest.is_some_and(|age| age > Duration::from_secs(60));
    /// let is_ready = outbox.is_running() && !is_behind;
    /// assert!(is_ready);
    /// # Ok(()) }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub async fn health(&self) -> Result<Health, OutboxError> {
        Ok(self.shared.store.health(&self.handlers()).await?)
    }

    /// Returns whether the outbox makes deliveries: a dispatcher was built with it, and it was not shut down.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.shared.is_running()
    }

    /// Returns the ids and the aliases of the dispatcher's durable handlers.
    fn handlers(&self) -> Vec<&'static str> {
        let aliases = self
            .infos()
            .into_iter()
            .flat_map(|info| info.aliases().to_vec());
        self.ids().into_iter().chain(aliases).collect()
    }

    fn ids(&self) -> Vec<&'static str> {
        self.infos().iter().filter_map(HandlerInfo::id).collect()
    }

    fn infos(&self) -> Vec<HandlerInfo> {
        let Ok(dispatcher) = self.shared.dispatcher() else {
            return Vec::new();
        };
        let handlers = durable_handlers(&dispatcher);
        handlers.iter().map(HandlerOf::info).collect()
    }

    /// Returns what this outbox did since it was opened.
    #[must_use]
    pub fn counts(&self) -> OutboxCounts {
        let counts = &self.shared.counts;
        OutboxCounts {
            done: counts.done.load(Ordering::Relaxed),
            retried: counts.retried.load(Ordering::Relaxed),
            dead: counts.dead.load(Ordering::Relaxed),
            stale: counts.stale.load(Ordering::Relaxed),
        }
    }

    /// Returns the store.
    #[must_use]
    pub fn store(&self) -> &S {
        &self.shared.store
    }

    /// Waits until this process has made all deliveries that it can make now: those of what was committed here, those of
    /// what their handlers emitted, and those that the store had. What is due later, or is tried again later, is not
    /// waited for. Returns whether that was so within the limit; `false` at once if the outbox makes no deliveries.
    ///
    /// For programs that do their work and end, and for scripts. A service ends with [`shutdown`](Self::shutdown).
    /// Handlers that are not durable are not waited for; see `Dispatcher::join`.
    pub async fn join(&self, limit: Duration) -> bool {
        if !self.is_running() {
            return false;
        }
        let mut phase = self.shared.phase.subscribe();
        let ended = phase.wait_for(|phase| *phase != Phase::Running);
        let rested = async {
            tokio::select! {
                biased;
                () = self.shared.rest() => true,
                _ = ended => false,
            }
        };
        timeout(limit, rested).await.unwrap_or(false)
    }

    /// Begins no further delivery, waits for those that run, and gives the others back, for this process when it starts
    /// again or for another one. Returns whether all that ran have ended within the limit; those that have not are made
    /// again.
    pub async fn shutdown(&self, limit: Duration) -> bool {
        let mut phase = self.shared.phase.subscribe();
        self.shared.phase.send_if_modified(|phase| {
            let was_running = *phase == Phase::Running;
            match *phase {
                Phase::Running => *phase = Phase::Stopping,
                Phase::Idle => *phase = Phase::Stopped,
                Phase::Stopping | Phase::Overdue | Phase::Stopped => {}
            }
            was_running
        });
        let stopped = async {
            phase
                .wait_for(|phase| *phase == Phase::Stopped)
                .await
                .is_ok()
        };
        let is_stopped = timeout(limit, stopped).await.unwrap_or(false);
        self.shared.phase.send_if_modified(|phase| {
            let is_overdue = *phase == Phase::Stopping;
            if is_overdue {
                *phase = Phase::Overdue;
            }
            is_overdue
        });
        failpoint!(Unregistering);
        // Others take over what is left, when its leases have lapsed.
        let _ = self.shared.store.unregister(self.shared.owner()).await;
        is_stopped
    }
}

/// What an outbox did since it was opened, in this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutboxCounts {
    /// Deliveries that ended well.
    pub done: u64,
    /// Attempts that failed, and were followed by another.
    pub retried: u64,
    /// Deliveries that became dead letters.
    pub dead: u64,
    /// Deliveries that another process had taken over when they ended here.
    pub stale: u64,
}

impl<S: Store> event_core::__private::Outbox for Outbox<S> {
    fn lends(&self) -> (TypeId, &'static str) {
        (TypeId::of::<Tx<S>>(), type_name::<Tx<S>>())
    }

    fn is_attached(&self) -> bool {
        self.shared.is_attached()
    }

    fn attach(&self, dispatcher: DispatcherHandle) {
        if !self.shared.attach(dispatcher.clone()) {
            return;
        }
        let shared = Arc::clone(&self.shared);
        shared.phase.send_replace(Phase::Running);
        let Ok(built) = dispatcher.get() else {
            return;
        };
        event_core::__private::spawn_on(&built, engine::run(shared, dispatcher));
    }
}

impl<S: Store> Clone for Outbox<S> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<S: Store> fmt::Debug for Outbox<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox")
            .field("phase", &*self.shared.phase.borrow())
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}
