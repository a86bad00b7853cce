//! How traces go on in other processes.

use tracing::Span;

use crate::meta::trace_parent::TraceParent;

/// Connects spans with the traces of other processes: what OpenTelemetry calls a propagator.
///
/// `tracing` itself knows no trace ids. Whoever exports the spans does, and tells them here;
/// [`spans_with`](crate::dispatcher::DispatcherBuilder::spans_with) takes one. One that panics counts as one that
/// did not answer.
pub trait Propagator: Send + Sync + 'static {
    /// The position of a span in its trace, for the [`Meta`](crate::Meta) of the emission, and so for
    /// its envelopes; `None` if the span is in no trace.
    fn traceparent(&self, span: &Span) -> Option<TraceParent>;

    /// Makes a span, which was just made and has no parent, a child of one of another process.
    fn continue_from(&self, span: &Span, parent: &TraceParent);
}
