//! The one writer of a process: what waits at the same moment is committed, and synced, together.
//!
//! There is one connection that writes. The writer's task and the transactions of callers take turns with it, so that
//! within a process nobody ever meets SQLite's lock. While the task waits for its turn, more writes join it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{Connection as _, Sqlite, SqliteConnection, SqlitePool, Transaction};
use tokio::sync::{mpsc, watch};
use tokio::task::yield_now;
use tokio::time::Instant;

use super::job::{Answer, BoxFuture, Job, run_all};
use crate::store::error::While as _;
use crate::store::{Inserted, Lease, NewDelivery, StoreError, StoreErrorKind};

/// How many writes one transaction takes.
const LARGEST_BATCH: usize = 512;

/// How often `BEGIN IMMEDIATE` is tried while other processes write. Each try takes as long as the busy timeout.
const TRIES: u32 = 4;

pub(super) struct Writer {
    pool: SqlitePool,
    /// `None` when it is closed.
    jobs: Mutex<Option<mpsc::UnboundedSender<Job>>>,
    /// How many callers wait for the connection.
    waiting: Arc<AtomicUsize>,
    /// Closed when the task has ended.
    ended: watch::Receiver<()>,
}

impl Writer {
    /// Starts the task, in the current runtime.
    pub(super) fn start(pool: SqlitePool) -> Self {
        let (jobs, queue) = mpsc::unbounded_channel();
        let (end, ended) = watch::channel(());
        let waiting = Arc::new(AtomicUsize::new(0));
        let task = Task {
            pool: pool.clone(),
            queue,
            waiting: Arc::clone(&waiting),
            connection: None,
            _end: end,
        };
        tokio::spawn(task.run());
        Self {
            pool,
            jobs: Mutex::new(Some(jobs)),
            waiting,
            ended,
        }
    }

    /// A transaction of the caller's, with the write lock.
    pub(super) async fn begin(
        &self,
        action: &'static str,
    ) -> Result<Transaction<'static, Sqlite>, StoreError> {
        let _waiting = Waiting::new(&self.waiting);
        for _ in 1..TRIES {
            match self.pool.begin_with("BEGIN IMMEDIATE").await {
                Err(error) if is_busy(&error) => {}
                begun => return begun.during(action),
            }
        }
        self.pool.begin_with("BEGIN IMMEDIATE").await.during(action)
    }

    /// Writes in a transaction that others may share. `run` may be called again, if the shared one fails.
    pub(super) async fn write<T, F>(&self, action: &'static str, run: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'a> Fn(&'a mut SqliteConnection) -> BoxFuture<'a, T> + Send + 'static,
    {
        let (job, answer) = Job::other(action, run);
        self.send(action, job, answer).await
    }

    /// Inserts rows, in one statement with those of others that wait.
    pub(super) async fn insert(
        &self,
        action: &'static str,
        lease: Option<Lease>,
        deliveries: Vec<NewDelivery>,
    ) -> Result<Vec<Inserted>, StoreError> {
        let (job, answer) = Job::insert(action, lease, deliveries);
        self.send(action, job, answer).await
    }

    async fn send<T>(
        &self,
        action: &'static str,
        job: Job,
        answer: Answer<T>,
    ) -> Result<T, StoreError> {
        let gone = |why: &str| StoreError::new(action, StoreErrorKind::Unavailable, why);
        let sent = {
            let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
            jobs.as_ref().map(|jobs| jobs.send(job))
        };
        match sent {
            None => Err(gone("the store is closed")),
            Some(Err(_)) => Err(gone("the runtime that the store was opened in has ended")),
            Some(Ok(())) => answer.await.unwrap_or_else(|_| {
                Err(gone("the runtime that the store was opened in has ended"))
            }),
        }
    }

    /// The connection, if nobody uses it.
    pub(super) fn idle_connection(&self) -> Option<PoolConnection<Sqlite>> {
        self.pool.try_acquire()
    }

    /// Waits until all that was asked for is written, and ends the connection.
    pub(super) async fn close(&self) {
        drop(
            self.jobs
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        let mut ended = self.ended.clone();
        while ended.changed().await.is_ok() {}
        self.pool.close().await;
    }
}

/// Counts a caller that waits for the connection.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(waiting: &'a AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::Relaxed);
        Self(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

struct Task {
    pool: SqlitePool,
    queue: mpsc::UnboundedReceiver<Job>,
    waiting: Arc<AtomicUsize>,
    /// The connection, while it has its turn.
    connection: Option<PoolConnection<Sqlite>>,
    /// Dropped at the end.
    _end: watch::Sender<()>,
}

impl Task {
    async fn run(mut self) {
        while let Some(first) = self.queue.recv().await {
            let mut batch = vec![first];
            if let Err(error) = self.take_turn().await {
                fail(batch, &error);
                continue;
            }
            while batch.len() < LARGEST_BATCH
                && let Ok(job) = self.queue.try_recv()
            {
                batch.push(job);
            }
            self.write(batch).await;
            // Those who were told now write again, and the next batch has all of them.
            yield_now().await;
            if self.queue.is_empty() || self.waiting.load(Ordering::Relaxed) > 0 {
                self.connection = None;
            }
        }
    }

    async fn take_turn(&mut self) -> Result<&mut PoolConnection<Sqlite>, sqlx::Error> {
        if self.connection.is_none() {
            self.connection = Some(self.pool.acquire().await?);
        }
        self.connection.as_mut().ok_or(sqlx::Error::PoolClosed)
    }

    /// Commits a batch, or else each of its writes alone, so that one that cannot be done spoils no other.
    async fn write(&mut self, batch: Vec<Job>) {
        let Err((batch, error)) = self.commit(batch).await else {
            return;
        };
        if batch.len() == 1 || is_busy(&error) {
            return fail(batch, &error);
        }
        for job in batch {
            if let Err((batch, error)) = self.commit(vec![job]).await {
                fail(batch, &error);
            }
        }
    }

    async fn commit(&mut self, mut batch: Vec<Job>) -> Result<(), (Vec<Job>, sqlx::Error)> {
        let mut tries = 1;
        let outcome = loop {
            let connection = match self.take_turn().await {
                Ok(connection) => connection,
                Err(error) => break Err(error),
            };
            match connection.begin_with("BEGIN IMMEDIATE").await {
                Ok(transaction) => break run(transaction, &mut batch).await,
                Err(error) if is_busy(&error) && tries < TRIES => tries += 1,
                Err(error) => break Err(error),
            }
        };
        match outcome {
            Ok(()) => {
                for job in batch {
                    job.end(Ok(()));
                }
                Ok(())
            }
            Err(error) => {
                self.check_connection().await;
                Err((batch, error))
            }
        }
    }

    /// When the disk is full, SQLite may have ended the transaction itself. sqlx goes on counting it as open, and could
    /// never begin another one.
    async fn check_connection(&mut self) {
        if let Some(mut connection) = self.connection.take() {
            let is_good = connection.ping().await.is_ok() && !connection.is_in_transaction();
            if is_good {
                self.connection = Some(connection);
            } else {
                // Its error would be about a connection that nobody wants.
                let _ = connection.close().await;
            }
        }
    }
}

async fn run(
    mut transaction: Transaction<'_, Sqlite>,
    batch: &mut [Job],
) -> Result<(), sqlx::Error> {
    run_all(&mut transaction, batch).await?;
    failpoint!(BatchWritten);
    transaction.commit().await?;
    failpoint!(BatchCommitted);
    Ok(())
}

fn fail(batch: Vec<Job>, error: &sqlx::Error) {
    for job in batch {
        let error = StoreError::copy(job.action(), error);
        job.end(Err(error));
    }
}

fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| {
        code.parse::<i32>()
            .is_ok_and(|code| matches!(code & 0xff, 5 | 6))
    })
}

/// Opens a pool, trying again while another process changes the journal's mode, which does not wait for a lock.
pub(super) async fn open_pool(
    options: SqlitePoolOptions,
    connect: SqliteConnectOptions,
) -> Result<SqlitePool, sqlx::Error> {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        match options.clone().connect_with(connect.clone()).await {
            Err(error) if is_busy(&error) && Instant::now() < end => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            opened => return opened,
        }
    }
}
