//! What a store is given, and what it gives out.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use uuid::Uuid;

/// One run of a process that works on deliveries. A process that starts again is another owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner(Uuid);

impl Owner {
    /// An owner that nobody else is.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "no two are equal")]
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }

    /// The owner that a store has written down.
    #[must_use]
    pub const fn from_id(id: Uuid) -> Self {
        Self(id)
    }

    /// What stands in the database.
    #[must_use]
    pub const fn id(self) -> Uuid {
        self.0
    }
}

/// For whom and for how long a row is leased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// Who works on it.
    pub owner: Owner,
    /// How long nobody else may, from now; whole milliseconds.
    pub length: Duration,
}

/// A delivery to be inserted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelivery {
    /// The event's id.
    pub event_id: Uuid,
    /// The handler's stable id.
    pub handler: Cow<'static, str>,
    /// The event's declared name.
    pub event: Cow<'static, str>,
    /// The version of the event's schema.
    pub version: u32,
    /// Deliveries of one handler and one key come one after the other; those without a key in any order.
    pub key: Option<Arc<str>>,
    /// The event with its envelope. The store does not look into it.
    pub body: Arc<[u8]>,
    /// When it may be claimed.
    pub due: Due,
}

/// When a delivery may be claimed for the first time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Due {
    /// At once.
    #[default]
    Now,
    /// After a while, by the database's clock; whole milliseconds.
    After(Duration),
    /// From a time on, by the database's clock; at once if it has passed.
    At(SystemTime),
}

/// The right to change a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fence {
    /// The row's number. A number is never used twice.
    pub seq: i64,
    /// The row's token. It grows with each claim.
    pub token: i64,
}

/// What became of a delivery that was to be inserted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inserted {
    /// It is there, and leased, with one attempt counted.
    Leased(Fence),
    /// It is there, with this number, and waits to be claimed.
    Waiting(i64),
    /// The event's id and the handler had a row already, which stays as it is.
    Duplicate,
}

#[cfg(any(feature = "postgres", feature = "sqlite"))]
impl Inserted {
    /// Says what the row that was written became; there is none if there was one already.
    pub(super) fn of(fence: Option<Fence>) -> Self {
        match fence {
            None => Self::Duplicate,
            Some(Fence { seq, token: 0 }) => Self::Waiting(seq),
            Some(fence) => Self::Leased(fence),
        }
    }
}

/// A delivery to be carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// Its number, and the token of this claim.
    pub fence: Fence,
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
    /// How often it was claimed, with this time.
    pub attempts: u32,
    /// How often it was leased when its owner died or its lease lapsed.
    pub crashes: u32,
    /// When it was inserted, by the database's clock.
    pub created_at: SystemTime,
}

/// A failed delivery that is to be tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// Which.
    pub fence: Fence,
    /// After how long; whole milliseconds.
    pub wait: Duration,
    /// Why it failed.
    pub error: String,
}

/// A delivery that is given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Burial {
    /// Which.
    pub fence: Fence,
    /// Why it is not tried again, as a word or two that can be counted.
    pub reason: Cow<'static, str>,
    /// What went wrong.
    pub cause: String,
}
