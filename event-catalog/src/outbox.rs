//! The command `events outbox`: what an outbox has stored, and what to do about it.
//!
//! A program that mounts [`EventsArgs`](crate::EventsArgs) has it with the feature `sqlite` or `postgres`, for the database that
//! `--database` or the variable `DATABASE_URL` names. A program with a store of its own, or with an address that only it
//! knows, parses [`OutboxArgs`] and calls [`OutboxArgs::reply_on`].

pub use crate::command::outbox::{
    Chosen, ListArgs, MigrateArgs, OutboxArgs, OutboxCommand, PurgeArgs, RedeliverArgs, Selection,
    ShowArgs, StatusArgs,
};
