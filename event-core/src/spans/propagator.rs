//! Lets traces continue in other processes.

use tracing::Span;

use crate::meta::trace_parent::TraceParent;

/// Connects spans with the traces of other processes, as OpenTelemetry's propagators do.
///
/// `tracing` itself has no trace ids. The code that exports the spans has them, and returns them here.
/// Set it with [`spans_with`](crate::dispatcher::DispatcherBuilder::spans_with). If a method panics, its
/// result is ignored.
pub trait Propagator: Send + Sync + 'static {
    /// Returns the position of a span in its trace, for the [`Meta`](crate::Meta) of the emission, and so
    /// for its envelopes; `None` if the span is in no trace.
    fn traceparent(&self, span: &Span) -> Option<TraceParent>;

    /// Makes a span that was just made and has no parent a child of a span of another process.
    fn continue_from(&self, span: &Span, parent: &TraceParent);
}
