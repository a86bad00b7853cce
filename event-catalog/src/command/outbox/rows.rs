//! A delivery or a dead letter, in words and as data.

use std::time::{Duration, SystemTime};

use event_core::wire::Codec;
use event_outbox::store::{DeadLetter, Stored};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// What is stored of one event for one handler.
#[derive(Serialize)]
pub(super) struct Row {
    pub(super) event_id: Uuid,
    pub(super) event: String,
    pub(super) version: u32,
    pub(super) handler: String,
    pub(super) key: Option<String>,
    pub(super) state: State,
    pub(super) attempts: u32,
    pub(super) crashes: u32,
    /// What went wrong the last time.
    pub(super) error: Option<String>,
    pub(super) stored_at: String,
    #[serde(skip)]
    pub(super) body: Vec<u8>,
}

/// What becomes of it.
#[derive(Serialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub(super) enum State {
    Waiting {
        since: String,
        #[serde(skip)]
        age: Duration,
    },
    Running {
        until: String,
        #[serde(skip)]
        left: Duration,
    },
    Delayed {
        until: String,
        #[serde(skip)]
        left: Duration,
    },
    Dead {
        since: String,
        reason: String,
        #[serde(skip)]
        age: Duration,
    },
}

impl State {
    /// Returns `due for 3s`, `running, leased for 20s`, `due in 5m`, `dead for 2h (no attempts left)`.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Waiting { age, .. } => format!("due for {}", length(*age)),
            Self::Running { left, .. } => format!("running, leased for {}", length(*left)),
            Self::Delayed { left, .. } => format!("due in {}", length(*left)),
            Self::Dead { age, reason, .. } => format!("dead for {} ({reason})", length(*age)),
        }
    }

    pub(super) fn is_dead(&self) -> bool {
        matches!(self, Self::Dead { .. })
    }
}

impl From<Stored> for Row {
    fn from(stored: Stored) -> Self {
        let now = SystemTime::now();
        let state = match stored.due_at.duration_since(now) {
            Ok(left) if stored.owner.is_some() => State::Running {
                until: time(stored.due_at),
                left,
            },
            Ok(left) => State::Delayed {
                until: time(stored.due_at),
                left,
            },
            Err(passed) => State::Waiting {
                since: time(stored.due_at),
                age: passed.duration(),
            },
        };
        Self {
            event_id: stored.event_id,
            event: stored.event,
            version: stored.version,
            handler: stored.handler,
            key: stored.key,
            state,
            attempts: stored.attempts,
            crashes: stored.crashes,
            error: stored.last_error.filter(|error| !error.is_empty()),
            stored_at: time(stored.created_at),
            body: stored.body,
        }
    }
}

impl From<DeadLetter> for Row {
    fn from(letter: DeadLetter) -> Self {
        let age = SystemTime::now().duration_since(letter.died_at);
        Self {
            event_id: letter.event_id,
            event: letter.event,
            version: letter.version,
            handler: letter.handler,
            key: letter.key,
            state: State::Dead {
                since: time(letter.died_at),
                reason: letter.reason,
                age: age.unwrap_or_default(),
            },
            attempts: letter.attempts,
            crashes: letter.crashes,
            error: Some(letter.cause).filter(|cause| !cause.is_empty()),
            stored_at: time(letter.created_at),
            body: letter.body,
        }
    }
}

/// Returns a time as `2026-11-29T05:16:00Z`.
fn time(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(time).to_string()
}

/// Returns `2h 30m`, in at most two units, of which a second is the smallest.
pub(super) fn length(length: Duration) -> String {
    let text = humantime::format_duration(Duration::from_secs(length.as_secs())).to_string();
    let units: Vec<_> = text.split(' ').take(2).collect();
    units.join(" ")
}

/// Reads the data of a stored event, with what the event redacts masked.
///
/// # Errors
///
/// Why this program cannot read it. It is not shown then, since nobody knows what must be masked.
pub(super) fn data(body: &[u8]) -> Result<Value, String> {
    let codec = Codec::new("/events/outbox").map_err(|error| error.to_string())?;
    let codec = codec.size_limit(usize::MAX).allow_echoes();
    let envelope = codec.decode(body).map_err(|error| error.to_string())?;
    envelope.event().json().map_err(|error| error.to_string())
}
