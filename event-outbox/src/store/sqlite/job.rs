//! What the writer writes: statements with a result of some type, for a caller who waits for it.

use std::future::Future;
use std::pin::Pin;

use sqlx::SqliteConnection;
use tokio::sync::oneshot;

use super::statements;
use crate::store::{Inserted, Lease, NewDelivery, StoreError, StoreErrorKind};

pub(super) type BoxFuture<'a, T> =
    Pin<Box<dyn Future<Output = Result<T, sqlx::Error>> + Send + 'a>>;

/// Where a caller waits for the result of a job.
pub(super) type Answer<T> = oneshot::Receiver<Result<T, StoreError>>;

/// A write. It is run again if the transaction fails that it shared with others.
pub(super) enum Job {
    /// Several that follow each other are run as one statement.
    Insert(Insert),
    Other(Box<dyn Write>),
}

impl Job {
    pub(super) fn insert(
        action: &'static str,
        lease: Option<Lease>,
        deliveries: Vec<NewDelivery>,
    ) -> (Self, Answer<Vec<Inserted>>) {
        let (caller, answer) = Caller::new(action);
        let insert = Insert {
            lease,
            deliveries,
            caller,
        };
        (Self::Insert(insert), answer)
    }

    pub(super) fn other<T, F>(action: &'static str, run: F) -> (Self, Answer<T>)
    where
        T: Send + 'static,
        F: for<'a> Fn(&'a mut SqliteConnection) -> BoxFuture<'a, T> + Send + 'static,
    {
        let (caller, answer) = Caller::new(action);
        (Self::Other(Box::new(Closure { run, caller })), answer)
    }

    pub(super) fn action(&self) -> &'static str {
        match self {
            Self::Insert(insert) => insert.caller.action,
            Self::Other(write) => write.action(),
        }
    }

    /// Tells the caller; of a success, the result of the last run.
    pub(super) fn end(self, outcome: Result<(), StoreError>) {
        match self {
            Self::Insert(insert) => insert.caller.end(outcome),
            Self::Other(write) => write.end(outcome),
        }
    }
}

/// Runs jobs in their order.
pub(super) async fn run_all(
    connection: &mut SqliteConnection,
    jobs: &mut [Job],
) -> Result<(), sqlx::Error> {
    let mut inserts = Vec::new();
    for job in jobs {
        match job {
            Job::Insert(insert) => inserts.push(insert),
            Job::Other(write) => {
                insert_all(connection, &mut inserts).await?;
                write.run(connection).await?;
            }
        }
    }
    insert_all(connection, &mut inserts).await
}

/// Runs inserts as one, and leaves none.
async fn insert_all(
    connection: &mut SqliteConnection,
    inserts: &mut Vec<&mut Insert>,
) -> Result<(), sqlx::Error> {
    let rows: Vec<_> = inserts.iter().flat_map(|insert| insert.rows()).collect();
    let mut inserted = statements::insert(connection, &rows).await?.into_iter();
    for insert in inserts.drain(..) {
        let count = insert.deliveries.len();
        insert.caller.result = Some(inserted.by_ref().take(count).collect());
    }
    Ok(())
}

/// Rows to be inserted.
pub(super) struct Insert {
    lease: Option<Lease>,
    deliveries: Vec<NewDelivery>,
    caller: Caller<Vec<Inserted>>,
}

impl Insert {
    fn rows(&self) -> impl Iterator<Item = statements::NewRow<'_>> {
        self.deliveries.iter().map(|row| (self.lease, row))
    }
}

/// A write whose result has any type.
pub(super) trait Write: Send {
    fn action(&self) -> &'static str;
    fn run<'a>(&'a mut self, connection: &'a mut SqliteConnection) -> BoxFuture<'a, ()>;
    fn end(self: Box<Self>, outcome: Result<(), StoreError>);
}

/// A write that a closure runs.
struct Closure<T, F> {
    run: F,
    caller: Caller<T>,
}

impl<T, F> Write for Closure<T, F>
where
    T: Send,
    F: for<'a> Fn(&'a mut SqliteConnection) -> BoxFuture<'a, T> + Send,
{
    fn action(&self) -> &'static str {
        self.caller.action
    }

    fn run<'a>(&'a mut self, connection: &'a mut SqliteConnection) -> BoxFuture<'a, ()> {
        let run = (self.run)(connection);
        Box::pin(async {
            self.caller.result = Some(run.await?);
            Ok(())
        })
    }

    fn end(self: Box<Self>, outcome: Result<(), StoreError>) {
        self.caller.end(outcome);
    }
}

/// Who waits for a result, and the result of the last run.
struct Caller<T> {
    action: &'static str,
    result: Option<T>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T> Caller<T> {
    fn new(action: &'static str) -> (Self, Answer<T>) {
        let (reply, answer) = oneshot::channel();
        let result = None;
        let caller = Self {
            action,
            result,
            reply,
        };
        (caller, answer)
    }

    fn end(self, outcome: Result<(), StoreError>) {
        let outcome = outcome.and_then(|()| {
            let why = "it was not run";
            self.result
                .ok_or_else(|| StoreError::new(self.action, StoreErrorKind::Other, why))
        });
        // The caller may have gone.
        let _ = self.reply.send(outcome);
    }
}
