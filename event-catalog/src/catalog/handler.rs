//! A handler of the catalogue.

use serde::{Deserialize, Serialize};

use super::{EventId, Place, Text};

/// A handler, as its function and its attribute declare it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HandlerEntry {
    /// The Rust path of the function, for people.
    pub name: Text,
    /// The text of the doc comments above the function.
    pub documentation: Option<Text>,
    /// The name of a durable handler in the store of its outbox.
    pub id: Option<Text>,
    /// Names that a durable handler had before, under which deliveries may still be stored.
    #[serde(default)]
    pub aliases: Vec<Text>,
    /// Where the handler runs.
    pub delivery: Delivery,
    /// The queue that its deliveries wait in, as it is declared.
    pub queue: Option<QueueEntry>,
    /// Whether it is a catch-all, which sees every event, or those that its pattern matches.
    pub is_catch_all: bool,
    /// The pattern of a catch-all; `None` for one that sees every event.
    pub pattern: Option<Text>,
    /// The predicate that an event must satisfy.
    pub filter: Option<Text>,
    /// The priority; lower runs first.
    pub priority: i32,
    /// The paths of the functions that must have ended before.
    pub after: Vec<Text>,
    /// The paths of the functions that start later.
    pub before: Vec<Text>,
    /// How long a call may take, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// How many tasks an async handler may have at once, if its attribute says it.
    pub concurrency: Option<u32>,
    /// How a failed delivery is tried again.
    pub retry: Option<Retry>,
    /// The events that its return type and its `Emitter` declare.
    pub causes: Vec<EventId>,
    /// Whether a dispatcher has it only if the builder names it or its module.
    pub is_opt_in: bool,
    /// The crate that defines it, as its paths begin.
    #[serde(rename = "crate")]
    pub crate_name: Text,
    /// The package that defines it, if cargo compiled it.
    pub package: Option<Text>,
    /// The place of its function.
    pub place: Place,
}

/// Where a handler runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Delivery {
    /// On the emitter's stack, before `emit` returns.
    Inline,
    /// As a future: inside of an `emit_async`, or as a task after `emit`.
    Async,
    /// On a thread or in a task that serves a queue.
    Queued,
    /// Where the owner of a value pumps a local queue.
    Local,
    /// In the emitter's transaction, right before it commits.
    BeforeCommit,
    /// As a stored delivery, after the emitter's transaction has committed.
    Durable,
}

/// The queue of a handler, as it is declared; a builder may change its settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueEntry {
    /// The name.
    pub name: Text,
    /// How many deliveries may wait.
    pub capacity: usize,
    /// How many deliveries may run at once.
    pub consumers: usize,
    /// What happens to a delivery that finds the queue full.
    pub overflow: Overflow,
}

/// What happens to a delivery that finds its queue full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Overflow {
    /// It waits for capacity where the emitter can wait; elsewhere it is a failure.
    Wait,
    /// It is rejected, which is a failure.
    Reject,
    /// The oldest delivery that waits is dropped instead.
    DropOldest,
    /// It is dropped.
    DropNewest,
}

/// How a failed delivery is tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry {
    /// How often the handler is called at most, its first call included.
    pub attempts: u32,
    /// The longest wait before the second attempt, in milliseconds; it doubles with each attempt.
    pub first_wait_ms: u64,
    /// The longest wait before any attempt, in milliseconds.
    pub last_wait_ms: u64,
    /// Whether later deliveries of the same key wait meanwhile.
    pub is_ordered: bool,
}

impl Delivery {
    /// Returns one word: `inline`, `async`, `queued`, `local`, `before_commit`, `durable`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inline => "inline",
            Self::Async => "async",
            Self::Queued => "queued",
            Self::Local => "local",
            Self::BeforeCommit => "before_commit",
            Self::Durable => "durable",
        }
    }
}
