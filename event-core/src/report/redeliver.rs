//! Redelivers a delivery that found no free capacity.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// Why a delivery was not [redelivered](crate::report::Failure::redeliver).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedeliverError {
    /// The failure is of another kind, which keeps no delivery.
    #[error("only a delivery that was rejected for lack of capacity can be redelivered")]
    NotFull,
    /// It was redelivered before, or is being redelivered.
    #[error("the delivery was redelivered already, or is being redelivered")]
    Again,
    /// The dispatcher is closed or gone, or its queue is not served any more.
    #[error("the dispatcher is closed")]
    Closed,
}

/// A delivery that found no free capacity and is kept. Its `Display` shows what was full.
pub(crate) trait Redeliver: fmt::Display + Send + Sync {
    /// Offers the delivery again, and waits until there is capacity.
    fn redeliver(
        self: Arc<Self>,
    ) -> Pin<Box<dyn Future<Output = Result<(), RedeliverError>> + Send>>;

    /// Offers the delivery again, and blocks the thread until there is capacity.
    fn redeliver_blocking(&self) -> Result<(), RedeliverError>;
}
