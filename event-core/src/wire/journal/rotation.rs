//! When a journal ends, and the next one begins.

use std::time::Duration;

/// When a [`JournalWriter`](crate::wire::journal::writer::JournalWriter) ends its journal and starts
/// another: by size, by age, or by the first of both.
///
/// # Examples
///
/// ```standalone_crate
/// use event_core::wire::journal::Rotation;
/// use std::time::Duration;
///
/// let rotation = Rotation::bytes(64 << 20).or_age(Duration::from_secs(24 * 60 * 60));
/// assert_ne!(rotation, Rotation::bytes(64 << 20));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    pub(crate) bytes: Option<u64>,
    pub(crate) age: Option<Duration>,
}

impl Rotation {
    /// Limits a journal to `most` bytes, unless one event alone has more.
    #[must_use]
    pub const fn bytes(most: u64) -> Self {
        Self {
            bytes: Some(most),
            age: None,
        }
    }

    /// Starts the next journal with the first event after the journal has this age.
    #[must_use]
    pub const fn age(most: Duration) -> Self {
        Self {
            bytes: None,
            age: Some(most),
        }
    }

    /// Limits a journal to `most` bytes, too.
    #[must_use]
    pub const fn or_bytes(mut self, most: u64) -> Self {
        self.bytes = Some(most);
        self
    }

    /// Ends a journal at this age, too.
    #[must_use]
    pub const fn or_age(mut self, most: Duration) -> Self {
        self.age = Some(most);
        self
    }
}
