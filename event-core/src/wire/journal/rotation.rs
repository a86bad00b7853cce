//! When a record ends, and the next one begins.

use std::time::Duration;

/// When a [`JournalWriter`](crate::wire::journal::writer::JournalWriter) ends its record and begins another: by size, by age, or by
/// whichever comes first.
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
    /// A record has at most so many bytes, unless one event alone has more.
    #[must_use]
    pub const fn bytes(most: u64) -> Self {
        Self {
            bytes: Some(most),
            age: None,
        }
    }

    /// The first event that comes when a record is so old begins the next one.
    #[must_use]
    pub const fn age(most: Duration) -> Self {
        Self {
            bytes: None,
            age: Some(most),
        }
    }

    /// A record has at most so many bytes, too.
    #[must_use]
    pub const fn or_bytes(mut self, most: u64) -> Self {
        self.bytes = Some(most);
        self
    }

    /// A record ends when it is so old, too.
    #[must_use]
    pub const fn or_age(mut self, most: Duration) -> Self {
        self.age = Some(most);
        self
    }
}
