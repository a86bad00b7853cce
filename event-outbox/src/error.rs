//! What an outbox cannot do.

use event_core::report::Failure;
use event_core::wire::{CodecError, EncodeError};

use crate::store::StoreError;

/// Why an event was not emitted, or a transaction not committed. Nothing of the transaction was committed, except
/// where [`Store`](Self::Store) says that the connection was lost during the commit.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutboxError {
    /// The database refused. If its [kind](StoreError::kind) is `Unavailable` and the transaction was being
    /// committed, it is unknown whether it was: its deliveries are made if it was.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The dispatcher does not take the event: it is closed, or a limit of nested emits is exceeded.
    #[error("{0}")]
    Refused(Box<Failure>),
    /// The event cannot be written.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// A handler that is called before the commit failed, and the transaction was rolled back.
    #[error("the transaction was rolled back: {cause}")]
    BeforeCommit {
        /// What the handler said.
        cause: String,
    },
    /// A handler before the commit emitted events, whose handlers emitted events, and so on.
    #[error(
        "the transaction was rolled back: handlers that are called before the commit emitted events in more than \
         {rounds} rounds"
    )]
    TooManyRounds {
        /// How many rounds were made.
        rounds: usize,
    },
    /// No dispatcher was built with the outbox, or it is gone.
    #[error(
        "the outbox has no dispatcher: build one with `Dispatcher::builder().outbox(&outbox)`, and keep it while \
         events are emitted"
    )]
    NoDispatcher,
    /// The delivery that a transaction completes was given to another process, and the transaction was rolled back.
    #[error("the delivery was taken over by another process, and the transaction was rolled back")]
    TakenOver,
    /// The source of the outbox is not one that a CloudEvent can have.
    #[error(transparent)]
    Source(#[from] CodecError),
}

impl From<Failure> for OutboxError {
    fn from(failure: Failure) -> Self {
        Self::Refused(Box::new(failure))
    }
}
