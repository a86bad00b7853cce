//! A store in memory, whose calls are late and fail as the seed says.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use event_outbox::store::{
    Bounds, Burial, Cancelled, Claimed, DeadLetter, Fence, Filter, HandlerStatus, Health, Inserted,
    Lease, Migration, NewDelivery, Owner, Recovered, Redelivered, Retry, Store, StoreError,
    StoreErrorKind, Stored,
};
use sqlx::pool::PoolOptions;
use sqlx::{Pool, Transaction};
use uuid::Uuid;

use super::database::{Connection, Memory, Options};
use super::process::Process;
use super::rows::Rows;

pub(super) struct MemoryStore {
    pub(super) process: Arc<Process>,
    pool: Pool<Memory>,
    /// The last version that was told of.
    seen: AtomicU64,
}

impl MemoryStore {
    pub(super) fn new(process: &Arc<Process>) -> Self {
        let pool = PoolOptions::new()
            .max_connections(1000)
            .max_lifetime(None)
            .idle_timeout(None)
            .test_before_acquire(false)
            .connect_lazy_with(Options(Arc::clone(process)));
        Self {
            process: Arc::clone(process),
            pool,
            seen: AtomicU64::new(process.world.version()),
        }
    }

    /// Asks the database: the effect happens at one moment between the question and the reply.
    async fn ask<T>(
        &self,
        action: &'static str,
        effect: impl FnOnce(&mut Rows, u64) -> T + Send,
    ) -> Result<T, StoreError>
    where
        T: Send,
    {
        let world = &self.process.world;
        self.process.count(action);
        self.process.turn().await;
        if world.fails() {
            return Err(lost(action));
        }
        let now = world.now();
        let reply = effect(&mut world.rows(), now);
        self.process.turn().await;
        if world.loses_reply() {
            return Err(lost(action));
        }
        Ok(reply)
    }

    /// Waits until the process runs and no other transaction has inserted a delivery with one of these keys.
    async fn unlocked(&self, deliveries: &[NewDelivery], connection: Option<&Connection>) {
        let world = &self.process.world;
        let writer = connection.and_then(|connection| connection.writer);
        loop {
            self.process.gate().await;
            let version = world.version();
            let is_locked = world.rows().is_key_locked(deliveries, writer);
            if !is_locked {
                return;
            }
            world.written_since(version).await;
        }
    }
}

fn lost(action: &'static str) -> StoreError {
    StoreError::new(
        action,
        StoreErrorKind::Unavailable,
        "the connection is lost",
    )
}

fn unused<T>(action: &'static str) -> Result<T, StoreError> {
    let detail = "the simulation does not ask for it";
    Err(StoreError::new(action, StoreErrorKind::Misuse, detail))
}

impl Store for MemoryStore {
    type Database = Memory;

    async fn migrate(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn migrations(&self) -> &'static [Migration] {
        &[]
    }

    async fn begin(&self) -> Result<Transaction<'static, Memory>, StoreError> {
        if self.process.world.fails() {
            return Err(lost("begin"));
        }
        let begun = self.pool.begin().await;
        begun.map_err(|error| StoreError::sql("begin", error))
    }

    async fn insert_in(
        &self,
        connection: &mut Connection,
        lease: Option<Lease>,
        deliveries: &[NewDelivery],
    ) -> Result<Vec<Inserted>, StoreError> {
        self.process.turn().await;
        self.unlocked(deliveries, Some(connection)).await;
        let writer = connection.writer;
        let world = &self.process.world;
        let now = world.now();
        let inserted = world.rows().insert(now, lease, deliveries, writer);
        self.process.turn().await;
        Ok(inserted)
    }

    async fn insert(
        &self,
        lease: Option<Lease>,
        deliveries: Vec<NewDelivery>,
    ) -> Result<Vec<Inserted>, StoreError> {
        let world = &self.process.world;
        self.process.turn().await;
        if world.fails() {
            return Err(lost("insert"));
        }
        self.unlocked(&deliveries, None).await;
        let now = world.now();
        let inserted = world.rows().insert(now, lease, &deliveries, None);
        world.tell();
        self.process.turn().await;
        if world.loses_reply() {
            return Err(lost("insert"));
        }
        Ok(inserted)
    }

    async fn claim(
        &self,
        lease: Lease,
        handlers: &[&str],
        limit: usize,
    ) -> Result<Vec<Claimed>, StoreError> {
        self.ask("claim", |rows, now| rows.claim(now, lease, handlers, limit))
            .await
    }

    async fn complete(&self, fences: &[Fence]) -> Result<Vec<Fence>, StoreError> {
        self.ask("complete", |rows, _| rows.complete(fences)).await
    }

    async fn complete_in(
        &self,
        connection: &mut Connection,
        fence: Fence,
    ) -> Result<bool, StoreError> {
        const ACTION: &str = "complete_in";
        if self.process.world.is_full.load(Ordering::Relaxed) {
            let detail = "no space is left";
            return Err(StoreError::new(ACTION, StoreErrorKind::Full, detail));
        }
        let writer = connection.writer.expect("the transaction is open");
        self.ask(ACTION, |rows, _| rows.complete_in(fence, writer))
            .await
    }

    async fn retry(&self, retries: &[Retry]) -> Result<Vec<Fence>, StoreError> {
        self.ask("retry", |rows, now| rows.retry(now, retries))
            .await
    }

    async fn bury(&self, burials: &[Burial]) -> Result<Vec<Fence>, StoreError> {
        self.ask("bury", |rows, _| rows.bury(burials)).await
    }

    async fn bury_in(&self, _: &mut Connection, _: &Burial) -> Result<bool, StoreError> {
        unused("bury_in")
    }

    async fn release(&self, fences: &[Fence]) -> Result<Vec<Fence>, StoreError> {
        self.ask("release", |rows, now| rows.release(now, fences))
            .await
    }

    async fn extend(&self, fences: &[Fence], length: Duration) -> Result<Vec<Fence>, StoreError> {
        self.ask("extend", |rows, now| rows.extend(now, fences, length))
            .await
    }

    async fn register(&self, owner: Owner) -> Result<(), StoreError> {
        let process = self.process.id;
        self.ask("register", |rows, _| rows.register(owner, process))
            .await
    }

    async fn unregister(&self, owner: Owner) -> Result<(), StoreError> {
        self.ask("unregister", |rows, _| rows.unregister(owner))
            .await
    }

    async fn recover(&self, owner: Owner) -> Result<Recovered, StoreError> {
        let recovered = self.ask("recover", |rows, now| rows.recover(now, owner));
        recovered.await?.ok_or_else(|| {
            let kind = StoreErrorKind::Unregistered;
            StoreError::new("recover", kind, "the owner is not registered")
        })
    }

    async fn clamp(&self, _: Bounds) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn next_due(&self, handlers: &[&str]) -> Result<Option<Duration>, StoreError> {
        let wait = self.ask("next_due", |rows, now| rows.next_due(now, handlers));
        Ok(wait.await?.map(Duration::from_millis))
    }

    async fn changed(&self) -> Result<(), StoreError> {
        let seen = self.seen.load(Ordering::Relaxed);
        let version = self.process.world.written_since(seen).await;
        self.process.gate().await;
        self.seen.store(version, Ordering::Relaxed);
        Ok(())
    }

    async fn notify(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn cancel(&self, event: Uuid) -> Result<Cancelled, StoreError> {
        self.ask("cancel", |rows, now| rows.cancel(now, event))
            .await
    }

    async fn status(&self, _: &[&str]) -> Result<Vec<HandlerStatus>, StoreError> {
        unused("status")
    }

    async fn health(&self, _: &[&str]) -> Result<Health, StoreError> {
        unused("health")
    }

    async fn list(&self, _: &Filter, _: i64, _: usize) -> Result<Vec<Stored>, StoreError> {
        unused("list")
    }

    async fn dead(&self, _: &Filter, _: i64, _: usize) -> Result<Vec<DeadLetter>, StoreError> {
        unused("dead")
    }

    async fn redeliver(&self, _: &Filter, _: i64, _: usize) -> Result<Redelivered, StoreError> {
        unused("redeliver")
    }

    async fn purge(&self, _: &Filter, _: usize) -> Result<u64, StoreError> {
        unused("purge")
    }

    async fn close(&self) {}
}
