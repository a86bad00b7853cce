//! Lets traces of OpenTelemetry continue in other processes.

use event_core::meta::TraceParent;
use event_core::spans::Propagator;
use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Lets traces that `tracing-opentelemetry` exports continue through envelopes, with the CloudEvents
/// extension for distributed tracing: `traceparent`, as W3C Trace Context writes it.
///
/// The program's subscriber needs a layer of `tracing-opentelemetry`; without one there are no trace ids,
/// and nothing is written.
///
/// # Examples
///
/// ```
/// use event_core::Dispatcher;
/// use event_telemetry::OpenTelemetry;
///
/// let dispatcher = Dispatcher::builder().spans_with(OpenTelemetry).build()?;
/// # Ok::<(), event_core::error::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenTelemetry;

impl Propagator for OpenTelemetry {
    fn traceparent(&self, span: &Span) -> Option<TraceParent> {
        let context = span.context();
        let position = context.span();
        let position = position.span_context();
        TraceParent::new(
            position.trace_id().to_bytes(),
            position.span_id().to_bytes(),
            position.trace_flags().to_u8(),
        )
    }

    fn continue_from(&self, span: &Span, parent: &TraceParent) {
        let remote = SpanContext::new(
            TraceId::from_bytes(parent.trace_id()),
            SpanId::from_bytes(parent.span_id()),
            TraceFlags::new(parent.flags()),
            true,
            TraceState::default(),
        );
        let parent = Context::new().with_remote_span_context(remote);
        // It is refused if the span began before, or is not exported.
        let _ = span.set_parent(parent);
    }
}
