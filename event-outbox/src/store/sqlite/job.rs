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

/// A write of any type. It is run again if the transaction fails that it shared with others.
pub(super) trait Job: Send {
    fn action(&self) -> &'static str;

    fn run<'a>(&'a mut self, connection: &'a mut SqliteConnection) -> BoxFuture<'a, ()>;

    /// Returns the insert, if it is one: several are run as one statement.
    fn as_insert(&mut self) -> Option<&mut Insert> {
        None
    }

    /// Tells the caller; of a success, the result of the last run.
    fn end(self: Box<Self>, outcome: Result<(), StoreError>);
}

/// Runs jobs in their order.
pub(super) async fn run_all(
    connection: &mut SqliteConnection,
    jobs: &mut [Box<dyn Job>],
) -> Result<(), sqlx::Error> {
    let mut inserts = Vec::new();
    for job in jobs {
        if job.as_insert().is_none() {
            insert_all(connection, &mut inserts).await?;
            job.run(connection).await?;
        } else if let Some(insert) = job.as_insert() {
            inserts.push(insert);
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
        insert.result = Some(inserted.by_ref().take(count).collect());
    }
    Ok(())
}

/// Rows to be inserted.
pub(super) struct Insert {
    action: &'static str,
    lease: Option<Lease>,
    deliveries: Vec<NewDelivery>,
    result: Option<Vec<Inserted>>,
    reply: oneshot::Sender<Result<Vec<Inserted>, StoreError>>,
}

impl Insert {
    pub(super) fn new(
        action: &'static str,
        lease: Option<Lease>,
        deliveries: Vec<NewDelivery>,
    ) -> (Box<Self>, Answer<Vec<Inserted>>) {
        let (reply, answer) = oneshot::channel();
        let insert = Self {
            action,
            lease,
            deliveries,
            result: None,
            reply,
        };
        (Box::new(insert), answer)
    }

    fn rows(&self) -> impl Iterator<Item = statements::NewRow<'_>> {
        self.deliveries.iter().map(|row| (self.lease, row))
    }
}

impl Job for Insert {
    fn action(&self) -> &'static str {
        self.action
    }

    fn run<'a>(&'a mut self, connection: &'a mut SqliteConnection) -> BoxFuture<'a, ()> {
        Box::pin(async { insert_all(connection, &mut vec![self]).await })
    }

    fn as_insert(&mut self) -> Option<&mut Insert> {
        Some(self)
    }

    fn end(self: Box<Self>, outcome: Result<(), StoreError>) {
        let Self {
            action,
            result,
            reply,
            ..
        } = *self;
        tell(action, result, reply, outcome);
    }
}

/// A write that a closure runs.
pub(super) struct Write<T, F> {
    action: &'static str,
    run: F,
    result: Option<T>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Write<T, F> {
    pub(super) fn new(action: &'static str, run: F) -> (Box<Self>, Answer<T>) {
        let (reply, answer) = oneshot::channel();
        let write = Self {
            action,
            run,
            result: None,
            reply,
        };
        (Box::new(write), answer)
    }
}

impl<T, F> Job for Write<T, F>
where
    T: Send,
    F: for<'a> Fn(&'a mut SqliteConnection) -> BoxFuture<'a, T> + Send,
{
    fn action(&self) -> &'static str {
        self.action
    }

    fn run<'a>(&'a mut self, connection: &'a mut SqliteConnection) -> BoxFuture<'a, ()> {
        let run = (self.run)(connection);
        Box::pin(async {
            self.result = Some(run.await?);
            Ok(())
        })
    }

    fn end(self: Box<Self>, outcome: Result<(), StoreError>) {
        let Self {
            action,
            result,
            reply,
            ..
        } = *self;
        tell(action, result, reply, outcome);
    }
}

fn tell<T>(
    action: &'static str,
    result: Option<T>,
    reply: oneshot::Sender<Result<T, StoreError>>,
    outcome: Result<(), StoreError>,
) {
    let outcome = outcome.and_then(|()| {
        result.ok_or_else(|| StoreError::new(action, StoreErrorKind::Other, "it was not run"))
    });
    // The caller may have gone.
    let _ = reply.send(outcome);
}
