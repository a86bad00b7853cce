//! The errors of each operation.

pub use crate::box_error::BoxError;
pub use crate::problem::{BuildError, Problem, ProblemKind, SourceLocation};
pub use crate::report::redeliver::RedeliverError;
pub use crate::report::result::ReportError;

/// Why an event was not emitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EmitError {
    /// The process has no default dispatcher, and the thread has entered none.
    #[error(
        "there is no default dispatcher; call `event_core::global::set_default(&dispatcher)` after \
         building it"
    )]
    NoDefault,
    /// The handle's dispatcher is not built yet.
    #[error("the dispatcher of this handle is not built yet")]
    TooEarly,
    /// The handle's dispatcher was dropped, or its build failed.
    #[error("the dispatcher of this handle is gone")]
    Gone,
}

/// The error if `emit_blocking` is called where blocking would stop other tasks.
#[derive(Debug, thiserror::Error)]
#[error(
    "`emit_blocking` inside of a runtime might stop its other tasks; use `emit_async(…).await`, or \
     a thread of `std::thread`"
)]
#[non_exhaustive]
pub struct BlockingError {}

impl BlockingError {
    /// Returns an error if this thread must not block.
    pub(crate) fn check() -> Result<(), Self> {
        #[cfg(feature = "tokio")]
        let may_wait = tokio::runtime::Handle::try_current().is_err();
        #[cfg(not(feature = "tokio"))]
        let may_wait = true;
        if may_wait { Ok(()) } else { Err(Self {}) }
    }
}

/// The error if the process has a default dispatcher already.
#[derive(Debug, thiserror::Error)]
#[error(
    "the process has a default dispatcher already; `global::set_default` works once, and tests use \
     `global::enter(&dispatcher)`"
)]
#[non_exhaustive]
pub struct SetDefaultError {}
