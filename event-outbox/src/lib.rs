//! A transactional outbox for typed domain events: what was committed reaches each durable handler, whatever dies, and
//! what was rolled back reaches none.
//!
//! A program writes a row and says what happened in one transaction. The outbox stores the event with the row, one
//! *delivery* for each durable handler, and makes the deliveries after the commit: at once in this process, and, if the
//! process dies, in the next one that opens the same database. A delivery that fails is tried again, and becomes a
//! *dead letter* in the end, which is kept with its cause.
//!
//! See [`sqlite`] for a whole program. The parts of it:
//!
//! | | |
//! | --- | --- |
//! | `#[event(durable)]` | the event is emitted in a transaction, and by nothing else |
//! | `#[handler(durable, id = "…")]` | each delivery is stored under the id, and made at least once |
//! | … with `tx: &mut Tx` | the handler's statements, the events that it returns and the end of the delivery are one transaction: for what it writes there, the delivery is made exactly once |
//! | `#[handler(before_commit)]` | called in the emitter's transaction; an error makes the commit fail |
//! | `#[handler]` | called after the commit, in the process that committed, at most once |
//! | [`Outbox::begin`], [`Tx::emit`], [`Tx::commit`] | a transaction |
//! | [`Outbox::emit_in`] | emits in a transaction that the program began: of sqlx, or of SeaORM with the feature `sea-orm` |
//! | [`Outbox::status`], [`store::Store`] | what is waiting and what failed, and how to send it again |
//! | [`Outbox::health`] | for a readiness probe and for alarms; the feature `metrics` records it |
//!
//! Deliveries of an event with a `key` are made one after another for each handler and value of the key, in the order
//! of the commits; one that waits for its next attempt holds those behind it back. Deliveries of other events are made
//! in any order.
//!
//! A handler for effects outside of the database can be called twice for one event, if its process dies before the end
//! of the delivery is stored: it passes the event's [id](event_core::Meta::id) on, as the key by which the other side
//! recognises what it has done.

#![cfg_attr(docsrs, feature(doc_cfg))]

/// Passes a point at which a test can let the process die; nothing without the feature `failpoints`.
#[cfg(feature = "failpoints")]
macro_rules! failpoint {
    ($point:ident) => {
        crate::failpoints::pass(crate::failpoints::Point::$point)
    };
}

#[cfg(not(feature = "failpoints"))]
macro_rules! failpoint {
    ($point:ident) => {};
}

mod caller;
#[cfg(feature = "conformance")]
#[cfg_attr(docsrs, doc(cfg(feature = "conformance")))]
pub mod conformance;
mod emitted;
mod engine;
mod error;
#[cfg(feature = "failpoints")]
#[cfg_attr(docsrs, doc(cfg(feature = "failpoints")))]
pub mod failpoints;
#[cfg(feature = "metrics")]
mod metrics;
mod outbox;
mod pending;
#[cfg(feature = "postgres")]
#[cfg_attr(docsrs, doc(cfg(feature = "postgres")))]
pub mod postgres;
mod savepoint;
mod settings;
mod shared;
#[cfg(feature = "sqlite")]
#[cfg_attr(docsrs, doc(cfg(feature = "sqlite")))]
pub mod sqlite;
pub mod store;
mod tx;
mod uncommitted;
mod waiting;

pub use crate::caller::CallerTransaction;
pub use crate::error::OutboxError;
#[cfg(feature = "metrics")]
#[cfg_attr(docsrs, doc(cfg(feature = "metrics")))]
pub use crate::metrics::{Recording, record};
pub use crate::outbox::{Outbox, OutboxCounts};
pub use crate::pending::Pending;
pub use crate::savepoint::Savepoint;
pub use crate::settings::Settings;
pub use crate::tx::{Committed, Tx};
pub use crate::uncommitted::Uncommitted;

/// The sample of the package's page, as a doctest.
#[cfg(all(doctest, feature = "sqlite"))]
#[doc = include_str!("../README.md")]
struct Readme;
