//! When emitted events are written, and how many bytes wait until then.

use std::time::{Duration, Instant};

/// The most bytes that wait with [`FlushPolicy::Interval`], however long the interval is.
const BLOCK: u64 = 64 * 1024;

/// When a [`JournalWriter`](crate::wire::journal::writer::JournalWriter) flushes emitted events to its
/// writer, or syncs the writer.
///
/// Flushed events survive the end of the program: the operating system has them, where no signal to the
/// program can affect them. Synced events survive a power failure, too. Other events wait in memory, and
/// are lost with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum FlushPolicy {
    /// At each event, before its handlers run. This is the default: a program that is killed loses no
    /// event whose emit has returned.
    ///
    /// Events that threads emit at the same time are written together.
    #[default]
    EachEvent,
    /// At the latest this long after an event was emitted, whether or not another one follows; and
    /// whenever 64 KiB wait to be flushed. The journal writer has a thread for it, which ends with it. An
    /// interval of zero is [`EachEvent`](Self::EachEvent).
    Interval(Duration),
    /// Whenever this many bytes wait, and when the caller flushes.
    Bytes(u64),
}

/// The bytes that wait to be flushed, or to be synced.
#[derive(Debug)]
pub(crate) struct Pending {
    bytes: u64,
    /// The number of bytes at which they are written.
    most: u64,
    interval: Option<Duration>,
    /// When the interval of the first byte ends.
    deadline: Option<Instant>,
}

impl Pending {
    pub(crate) fn flush(policy: FlushPolicy) -> Self {
        Self::new(policy, BLOCK)
    }

    pub(crate) fn sync(policy: FlushPolicy) -> Self {
        Self::new(policy, u64::MAX)
    }

    fn new(policy: FlushPolicy, most_in_interval: u64) -> Self {
        let (most, interval) = match policy {
            FlushPolicy::EachEvent | FlushPolicy::Interval(Duration::ZERO) => (1, None),
            FlushPolicy::Interval(interval) => (most_in_interval, Some(interval)),
            FlushPolicy::Bytes(bytes) => (bytes.max(1), None),
        };
        Self {
            bytes: 0,
            most,
            interval,
            deadline: None,
        }
    }

    /// Whether a thread is needed for the interval.
    pub(crate) fn has_interval(&self) -> bool {
        self.interval.is_some()
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Adds bytes; returns whether an interval began with them.
    pub(crate) fn add(&mut self, bytes: u64) -> bool {
        let begins = self.bytes == 0 && self.interval.is_some();
        if begins {
            // An interval whose end cannot be expressed never ends.
            let end = |interval| Instant::now().checked_add(interval);
            self.deadline = self.interval.and_then(end);
        }
        self.bytes += bytes;
        begins
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// Whether too many bytes wait.
    pub(crate) fn is_full(&self) -> bool {
        self.bytes >= self.most
    }

    /// Whether the first of the bytes has waited for too long.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= now)
    }

    /// Counts all bytes as written.
    pub(crate) fn clear(&mut self) {
        self.bytes = 0;
        self.deadline = None;
    }
}
