//! Deliveries in an SQLite file.

mod job;
mod network;
mod owners;
mod schema;
#[cfg(feature = "sea-orm")]
mod sea_orm;
mod statements;
mod views;
#[cfg(unix)]
mod wake;
#[cfg(not(unix))]
#[path = "no_wake.rs"]
mod wake;
mod writer;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use serde_json::json;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection as _, Row as _, SqliteConnection, SqlitePool, Transaction};
use tokio::time::timeout;
use uuid::Uuid;

use self::owners::Owners;
pub use self::schema::MIGRATIONS;
use self::wake::Wake;
use self::writer::{Writer, open_pool};
use super::error::While as _;
use super::row::count;
use super::{
    Bounds, Burial, Cancelled, Claimed, DeadLetter, Fence, Filter, HandlerStatus, Health, Inserted,
    Lease, Migration, NewDelivery, Owner, Recovered, Redelivered, Retry, Store, StoreError,
    StoreErrorKind, Stored,
};

/// How often a store looks whether another process has written that cannot wake this one up.
const POLL: Duration = Duration::from_millis(25);

/// How often a store looks whether another process has written and has not woken this one up.
const POLL_AWAKE: Duration = Duration::from_secs(1);

/// How long a statement waits for a lock of another process, before it is tried again.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How many rows of an answer may wait to be read, so that the thread that runs statements goes on meanwhile: as many as
/// are claimed at once.
const ROWS: usize = 512;

/// Deliveries in an SQLite file, which the program's own tables can be in, too.
///
/// Several processes on one host may use the file. Each commit is synced to the disk before it counts
/// (`synchronous = FULL`, in WAL mode), and commits that wait at the same moment are synced together.
///
/// The store has connections of its own: those of the program's own pool stay as they are, though the file's journal
/// is in WAL mode from then on. Beside the file lies a folder, its name with `-outbox` behind it, in which each
/// process locks a file as long as it lives, and on Unix has a socket, through which others wake it up. Without one,
/// as where its path would be longer than a hundred bytes, the store looks each 25 milliseconds whether somebody wrote.
///
/// # Examples
///
/// ```
/// use event_outbox::store::{Sqlite, Store as _};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = Sqlite::in_memory().await?;
/// store.migrate().await?;
/// assert_eq!(store.next_due(&["mail.welcome"]).await?, None);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Sqlite {
    shared: Arc<Shared>,
}

struct Shared {
    writer: Writer,
    /// For what only reads. A database in memory has one connection, for everything.
    readers: SqlitePool,
    owners: Owners,
    file: Option<PathBuf>,
    /// Of a database in memory, `None`: it has no other process.
    wake: Option<Wake>,
    /// The version of the data that the writer's connection saw last.
    seen: AtomicI64,
}

/// How an [`Sqlite`] store is opened.
#[derive(Debug, Clone)]
#[must_use = "it opens nothing before `open`"]
pub struct SqliteBuilder {
    path: PathBuf,
    synchronous: SqliteSynchronous,
    busy_timeout: Duration,
    max_page_count: Option<u32>,
}

impl SqliteBuilder {
    /// Syncs when the journal is written back, and not at each commit: a power failure, though no crash of a process,
    /// can lose the last commits.
    pub const fn synchronous_normal(mut self) -> Self {
        self.synchronous = SqliteSynchronous::Normal;
        self
    }

    /// How long a statement waits for a lock of another process before it is tried again, five seconds if not set.
    /// Beginning a transaction is tried four times.
    pub const fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// The largest size of the database, in its pages, as far as this store writes.
    pub const fn max_page_count(mut self, pages: u32) -> Self {
        self.max_page_count = Some(pages);
        self
    }

    /// Opens the file, or makes it.
    ///
    /// # Errors
    ///
    /// If it cannot be opened, is not a database, or lies on a network file system, whose locks SQLite cannot trust.
    /// Such file systems are known on Linux only.
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime. The store works as long as that runtime does.
    pub async fn open(self) -> Result<Sqlite, StoreError> {
        const ACTION: &str = "open the outbox";
        network::refuse(&self.path)?;
        let mut options = SqliteConnectOptions::new()
            .filename(&self.path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(self.synchronous)
            .busy_timeout(self.busy_timeout)
            .row_buffer_size(ROWS)
            .foreign_keys(true);
        if let Some(pages) = self.max_page_count {
            options = options.pragma("max_page_count", pages.to_string());
        }
        let pool = open_pool(one_connection(), options.clone())
            .await
            .during(ACTION)?;
        schema::check_version(&mut *pool.acquire().await.during(ACTION)?).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(4)
            .min_connections(0)
            .test_before_acquire(false)
            .connect_lazy_with(options.pragma("query_only", "ON"));
        Ok(Sqlite::new(
            pool,
            readers,
            Owners::beside(&self.path),
            Some(self.path),
        ))
    }
}

/// One connection that is kept. If somebody left a transaction that could not be rolled back, it is replaced.
fn one_connection() -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(1)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .before_acquire(|connection, _| {
            let is_good = !connection.is_in_transaction();
            Box::pin(async move { Ok(is_good) })
        })
}

impl Sqlite {
    /// Opens a file, or makes it, with the settings that lose nothing.
    ///
    /// # Errors
    ///
    /// If it cannot be opened, or is not a database.
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime. The store works as long as that runtime does.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::builder(path).open().await
    }

    /// Starts with the file and the settings that lose nothing.
    pub fn builder(path: impl AsRef<Path>) -> SqliteBuilder {
        SqliteBuilder {
            path: path.as_ref().to_owned(),
            synchronous: SqliteSynchronous::Full,
            busy_timeout: BUSY_TIMEOUT,
            max_page_count: None,
        }
    }

    /// Opens a database in memory, for tests: it is gone with the store.
    ///
    /// It has one connection, so that everything waits while a transaction of [`begin`](Store::begin) is open.
    ///
    /// # Errors
    ///
    /// If SQLite cannot be started.
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime. The store works as long as that runtime does.
    pub async fn in_memory() -> Result<Self, StoreError> {
        const ACTION: &str = "open the outbox";
        let options = SqliteConnectOptions::new()
            .in_memory(true)
            .foreign_keys(true);
        let pool = open_pool(one_connection(), options).await.during(ACTION)?;
        schema::check_version(&mut *pool.acquire().await.during(ACTION)?).await?;
        Ok(Self::new(pool.clone(), pool, Owners::of_memory(), None))
    }

    fn new(pool: SqlitePool, readers: SqlitePool, owners: Owners, file: Option<PathBuf>) -> Self {
        let shared = Shared {
            writer: Writer::start(pool),
            readers,
            wake: owners.folder().map(Wake::in_folder),
            owners,
            file,
            seen: AtomicI64::new(i64::MIN),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    async fn reader(
        &self,
        action: &'static str,
    ) -> Result<PoolConnection<sqlx::Sqlite>, StoreError> {
        self.shared.readers.acquire().await.during(action)
    }

    /// Whether another connection has committed since the last call. While this process writes, none can.
    async fn is_written(&self) -> Result<bool, StoreError> {
        const ACTION: &str = "look for changes of the outbox";
        let Some(mut connection) = self.shared.writer.idle_connection() else {
            return Ok(false);
        };
        let row = sqlx::query("PRAGMA data_version")
            .fetch_one(&mut *connection)
            .await
            .during(ACTION)?;
        let version = row.try_get(0).during(ACTION)?;
        Ok(self.shared.seen.swap(version, Ordering::Relaxed) != version)
    }
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Sqlite");
        match &self.shared.file {
            Some(file) => shown.field("file", file),
            None => shown.field("file", &"in memory"),
        };
        shown.finish_non_exhaustive()
    }
}

/// A caller's connection must be in a transaction that sqlx knows of: others it commits, or leaves open, without a
/// word.
fn in_transaction(
    connection: &mut SqliteConnection,
    action: &'static str,
) -> Result<(), StoreError> {
    if connection.is_in_transaction() {
        return Ok(());
    }
    Err(StoreError::new(
        action,
        StoreErrorKind::Misuse,
        "the connection is in no transaction of sqlx; call `begin()` on it, and give the transaction",
    ))
}

impl Store for Sqlite {
    type Database = sqlx::Sqlite;

    async fn migrate(&self) -> Result<(), StoreError> {
        const ACTION: &str = "migrate the outbox";
        let mut transaction = self.shared.writer.begin(ACTION).await?;
        schema::migrate(&mut transaction).await?;
        transaction.commit().await.during(ACTION)
    }

    fn migrations(&self) -> &'static [Migration] {
        MIGRATIONS
    }

    async fn begin(&self) -> Result<Transaction<'static, sqlx::Sqlite>, StoreError> {
        self.shared.writer.begin("begin a transaction").await
    }

    async fn insert_in(
        &self,
        connection: &mut SqliteConnection,
        lease: Option<Lease>,
        deliveries: &[NewDelivery],
    ) -> Result<Vec<Inserted>, StoreError> {
        const ACTION: &str = "insert deliveries";
        in_transaction(connection, ACTION)?;
        let rows: Vec<_> = deliveries.iter().map(|row| (lease, row)).collect();
        statements::insert(connection, &rows).await.during(ACTION)
    }

    async fn insert(
        &self,
        lease: Option<Lease>,
        deliveries: Vec<NewDelivery>,
    ) -> Result<Vec<Inserted>, StoreError> {
        let writer = &self.shared.writer;
        writer.insert("insert deliveries", lease, deliveries).await
    }

    async fn claim(
        &self,
        lease: Lease,
        handlers: &[&str],
        limit: usize,
    ) -> Result<Vec<Claimed>, StoreError> {
        let handlers: Arc<str> = json!(handlers).to_string().into();
        let writer = &self.shared.writer;
        writer
            .write("claim deliveries", move |connection| {
                let handlers = Arc::clone(&handlers);
                Box::pin(
                    async move { statements::claim(connection, lease, &handlers, limit).await },
                )
            })
            .await
    }

    async fn complete(&self, fences: &[Fence]) -> Result<Vec<Fence>, StoreError> {
        let list: Arc<str> = statements::list(fences).into();
        let writer = &self.shared.writer;
        writer
            .write("complete deliveries", move |connection| {
                let list = Arc::clone(&list);
                Box::pin(async move { statements::complete(connection, &list).await })
            })
            .await
    }

    async fn complete_in(
        &self,
        connection: &mut SqliteConnection,
        fence: Fence,
    ) -> Result<bool, StoreError> {
        const ACTION: &str = "complete a delivery";
        in_transaction(connection, ACTION)?;
        let completed = statements::complete(connection, &statements::list(&[fence])).await;
        Ok(!completed.during(ACTION)?.is_empty())
    }

    async fn retry(&self, retries: &[Retry]) -> Result<Vec<Fence>, StoreError> {
        let list: Arc<str> = statements::retry_list(retries).into();
        let writer = &self.shared.writer;
        writer
            .write("give deliveries back for a retry", move |connection| {
                let list = Arc::clone(&list);
                Box::pin(async move { statements::retry(connection, &list).await })
            })
            .await
    }

    async fn bury(&self, burials: &[Burial]) -> Result<Vec<Fence>, StoreError> {
        let list: Arc<str> = statements::burial_list(burials).into();
        let writer = &self.shared.writer;
        writer
            .write("make dead letters of deliveries", move |connection| {
                let list = Arc::clone(&list);
                Box::pin(async move { statements::bury(connection, &list).await })
            })
            .await
    }

    async fn bury_in(
        &self,
        connection: &mut SqliteConnection,
        burial: &Burial,
    ) -> Result<bool, StoreError> {
        const ACTION: &str = "make a dead letter of a delivery";
        in_transaction(connection, ACTION)?;
        let list = statements::burial_list(std::slice::from_ref(burial));
        let buried = statements::bury(connection, &list).await.during(ACTION)?;
        Ok(!buried.is_empty())
    }

    async fn release(&self, fences: &[Fence]) -> Result<Vec<Fence>, StoreError> {
        let list: Arc<str> = statements::list(fences).into();
        let writer = &self.shared.writer;
        writer
            .write("release deliveries", move |connection| {
                let list = Arc::clone(&list);
                Box::pin(async move { statements::release(connection, &list).await })
            })
            .await
    }

    async fn extend(&self, fences: &[Fence], length: Duration) -> Result<Vec<Fence>, StoreError> {
        let list: Arc<str> = statements::list(fences).into();
        let writer = &self.shared.writer;
        writer
            .write("extend leases", move |connection| {
                let list = Arc::clone(&list);
                Box::pin(async move { statements::extend(connection, &list, length).await })
            })
            .await
    }

    async fn register(&self, owner: Owner) -> Result<(), StoreError> {
        let registered = self.shared.owners.register(owner);
        registered.map_err(|error| StoreError::sql("register an owner", error.into()))
    }

    async fn unregister(&self, owner: Owner) -> Result<(), StoreError> {
        let unregistered = self.shared.owners.unregister(owner);
        unregistered
            .map_err(|error| StoreError::sql("end the registration of an owner", error.into()))
    }

    async fn recover(&self, owner: Owner) -> Result<Recovered, StoreError> {
        const ACTION: &str = "recover the deliveries of dead owners";
        if !self.shared.owners.is_registered(owner) {
            return Err(StoreError::new(
                ACTION,
                StoreErrorKind::Unregistered,
                format!("the owner {} is not registered", owner.id()),
            ));
        }
        let dead = self.shared.owners.dead();
        let dead = dead.map_err(|error| StoreError::sql(ACTION, error.into()))?;
        let mut recovered = Recovered::default();
        for dead in dead {
            let owner = dead.owner;
            let rows = self.shared.writer.write(ACTION, move |connection| {
                Box::pin(statements::free(connection, owner))
            });
            recovered.rows += rows.await?;
            recovered.owners += 1;
            failpoint!(OwnerFreed);
            dead.bury();
        }
        Ok(recovered)
    }

    async fn clamp(&self, bounds: Bounds) -> Result<u64, StoreError> {
        let writer = &self.shared.writer;
        writer
            .write("bring leases and retries back", move |connection| {
                Box::pin(statements::clamp(connection, bounds.lease, bounds.wait))
            })
            .await
    }

    async fn next_due(&self, handlers: &[&str]) -> Result<Option<Duration>, StoreError> {
        const ACTION: &str = "ask when a delivery is due";
        let mut connection = self.reader(ACTION).await?;
        let wait = views::next_due(&mut connection, handlers).await;
        Ok(wait
            .during(ACTION)?
            .map(|wait| Duration::from_millis(count(wait))))
    }

    async fn changed(&self) -> Result<(), StoreError> {
        let Some(wake) = &self.shared.wake else {
            return std::future::pending().await;
        };
        let poll = if wake.listens() { POLL_AWAKE } else { POLL };
        // The first look sees another version, too: what came before it is looked for.
        while !self.is_written().await? {
            if timeout(poll, wake.heard()).await.is_ok() {
                // What it was woken up for is seen now, and not once more by the next look.
                self.is_written().await?;
                return Ok(());
            }
        }
        Ok(())
    }

    async fn notify(&self) -> Result<(), StoreError> {
        let Some(wake) = &self.shared.wake else {
            return Ok(());
        };
        let notified = wake.notify();
        notified.map_err(|error| StoreError::sql("notify other processes", error.into()))
    }

    async fn cancel(&self, event: Uuid) -> Result<Cancelled, StoreError> {
        let writer = &self.shared.writer;
        writer
            .write("cancel an event", move |connection| {
                Box::pin(views::cancel(connection, event))
            })
            .await
    }

    async fn status(&self, handlers: &[&str]) -> Result<Vec<HandlerStatus>, StoreError> {
        const ACTION: &str = "count deliveries";
        let mut connection = self.reader(ACTION).await?;
        views::status(&mut connection, handlers)
            .await
            .during(ACTION)
    }

    async fn health(&self, handlers: &[&str]) -> Result<Health, StoreError> {
        const ACTION: &str = "look at the health of the outbox";
        let mut connection = self.reader(ACTION).await?;
        views::health(&mut connection, handlers)
            .await
            .during(ACTION)
    }

    async fn list(
        &self,
        filter: &Filter,
        after: i64,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        const ACTION: &str = "list deliveries";
        let mut connection = self.reader(ACTION).await?;
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
        let mut connection = self.reader(ACTION).await?;
        let listed = views::dead(&mut connection, filter, after, limit).await;
        listed.during(ACTION)
    }

    async fn redeliver(
        &self,
        filter: &Filter,
        after: i64,
        limit: usize,
    ) -> Result<Redelivered, StoreError> {
        let filter = Arc::new(filter.clone());
        let writer = &self.shared.writer;
        writer
            .write("deliver dead letters again", move |connection| {
                let filter = Arc::clone(&filter);
                Box::pin(async move { views::redeliver(connection, &filter, after, limit).await })
            })
            .await
    }

    async fn purge(&self, filter: &Filter, limit: usize) -> Result<u64, StoreError> {
        let filter = Arc::new(filter.clone());
        let writer = &self.shared.writer;
        writer
            .write("delete dead letters", move |connection| {
                let filter = Arc::clone(&filter);
                Box::pin(async move { views::purge(connection, &filter, limit).await })
            })
            .await
    }

    async fn close(&self) {
        self.shared.readers.close().await;
        self.shared.writer.close().await;
    }
}
