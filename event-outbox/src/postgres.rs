//! An outbox in a PostgreSQL database, of as many processes as there are.

use crate::error::OutboxError;
use crate::settings::Settings;
pub use crate::store::postgres::MIGRATIONS;
pub use crate::store::{Postgres, PostgresBuilder};

/// An outbox in a PostgreSQL database.
pub type Outbox = crate::Outbox<Postgres>;

/// A transaction of PostgreSQL that emits events.
pub type Tx = crate::Tx<Postgres>;

/// A savepoint of a transaction of PostgreSQL.
pub type Savepoint<'t> = crate::Savepoint<'t, Postgres>;

impl Outbox {
    /// Opens an outbox in the database of a URL, with the default [`Settings`].
    ///
    /// # Errors
    ///
    /// The database cannot be reached, or its tables cannot be made.
    pub async fn connect(url: &str) -> Result<Self, OutboxError> {
        Self::open_on(Postgres::connect(url).await?, Settings::default()).await
    }
}
