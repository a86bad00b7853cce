//! Traces, as OpenTelemetry's own exporter sees them. Apart from other tests, since it installs the process's
//! subscriber of `tracing`.

mod common;
mod failed_spans;
mod trees;
