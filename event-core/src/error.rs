//! The errors of each operation.

use std::error::Error;

use crate::report::Report;
use crate::report::failure::Failure;

pub use crate::box_error::BoxError;
pub use crate::problem::{BuildError, Place, Problem, ProblemKind};
pub use crate::report::redeliver::RedeliverError;

/// Why an event was not emitted at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EmitError {
    /// No dispatcher was installed, and the thread has entered none.
    #[error("no dispatcher is installed; call `dispatcher.install()` after building it")]
    NotInstalled,
    /// The handle's dispatcher is not built yet.
    #[error("the dispatcher of this handle is not built yet")]
    TooEarly,
    /// The handle's dispatcher was dropped, or its build failed.
    #[error("the dispatcher of this handle is gone")]
    Gone,
}

/// `emit_blocking`, or another method of its kind, was called where blocking would stop other tasks.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{verb}_blocking` inside of a runtime might stop its other tasks; use `{verb}_async(…).await`, or \
     a thread of `std::thread`"
)]
pub struct BlockingError {
    verb: &'static str,
}

impl BlockingError {
    /// Whether this thread may wait for what `verb` does.
    pub(crate) fn check(verb: &'static str) -> Result<(), Self> {
        #[cfg(feature = "tokio")]
        let may_wait = tokio::runtime::Handle::try_current().is_err();
        #[cfg(not(feature = "tokio"))]
        let may_wait = true;
        if may_wait { Ok(()) } else { Err(Self { verb }) }
    }
}

/// A dispatcher is installed already.
#[derive(Debug, thiserror::Error)]
#[error(
    "a dispatcher is installed already; `install` works once in a process, and tests use \
     `dispatcher.enter()`"
)]
#[non_exhaustive]
pub struct InstallError {}

impl InstallError {
    pub(crate) fn new() -> Self {
        Self {}
    }
}

/// A handler failed in a [`try_emit`](crate::Dispatcher::try_emit).
#[derive(Debug)]
pub struct TryEmitError {
    report: Box<Report>,
}

impl TryEmitError {
    pub(crate) fn new(report: Report) -> Self {
        Self {
            report: Box::new(report),
        }
    }

    /// The failure that ended the emission.
    ///
    /// # Panics
    ///
    /// Never: the error is only made of a report with a failure.
    #[must_use]
    pub fn failure(&self) -> &Failure {
        &self.report.failures()[0]
    }

    /// What had happened until then.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// What had happened until then, by value.
    #[must_use]
    pub fn into_report(self) -> Report {
        *self.report
    }
}

/// As the failure says it, with the causes of the handler's error.
impl std::fmt::Display for TryEmitError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.failure().fmt(f)
    }
}

/// Without a `source`, since `Display` has the causes already; [`TryEmitError::failure`] has the error.
impl Error for TryEmitError {}
