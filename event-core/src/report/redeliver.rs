//! Redelivers a delivery that found no free capacity, or has failed.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// Why a delivery was not [redelivered](crate::report::Failure::redeliver).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedeliverError {
    /// The handler ran inline, and an event is not kept for inline handlers.
    #[error(
        "an inline handler runs inside of `emit`, which keeps no event for it: emit the event again, or \
         make the handler an `async fn` or give it a `queue`"
    )]
    Inline,
    /// The failure keeps no delivery: it is about none, the delivery has not ended, or it can not run again.
    #[error(
        "the failure keeps no delivery: only one that was rejected for lack of capacity, returned an error, \
         panicked or timed out in an async or queued handler can be redelivered"
    )]
    NotKept,
    /// It was redelivered before, or is being redelivered.
    #[error("the delivery was redelivered already, or is being redelivered")]
    Again,
    /// The dispatcher is gone, shut down or being shut down, or its queue is not served any more.
    #[error("the dispatcher is closed or shuts down")]
    Closed,
}

/// A delivery that found no free capacity or has failed, and is kept. Its `Display` shows what was full.
pub(crate) trait Redeliver: fmt::Display + Send + Sync {
    /// Hands the delivery over again, and waits until there is capacity.
    fn redeliver(
        self: Arc<Self>,
    ) -> Pin<Box<dyn Future<Output = Result<(), RedeliverError>> + Send>>;

    /// Hands the delivery over again, and blocks the thread until there is capacity.
    fn redeliver_blocking(&self) -> Result<(), RedeliverError>;
}
