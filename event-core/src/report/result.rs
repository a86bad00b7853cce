//! A report as a `Result`.

use std::error::Error;
use std::fmt;

use crate::report::Report;
use crate::report::failure::Failure;

impl Report {
    /// Returns the report, or an error that contains it if something [failed](Self::is_ok), for `?`.
    ///
    /// # Errors
    ///
    /// There is a failure in the report; the error shows the first one.
    ///
    /// # Examples
    ///
    /// ```standalone_crate
    /// use event_core::{Dispatcher, Event, handler};
    ///
    /// #[derive(Event)]
    /// struct OrderPlaced;
    ///
    /// #[handler]
    /// fn reserve(_event: &OrderPlaced) -> Result<(), &'static str> {
    ///     Err("no stock")
    /// }
    ///
    /// let dispatcher = Dispatcher::builder().build()?;
    /// let error = dispatcher.emit(OrderPlaced).into_result().unwrap_err();
    /// assert!(error.to_string().ends_with("no stock"));
    /// # Ok::<(), event_core::error::BuildError>(())
    /// ```
    pub fn into_result(self) -> Result<Self, ReportError> {
        if self.is_ok() {
            Ok(self)
        } else {
            Err(ReportError::new(self))
        }
    }
}

/// A report with a failure, as [`Report::into_result`] returns it.
#[derive(Debug)]
pub struct ReportError {
    report: Box<Report>,
}

impl ReportError {
    fn new(report: Report) -> Self {
        Self {
            report: Box::new(report),
        }
    }

    /// Returns the first failure.
    ///
    /// # Panics
    ///
    /// Never: the error is only made of a report with a failure.
    #[must_use]
    pub fn failure(&self) -> &Failure {
        &self.report.failures()[0]
    }

    /// Returns the report of the emission.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Returns the report of the emission, by value.
    #[must_use]
    pub fn into_report(self) -> Report {
        *self.report
    }
}

/// Shows the first failure, with the sources of the handler's error.
impl fmt::Display for ReportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.failure().fmt(f)
    }
}

/// There is no `source`, since `Display` shows the sources already; [`ReportError::failure`] has the
/// error.
impl Error for ReportError {}
