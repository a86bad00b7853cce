//! What people and tools ask a store for.

use std::time::{Duration, SystemTime};

use uuid::Uuid;

use super::Owner;

/// Which rows are meant: those that fit everything that is set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this event.
    pub event_id: Option<Uuid>,
    /// Of the handler with this id.
    pub handler: Option<String>,
    /// Of events with this declared name.
    pub event: Option<String>,
    /// Inserted or, of dead letters, died at least so long ago, by the database's clock.
    pub older_than: Option<Duration>,
}

/// A delivery as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The row's number.
    pub seq: i64,
    /// The event's id.
    pub event_id: Uuid,
    /// The handler's stable id.
    pub handler: String,
    /// The event's declared name.
    pub event: String,
    /// The version of the event's schema.
    pub version: u32,
    /// What it is ordered by.
    pub key: Option<String>,
    /// The event with its envelope.
    pub body: Vec<u8>,
    /// When it may be claimed.
    pub due_at: SystemTime,
    /// How often it was claimed.
    pub attempts: u32,
    /// The token of the last claim.
    pub token: i64,
    /// To whom it is leased.
    pub owner: Option<Owner>,
    /// How often it was leased when its owner died or its lease lapsed.
    pub crashes: u32,
    /// Why it failed the last time.
    pub last_error: Option<String>,
    /// When it was inserted.
    pub created_at: SystemTime,
}

/// A delivery that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The row's number, which is not that of the delivery.
    pub seq: i64,
    /// The event's id.
    pub event_id: Uuid,
    /// The handler's stable id.
    pub handler: String,
    /// The event's declared name.
    pub event: String,
    /// The version of the event's schema.
    pub version: u32,
    /// What it was ordered by.
    pub key: Option<String>,
    /// The event with its envelope.
    pub body: Vec<u8>,
    /// How often it was claimed.
    pub attempts: u32,
    /// How often it was leased when its owner died or its lease lapsed.
    pub crashes: u32,
    /// Why it was not tried again.
    pub reason: String,
    /// What went wrong.
    pub cause: String,
    /// When it was inserted.
    pub created_at: SystemTime,
    /// When it was given up.
    pub died_at: SystemTime,
}

/// How many rows a handler has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HandlerStatus {
    /// The handler's stable id.
    pub handler: String,
    /// Whether it is one of those that were asked for. Rows of others wait for a program that has the handler.
    pub is_known: bool,
    /// Due, and not leased to anybody whose lease lasts.
    pub waiting: u64,
    /// Leased.
    pub running: u64,
    /// Not due yet.
    pub delayed: u64,
    /// Dead letters.
    pub dead: u64,
    /// For how long the oldest one of those that wait has been due.
    pub oldest: Option<Duration>,
}

impl HandlerStatus {
    /// Returns whether the handler has neither deliveries nor dead letters.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.waiting == 0 && self.running == 0 && self.delayed == 0 && self.dead == 0
    }
}

/// What a readiness probe and an alarm look at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Health {
    /// For how long the oldest delivery has been due that nobody works on, of the handlers that were asked for.
    pub oldest: Option<Duration>,
    /// Dead letters, of all handlers.
    pub dead: u64,
    /// Deliveries of handlers that were not asked for. They wait for a program that has the handler.
    pub orphaned: u64,
}

/// What became of an event that was to be cancelled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cancelled {
    /// Deliveries that are gone.
    pub deleted: u64,
    /// Deliveries that are leased, and stay.
    pub running: u64,
}

/// What was freed of owners that are dead.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recovered {
    /// How many owners were found dead.
    pub owners: u64,
    /// How many rows were freed.
    pub rows: u64,
}

/// How far ahead a row can be due whose time is not the emitter's choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The longest lease that any process takes.
    pub lease: Duration,
    /// The longest wait for a retry.
    pub wait: Duration,
}

/// What became of dead letters that were to be delivered again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Redelivered {
    /// How many are deliveries again.
    pub delivered: u64,
    /// How many stay dead, since their event and handler have another delivery.
    pub duplicates: u64,
    /// The number of the last one that was looked at.
    pub last: Option<i64>,
}
