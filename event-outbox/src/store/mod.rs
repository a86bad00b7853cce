//! Where deliveries are kept: the trait [`Store`], and the stores that implement it.
//!
//! A delivery is one row, with all that is needed to carry it out. It is found by its number and fenced by a token,
//! which grows by one each time that the delivery is claimed: whoever has an older token cannot change it any more.
//! One column, `due_at`, is the time at which a row may be claimed, whether it is new, waits for a retry, or is leased
//! to somebody whose lease lapses then. All times are those of the database's clock.

mod delivery;
mod error;
mod migration;
#[cfg(feature = "postgres")]
pub(crate) mod postgres;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod row;
#[cfg(all(feature = "sea-orm", any(feature = "postgres", feature = "sqlite")))]
mod sea_orm;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;
mod view;

use std::future::Future;
use std::time::Duration;

use sqlx::{Database, Transaction};
use uuid::Uuid;

pub use delivery::{Burial, Claimed, Due, Fence, Inserted, Lease, NewDelivery, Owner, Retry};
pub use error::{StoreError, StoreErrorKind};
pub use migration::Migration;
#[cfg(feature = "postgres")]
#[cfg_attr(docsrs, doc(cfg(feature = "postgres")))]
pub use postgres::{Postgres, PostgresBuilder};
#[cfg(feature = "sqlite")]
#[cfg_attr(docsrs, doc(cfg(feature = "sqlite")))]
pub use sqlite::{Sqlite, SqliteBuilder};
pub use view::{
    Bounds, Cancelled, DeadLetter, Filter, HandlerStatus, Health, Recovered, Redelivered, Stored,
};

/// From how many crashes on a delivery is made alone.
pub(crate) const SUSPECT: u32 = 3;

/// A database that keeps deliveries.
///
/// Several processes may use one database, and each does the same: none of them leads.
///
/// # Cancellation
///
/// If a future of a method is dropped, what it was to do happens completely or not at all, and nobody can say which. A
/// row that was claimed or leased meanwhile stays leased until its lease lapses. What happens on a connection of the
/// caller's own, in the methods that end with `_in`, ends with the caller's transaction.
///
/// # Errors
///
/// Each method returns a [`StoreError`] with what was being done, and a [`kind`](StoreError::kind) that says what can
/// be done about it. A fence that is stale is not an error: the methods return what was really changed.
pub trait Store: Send + Sync + 'static {
    /// The database of sqlx.
    type Database: Database;

    /// Makes the tables, or brings them to what this version of the crate wants.
    ///
    /// Any number of processes may call it at the same moment. A database that a newer version has migrated is
    /// accepted, as long as that version says that this one can work with it.
    fn migrate(&self) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The migrations in their order, with their SQL, for those who apply them by other means.
    fn migrations(&self) -> &'static [Migration];

    /// Starts a transaction in which deliveries and the data that they belong to are written.
    ///
    /// SQLite has one writer: other writes wait until the transaction ends.
    fn begin(
        &self,
    ) -> impl Future<Output = Result<Transaction<'static, Self::Database>, StoreError>> + Send;

    /// Inserts deliveries in the caller's transaction; returns what became of each, in their order.
    ///
    /// With a lease, rows that are due at once are leased to its owner from the start, as if they had been claimed; a
    /// row with a key only if there is no other row of this handler and key yet. A second row for the same event and
    /// handler is not inserted. The order of the rows of one key is the order in which their transactions commit.
    ///
    /// The rows are nobody's before the transaction commits. A transaction that takes longer than its lease has lost
    /// it by then: see [`extend`](Self::extend).
    ///
    /// On PostgreSQL the keys of ordered deliveries are locked until the end of the transaction.
    fn insert_in(
        &self,
        connection: &mut <Self::Database as Database>::Connection,
        lease: Option<Lease>,
        deliveries: &[NewDelivery],
    ) -> impl Future<Output = Result<Vec<Inserted>, StoreError>> + Send;

    /// Inserts deliveries in a transaction of their own, as [`insert_in`](Self::insert_in) does.
    ///
    /// SQLite writes and syncs what waits at the same moment in one transaction.
    fn insert(
        &self,
        lease: Option<Lease>,
        deliveries: Vec<NewDelivery>,
    ) -> impl Future<Output = Result<Vec<Inserted>, StoreError>> + Send;

    /// Leases up to `limit` due deliveries of these handlers to an owner; returns them in the order of their numbers.
    ///
    /// Never returns a delivery of another handler. One with a key is returned only if no earlier one of its handler
    /// and key exists, whatever that one waits for: a delivery that is to be late holds those behind it back. If the
    /// row was still leased, its lease has lapsed, and that counts as a crash.
    ///
    /// An owner that was suspended can be given a row that it still works on; what that work comes to is then stale.
    fn claim(
        &self,
        lease: Lease,
        handlers: &[&str],
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Claimed>, StoreError>> + Send;

    /// Deletes deliveries that succeeded; returns those that were there, with this token.
    fn complete(
        &self,
        fences: &[Fence],
    ) -> impl Future<Output = Result<Vec<Fence>, StoreError>> + Send;

    /// Deletes a delivery in the transaction of its handler; returns whether it was there, with this token.
    ///
    /// If not, the transaction must be rolled back: somebody else handles the delivery.
    fn complete_in(
        &self,
        connection: &mut <Self::Database as Database>::Connection,
        fence: Fence,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Gives failed deliveries back, to be tried again after a while; returns those that were there, with this token.
    fn retry(
        &self,
        retries: &[Retry],
    ) -> impl Future<Output = Result<Vec<Fence>, StoreError>> + Send;

    /// Makes dead letters of deliveries; returns those that were there, with this token.
    fn bury(
        &self,
        burials: &[Burial],
    ) -> impl Future<Output = Result<Vec<Fence>, StoreError>> + Send;

    /// Makes a dead letter of a delivery in a transaction of the caller's; returns whether it was there, with this
    /// token.
    fn bury_in(
        &self,
        connection: &mut <Self::Database as Database>::Connection,
        burial: &Burial,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Gives back what was not started, due at once and without an attempt counted; returns those that were leased,
    /// with this token.
    fn release(
        &self,
        fences: &[Fence],
    ) -> impl Future<Output = Result<Vec<Fence>, StoreError>> + Send;

    /// Lets leases last for `length` from now; returns those that still were the owner's.
    ///
    /// One statement for all that a process works on. What it does not name lapses, so that a row whose handler is
    /// gone without a word is not kept for ever.
    fn extend(
        &self,
        fences: &[Fence],
        length: Duration,
    ) -> impl Future<Output = Result<Vec<Fence>, StoreError>> + Send;

    /// Registers a run of this process, so that others know when it is dead.
    ///
    /// SQLite locks a file beside the database, PostgreSQL holds an advisory lock on a connection of its own.
    fn register(&self, owner: Owner) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Ends the registration of an owner that has given back what it had.
    fn unregister(&self, owner: Owner) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Frees the rows of owners that are dead: they are due at once, with one more crash. A row with three crashes gets
    /// another one only if it was the only row of its owner, since another row may have killed the process.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Unregistered`] if `owner` itself is not registered any more, since the connection that said
    /// so was lost: others take it for dead, and it has to go on as another owner.
    fn recover(&self, owner: Owner) -> impl Future<Output = Result<Recovered, StoreError>> + Send;

    /// Brings leases and retries back that lie further ahead than anybody asked for, since the database's clock was
    /// set back; returns how many. What was to be delivered at a time of the caller's choice stays.
    ///
    /// Reads all rows: meant for the start, and for once in a minute.
    fn clamp(&self, bounds: Bounds) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// How long it is until a delivery of these handlers can be claimed: zero if one can, `None` if there is none.
    ///
    /// A leased row counts with the end of its lease, and a row behind another one of its key does not count.
    fn next_due(
        &self,
        handlers: &[&str],
    ) -> impl Future<Output = Result<Option<Duration>, StoreError>> + Send;

    /// Waits until another process may have written a delivery.
    ///
    /// Returns at once the first time. Wakes up more often than needed, and can miss what happens while a connection is
    /// lost: it saves time, and does not replace asking from time to time. Never ends for a store that has nobody to
    /// hear of. One task at a time waits.
    ///
    /// # Cancellation
    ///
    /// The future can be dropped at any time, and nothing is lost.
    fn changed(&self) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Wakes up other processes that wait in [`changed`](Self::changed), after a commit. An outbox calls it at most once
    /// in five milliseconds.
    ///
    /// SQLite sends a byte to the socket of each process. PostgreSQL sends a notification, on a connection of its own.
    fn notify(&self) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Deletes the deliveries of an event that nobody works on.
    fn cancel(&self, event: Uuid) -> impl Future<Output = Result<Cancelled, StoreError>> + Send;

    /// What is there, for each of these handlers and for each other handler that has rows, in the order of their
    /// names. Reads all rows.
    fn status(
        &self,
        handlers: &[&str],
    ) -> impl Future<Output = Result<Vec<HandlerStatus>, StoreError>> + Send;

    /// How old the oldest due delivery of these handlers is, and what nobody takes care of: the dead letters, and the
    /// deliveries of other handlers.
    ///
    /// What it costs grows with the number of dead letters and of orphaned deliveries, and not with the backlog.
    fn health(&self, handlers: &[&str]) -> impl Future<Output = Result<Health, StoreError>> + Send;

    /// Deliveries with a number above `after`, in the order of their numbers.
    fn list(
        &self,
        filter: &Filter,
        after: i64,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Stored>, StoreError>> + Send;

    /// Dead letters with a number above `after`, in the order of their numbers.
    fn dead(
        &self,
        filter: &Filter,
        after: i64,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<DeadLetter>, StoreError>> + Send;

    /// Makes deliveries of up to `limit` dead letters with a number above `after`, due at once, with their event's id
    /// and no attempts.
    ///
    /// The caller goes on after [`Redelivered::last`] until that is `None`.
    fn redeliver(
        &self,
        filter: &Filter,
        after: i64,
        limit: usize,
    ) -> impl Future<Output = Result<Redelivered, StoreError>> + Send;

    /// Deletes up to `limit` dead letters; returns how many. The caller goes on until there are none.
    fn purge(
        &self,
        filter: &Filter,
        limit: usize,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Ends all connections, after what has been asked for.
    fn close(&self) -> impl Future<Output = ()> + Send;
}
