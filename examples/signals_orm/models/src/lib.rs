//! The tables, and the one place that says what was saved.
//!
//! A model tells what became of it from SeaORM's own hook, `ActiveModelBehavior::after_save`: see
//! `user.rs`. That only adds to two lists of the task (`pending.rs`), since nothing is true before the
//! commit. One has a [`PostSave`] for each save, in memory: [`Store::atomic`] has a unit of work for each transaction,
//! which emits the list after the commit, and drops and counts it after a rollback. The other has the durable events of
//! `events.rs`: they are stored in the transaction, and stay until each durable handler has succeeded.
//!
//! Nothing here knows who listens.

mod events;
mod pending;
mod post_save;
mod store;

#[allow(missing_docs, reason = "most of it is what SeaORM derives")]
pub mod order;
#[allow(missing_docs, reason = "most of it is what SeaORM derives")]
pub mod user;

pub use events::{AccountChanged, OrderPlaced, UserSignedUp};
pub use order::Model as Order;
pub use post_save::PostSave;
pub use store::{Committed, Store, savepoint};
pub use user::Model as User;
