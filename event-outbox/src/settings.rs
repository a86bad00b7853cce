//! How an outbox makes its deliveries.

use std::time::Duration;

/// How an outbox makes its deliveries. Each has a default that suits a web service.
#[derive(Clone, Debug)]
#[must_use = "settings do nothing until an outbox is opened with them"]
pub struct Settings {
    pub(crate) source: String,
    pub(crate) concurrency: usize,
    pub(crate) backlog: usize,
    pub(crate) lease: Duration,
    pub(crate) poll: Duration,
    pub(crate) crash_limit: u32,
    pub(crate) size_limit: usize,
    pub(crate) migrates: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            source: "/outbox".to_owned(),
            concurrency: 64,
            backlog: 10_000,
            lease: Duration::from_secs(30),
            poll: Duration::from_secs(1),
            crash_limit: 10,
            size_limit: 1 << 20,
            migrates: true,
        }
    }
}

impl Settings {
    /// Makes settings with their defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the CloudEvents `source` of stored events, a URI reference; the default is `/outbox`. All programs that
    /// use one database have the same.
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.source = source.into();
        self
    }

    /// Sets how many deliveries run at once in this process, at least 1; the default is 64. A handler's own
    /// `concurrency` limits its own.
    pub fn concurrency(mut self, deliveries: usize) -> Self {
        self.concurrency = deliveries.max(1);
        self
    }

    /// Sets how many committed deliveries may wait in the memory of this process; the default is 10,000. Beyond it they
    /// wait in the database.
    pub fn backlog(mut self, deliveries: usize) -> Self {
        self.backlog = deliveries;
        self
    }

    /// Sets how long a delivery belongs to this process without a sign of life; the default is 30 s, the least 1 s.
    /// The process extends it while a handler runs. After it, others take the delivery over, also if the host is gone;
    /// if only the process is dead, they notice within seconds.
    pub fn lease(mut self, length: Duration) -> Self {
        self.lease = length.max(Duration::from_secs(1));
        self
    }

    /// Sets how often an idle process asks the database; the default is 1 s, the least 10 ms. Of three questions two are
    /// after dead processes and one is when the next delivery is due, which then is made at that time.
    pub fn poll(mut self, interval: Duration) -> Self {
        self.poll = interval.max(Duration::from_millis(10));
        self
    }

    /// Sets after how many crashes a delivery is a dead letter; the default is 10. A delivery crashes if its process
    /// dies while it has it, which is no attempt of its handler's `retry`. From the third on it is made alone, and only
    /// those crashes count in which it was alone, so that one that kills its process takes no other with it.
    ///
    /// A process that makes one alone waits until nothing else runs, for the length of a lease at most, and begins
    /// nothing else until it has ended.
    pub fn crash_limit(mut self, crashes: u32) -> Self {
        self.crash_limit = crashes.max(1);
        self
    }

    /// Sets how many bytes a stored event may have, its envelope included; the default is 1 MiB.
    pub fn size_limit(mut self, bytes: usize) -> Self {
        self.size_limit = bytes;
        self
    }

    /// Leaves the tables as they are when the outbox is opened; they must have been made before, by
    /// [`Store::migrate`](crate::store::Store::migrate) or with the statements of
    /// [`Store::migrations`](crate::store::Store::migrations).
    pub fn without_migrations(mut self) -> Self {
        self.migrates = false;
        self
    }
}
