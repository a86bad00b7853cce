//! Deliveries in a PostgreSQL database.

mod insert;
mod owners;
mod schema;
#[cfg(feature = "sea-orm")]
mod sea_orm;
mod session;
mod statements;
mod views;
mod wake;

use std::fmt;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, PgConnection, PgPool, Transaction};
use uuid::Uuid;

use self::owners::Owners;
pub use self::schema::MIGRATIONS;
use self::wake::Wake;
use super::error::While as _;
use super::row::count;
use super::{
    Bounds, Burial, Cancelled, Claimed, DeadLetter, Fence, Filter, HandlerStatus, Health, Inserted,
    Lease, Migration, NewDelivery, Owner, Recovered, Redelivered, Retry, Store, StoreError,
    StoreErrorKind, Stored,
};

/// How long a connection may be idle and is used again without a question whether it is still there.
const UNTESTED: Duration = Duration::from_secs(1);

/// How many statements a connection has prepared at most, more than the store has.
const STATEMENTS: usize = 100;

/// Deliveries in a PostgreSQL database, version 14 or newer, which the program's own tables can be in, too.
///
/// The store has a pool of its own, one connection for each registered owner, and one that listens and one that
/// notifies, if they are used. The tables are made in the first schema of the connection's `search_path`.
///
/// A connection that rested for less than a second is used again without a question whether it is still there: a
/// transaction that begins in the second in which a server restarts can fail to begin. The one after it has a new
/// connection.
#[derive(Clone)]
pub struct Postgres {
    shared: Arc<Shared>,
}

struct Shared {
    pool: PgPool,
    options: PgConnectOptions,
    owners: Owners,
    /// `None` where nobody listens.
    wake: Option<Wake>,
}

/// How a [`Postgres`] store connects.
#[derive(Debug, Clone)]
#[must_use = "it connects to nothing before `open`"]
pub struct PostgresBuilder {
    options: PgConnectOptions,
    max_connections: u32,
    listens: bool,
}

impl PostgresBuilder {
    /// How many connections the pool has at most, ten if not set: those of transactions that
    /// [`begin`](Store::begin) has given out, and some for what runs beside them.
    pub const fn max_connections(mut self, connections: u32) -> Self {
        self.max_connections = connections;
        self
    }

    /// Neither listens nor notifies, where notifications do not come through: a delivery of another process is found
    /// when it is asked for.
    pub const fn poll_only(mut self) -> Self {
        self.listens = false;
        self
    }

    /// Connects.
    ///
    /// # Errors
    ///
    /// If the database cannot be reached, or a pooler gives a session to each transaction.
    pub async fn open(self) -> Result<Postgres, StoreError> {
        // A host that is gone without a word is noticed in half a minute, and not in two hours.
        let options = self.options.options([
            ("tcp_keepalives_idle", "10"),
            ("tcp_keepalives_interval", "5"),
            ("tcp_keepalives_count", "4"),
        ]);
        // Without a cache, sqlx 0.9 leaves each statement that it prepares on the server.
        let options = options.statement_cache_capacity(STATEMENTS);
        let pool = PgPoolOptions::new()
            .max_connections(self.max_connections)
            .test_before_acquire(false)
            .before_acquire(|connection, used| {
                Box::pin(async move {
                    if used.idle_for >= UNTESTED {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_with(options.clone())
            .await
            .during("connect to the outbox")?;
        let mut connection = pool.acquire().await.during("connect to the outbox")?;
        session::refuse_shared(&mut connection, &options).await?;
        drop(connection);
        let shared = Shared {
            pool,
            options,
            owners: Owners::default(),
            wake: self.listens.then(Wake::default),
        };
        Ok(Postgres {
            shared: Arc::new(shared),
        })
    }
}

impl Postgres {
    /// Connects to the database of a URL, such as `postgres://shop@localhost/shop`.
    ///
    /// # Errors
    ///
    /// If the URL is none, or the database cannot be reached.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url).during("connect to the outbox")?;
        Self::builder(options).open().await
    }

    /// Starts with what sqlx needs to connect.
    pub const fn builder(options: PgConnectOptions) -> PostgresBuilder {
        PostgresBuilder {
            options,
            max_connections: 10,
            listens: true,
        }
    }

    async fn connection(
        &self,
        action: &'static str,
    ) -> Result<sqlx::pool::PoolConnection<sqlx::Postgres>, StoreError> {
        self.shared.pool.acquire().await.during(action)
    }
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The options have the password.
        f.debug_struct("Postgres")
            .field("host", &self.shared.options.get_host())
            .field("database", &self.shared.options.get_database())
            .finish_non_exhaustive()
    }
}

/// A caller's connection must be in a transaction that sqlx knows of: others go back to the pool open, without a word.
fn in_transaction(connection: &PgConnection, action: &'static str) -> Result<(), StoreError> {
    if connection.is_in_transaction() {
        return Ok(());
    }
    Err(StoreError::new(
        action,
        StoreErrorKind::Misuse,
        "the connection is in no transaction of sqlx; call `begin()` on it, and give the transaction",
    ))
}

impl Store for Postgres {
    type Database = sqlx::Postgres;

    async fn migrate(&self) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        schema::migrate(&mut transaction).await?;
        transaction.commit().await.during("migrate the outbox")
    }

    fn migrations(&self) -> &'static [Migration] {
        MIGRATIONS
    }

    async fn begin(&self) -> Result<Transaction<'static, sqlx::Postgres>, StoreError> {
        self.shared.pool.begin().await.during("begin a transaction")
    }

    async fn insert_in(
        &self,
        connection: &mut PgConnection,
        lease: Option<Lease>,
        deliveries: &[NewDelivery],
    ) -> Result<Vec<Inserted>, StoreError> {
        const ACTION: &str = "insert deliveries";
        in_transaction(connection, ACTION)?;
        let keys = statements::keys_of(deliveries);
        statements::lock_keys(&mut *connection, keys)
            .await
            .during(ACTION)?;
        insert::insert(connection, lease, deliveries)
            .await
            .during(ACTION)
    }

    async fn insert(
        &self,
        lease: Option<Lease>,
        deliveries: Vec<NewDelivery>,
    ) -> Result<Vec<Inserted>, StoreError> {
        const ACTION: &str = "insert deliveries";
        if statements::keys_of(&deliveries).next().is_none() {
            let mut connection = self.connection(ACTION).await?;
            let inserted = insert::insert(&mut connection, lease, &deliveries).await;
            return inserted.during(ACTION);
        }
        let mut transaction = self.shared.pool.begin().await.during(ACTION)?;
        let inserted = self.insert_in(&mut transaction, lease, &deliveries).await?;
        transaction.commit().await.during(ACTION)?;
        Ok(inserted)
    }

    async fn claim(
        &self,
        lease: Lease,
        handlers: &[&str],
        limit: usize,
    ) -> Result<Vec<Claimed>, StoreError> {
        const ACTION: &str = "claim deliveries";
        let mut connection = self.connection(ACTION).await?;
        let claimed = statements::claim(&mut connection, lease, handlers, limit).await;
        claimed.during(ACTION)
    }

    async fn complete(&self, fences: &[Fence]) -> Result<Vec<Fence>, StoreError> {
        const ACTION: &str = "complete deliveries";
        let mut connection = self.connection(ACTION).await?;
        let completed = statements::complete(&mut connection, fences).await;
        completed.during(ACTION)
    }

    async fn complete_in(
        &self,
        connection: &mut PgConnection,
        fence: Fence,
    ) -> Result<bool, StoreError> {
        const ACTION: &str = "complete a delivery";
        in_transaction(connection, ACTION)?;
        let completed = statements::complete_one(connection, fence).await;
        completed.during(ACTION)
    }

    async fn retry(&self, retries: &[Retry]) -> Result<Vec<Fence>, StoreError> {
        const ACTION: &str = "give deliveries back for a retry";
        let mut connection = self.connection(ACTION).await?;
        let given_back = statements::retry(&mut connection, retries).await;
        given_back.during(ACTION)
    }

    async fn bury(&self, burials: &[Burial]) -> Result<Vec<Fence>, StoreError> {
        const ACTION: &str = "make dead letters of deliveries";
        let mut connection = self.connection(ACTION).await?;
        let buried = statements::bury(&mut connection, burials).await;
        buried.during(ACTION)
    }

    async fn bury_in(
        &self,
        connection: &mut PgConnection,
        burial: &Burial,
    ) -> Result<bool, StoreError> {
        const ACTION: &str = "make a dead letter of a delivery";
        in_transaction(connection, ACTION)?;
        let buried = statements::bury(connection, std::slice::from_ref(burial)).await;
        Ok(!buried.during(ACTION)?.is_empty())
    }

    async fn release(&self, fences: &[Fence]) -> Result<Vec<Fence>, StoreError> {
        const ACTION: &str = "release deliveries";
        let mut connection = self.connection(ACTION).await?;
        let released = statements::release(&mut connection, fences).await;
        released.during(ACTION)
    }

    async fn extend(&self, fences: &[Fence], length: Duration) -> Result<Vec<Fence>, StoreError> {
        const ACTION: &str = "extend leases";
        let mut connection = self.connection(ACTION).await?;
        let extended = statements::extend(&mut connection, fences, length).await;
        extended.during(ACTION)
    }

    async fn register(&self, owner: Owner) -> Result<(), StoreError> {
        let Shared {
            owners, options, ..
        } = &*self.shared;
        owners.register(owner, options).await
    }

    async fn unregister(&self, owner: Owner) -> Result<(), StoreError> {
        self.shared.owners.unregister(owner).await
    }

    async fn recover(&self, owner: Owner) -> Result<Recovered, StoreError> {
        const ACTION: &str = "recover the deliveries of dead owners";
        if !self.shared.owners.has_dead(owner, ACTION).await? {
            return Ok(Recovered::default());
        }
        let mut transaction = self.shared.pool.begin().await.during(ACTION)?;
        let recovered = owners::recover(&mut transaction).await.during(ACTION)?;
        transaction.commit().await.during(ACTION)?;
        Ok(recovered)
    }

    async fn clamp(&self, bounds: Bounds) -> Result<u64, StoreError> {
        const ACTION: &str = "bring leases and retries back";
        let mut connection = self.connection(ACTION).await?;
        let clamped = statements::clamp(&mut connection, bounds.lease, bounds.wait).await;
        clamped.during(ACTION)
    }

    async fn next_due(&self, handlers: &[&str]) -> Result<Option<Duration>, StoreError> {
        const ACTION: &str = "ask when a delivery is due";
        let mut wait = None;
        if let Some(mut kept) = self.shared.owners.connection().await {
            wait = views::next_due(&mut kept, handlers).await.ok();
        }
        let wait = match wait {
            Some(wait) => Ok(wait),
            // The connection is lost, as `recover` will find out.
            None => views::next_due(&mut *self.connection(ACTION).await?, handlers).await,
        };
        Ok(wait
            .during(ACTION)?
            .map(|wait| Duration::from_millis(count(wait))))
    }

    async fn changed(&self) -> Result<(), StoreError> {
        let Some(wake) = &self.shared.wake else {
            return std::future::pending().await;
        };
        let changed = wake.changed(&self.shared.options).await;
        changed.during("listen for changes of the outbox")
    }

    async fn notify(&self) -> Result<(), StoreError> {
        let Some(wake) = &self.shared.wake else {
            return Ok(());
        };
        let notified = wake.notify(&self.shared.options).await;
        notified.during("notify other processes")
    }

    async fn cancel(&self, event: Uuid) -> Result<Cancelled, StoreError> {
        const ACTION: &str = "cancel an event";
        let mut connection = self.connection(ACTION).await?;
        views::cancel(&mut connection, event).await.during(ACTION)
    }

    async fn status(&self, handlers: &[&str]) -> Result<Vec<HandlerStatus>, StoreError> {
        const ACTION: &str = "count deliveries";
        let mut connection = self.connection(ACTION).await?;
        let status = views::status(&mut connection, handlers).await;
        status.during(ACTION)
    }

    async fn health(&self, handlers: &[&str]) -> Result<Health, StoreError> {
        const ACTION: &str = "look at the health of the outbox";
        let mut connection = self.connection(ACTION).await?;
        let health = views::health(&mut connection, handlers).await;
        health.during(ACTION)
    }

    async fn list(
        &self,
        filter: &Filter,
        after: i64,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        const ACTION: &str = "list deliveries";
        let mut connection = self.connection(ACTION).await?;
        let listed = views::list(&mut connection, filter, after, limit).await;
        listed.during(ACTION)
    }

    async fn dead(
        &self,
        filter: &Filter,
        after: i64,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        const ACTION: &str = "list dead letters";
        let mut connection = self.connection(ACTION).await?;
        let listed = views::dead(&mut connection, filter, after, limit).await;
        listed.during(ACTION)
    }

    async fn redeliver(
        &self,
        filter: &Filter,
        after: i64,
        limit: usize,
    ) -> Result<Redelivered, StoreError> {
        const ACTION: &str = "deliver dead letters again";
        let mut transaction = self.shared.pool.begin().await.during(ACTION)?;
        let redelivered = views::redeliver(&mut transaction, filter, after, limit).await;
        let redelivered = redelivered.during(ACTION)?;
        transaction.commit().await.during(ACTION)?;
        Ok(redelivered)
    }

    async fn purge(&self, filter: &Filter, limit: usize) -> Result<u64, StoreError> {
        const ACTION: &str = "delete dead letters";
        let mut connection = self.connection(ACTION).await?;
        let purged = views::purge(&mut connection, filter, limit).await;
        purged.during(ACTION)
    }

    async fn close(&self) {
        self.shared.pool.close().await;
        self.shared.owners.close().await;
    }
}
