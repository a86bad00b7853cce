//! How deliveries end.

use std::fmt;

/// How one delivery, one event for one handler, ended. Each ends exactly once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeliveryStatus {
    /// The handler ran and did not fail.
    Done,
    /// The handler returned an error, or one of its parameters refused the delivery.
    Failed,
    /// The handler, its filter or one of its parameters panicked.
    Panicked,
    /// An async handler took longer than its `timeout`, and was dropped.
    TimedOut,
    /// The handler was not called.
    Skipped(SkipReason),
    /// The queue was full and rejects deliveries, the handler was at its `concurrency`, or the
    /// dispatcher was closed.
    Rejected,
    /// The queue was full and drops deliveries.
    Dropped,
    /// The `emit_async` that it belonged to was dropped before it ended.
    Cancelled,
    /// The runtime ended, or a shutdown ran out of time.
    Abandoned,
}

impl DeliveryStatus {
    /// Returns one word for labels and fields: `done`, `failed`, `panicked`, `timed_out`, `skipped`,
    /// `rejected`, `dropped`, `cancelled`, `abandoned`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Panicked => "panicked",
            Self::TimedOut => "timed_out",
            Self::Skipped(_) => "skipped",
            Self::Rejected => "rejected",
            Self::Dropped => "dropped",
            Self::Cancelled => "cancelled",
            Self::Abandoned => "abandoned",
        }
    }

    /// The number of statuses in a list of counts.
    pub(crate) const WAYS: usize = 10;

    /// Returns the index of the status in a list of counts.
    pub(crate) fn index(self) -> usize {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Panicked => 2,
            Self::TimedOut => 3,
            Self::Skipped(SkipReason::Filter) => 4,
            Self::Skipped(_) => 5,
            Self::Rejected => 6,
            Self::Dropped => 7,
            Self::Cancelled => 8,
            Self::Abandoned => 9,
        }
    }
}

/// Why a handler was not called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SkipReason {
    /// Its `filter` returned `false`.
    Filter,
    /// An earlier handler of a stoppable event returned `ControlFlow::Break`.
    Break,
    /// An earlier handler failed, and the event was emitted with
    /// [`fail_fast`](crate::Dispatcher::fail_fast).
    EarlierFailure,
    /// The subscription was cancelled, or its target ended, after its delivery was handed to a task or a
    /// queue, or after observers were told that it starts. No report counts it as skipped; a queue
    /// [does](crate::queue::QueueCounts::skipped).
    Cancelled,
}

impl fmt::Display for DeliveryStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Panicked => "panicked",
            Self::Skipped(SkipReason::Filter) => "skipped: its filter did not hold",
            Self::Skipped(SkipReason::Break) => "skipped: an earlier handler stopped the emission",
            Self::Skipped(SkipReason::EarlierFailure) => "skipped: an earlier handler failed",
            Self::Skipped(SkipReason::Cancelled) => "skipped: the subscription was cancelled",
            Self::TimedOut => "timed out",
            Self::Rejected => "rejected",
            Self::Dropped => "dropped: the queue was full",
            Self::Cancelled => "cancelled",
            Self::Abandoned => "abandoned",
        })
    }
}
