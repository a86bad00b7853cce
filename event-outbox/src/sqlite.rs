//! An outbox in an SQLite file: nothing to install, and nothing to start.
//!
//! ```
//! use event_core::{Dispatcher, Event, handler};
//! use event_outbox::sqlite::{Outbox, Tx};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Event, Serialize, Deserialize)]
//! #[event(name = "shop.order_placed", durable)]
//! struct OrderPlaced { order_id: i64 }
//!
//! #[handler(durable, id = "books.enter", retry(attempts = 10, backoff = "1s..1h"))]
//! async fn enter(event: &OrderPlaced, tx: &mut Tx) -> Result<(), sqlx::Error> {
//!     let entry = sqlx::query("INSERT INTO book VALUES (?)").bind(event.order_id);
//!     entry.execute(tx.connection()).await?; // committed with the end of the delivery
//!     Ok(())
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let file = folder.path().join("shop.db");
//! let outbox = Outbox::open(&file).await?;
//! let dispatcher = Dispatcher::builder().outbox(&outbox).build()?;
//!
//! let mut tx = outbox.begin().await?;
//! sqlx::query("CREATE TABLE book (order_id)").execute(tx.connection()).await?;
//! tx.emit(OrderPlaced { order_id: 7 })?;
//! tx.commit().await?; // the event is stored with the data, and then handled
//! outbox.join(std::time::Duration::from_secs(30)).await; // until it is
//! # drop(dispatcher);
//! # Ok(()) }
//! ```

use std::path::Path;

use crate::error::OutboxError;
use crate::settings::Settings;
pub use crate::store::sqlite::MIGRATIONS;
pub use crate::store::{Sqlite, SqliteBuilder};

/// An outbox in an SQLite file.
pub type Outbox = crate::Outbox<Sqlite>;

/// A transaction of SQLite that emits events.
pub type Tx = crate::Tx<Sqlite>;

/// A savepoint of a transaction of SQLite.
pub type Savepoint<'t> = crate::Savepoint<'t, Sqlite>;

impl Outbox {
    /// Opens an outbox in a file, which is made if there is none, with the default [`Settings`].
    ///
    /// # Errors
    ///
    /// The file cannot be opened, or its tables cannot be made.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, OutboxError> {
        Self::open_on(Sqlite::open(path).await?, Settings::default()).await
    }

    /// Opens an outbox in memory, which ends with it: for tests.
    ///
    /// # Errors
    ///
    /// There is no memory.
    pub async fn in_memory() -> Result<Self, OutboxError> {
        Self::open_on(Sqlite::in_memory().await?, Settings::default()).await
    }
}
