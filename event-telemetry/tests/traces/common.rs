//! What the tests of traces share: spans go to memory, through the real exporter's path.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::OnceLock;

use opentelemetry::Value;
use opentelemetry::trace::{SpanId, TracerProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use tracing_subscriber::layer::SubscriberExt;

/// The spans that have ended. The first call installs the process's subscriber.
pub(crate) fn exported() -> Vec<SpanData> {
    let (_, exporter) = installed();
    exporter.get_finished_spans().expect("spans in memory")
}

/// Installs the process's subscriber, unless it is.
pub(crate) fn install() {
    installed();
}

fn installed() -> &'static (SdkTracerProvider, InMemorySpanExporter) {
    static INSTALLED: OnceLock<(SdkTracerProvider, InMemorySpanExporter)> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder()
            .with_simple_exporter(exporter.clone())
            .build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("tests"));
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::set_global_default(subscriber).expect("no other subscriber");
        (provider, exporter)
    })
}

/// The spans of one trace, as a tree; siblings by name.
pub(crate) fn tree(spans: &[SpanData]) -> String {
    let ids: Vec<_> = spans
        .iter()
        .map(|span| span.span_context.span_id())
        .collect();
    let mut children: HashMap<SpanId, Vec<&SpanData>> = HashMap::new();
    let mut roots = Vec::new();
    for span in spans {
        if ids.contains(&span.parent_span_id) {
            children.entry(span.parent_span_id).or_default().push(span);
        } else {
            roots.push(span);
        }
    }
    let mut out = String::new();
    write(&mut out, "", &mut roots, &children);
    out
}

fn write(
    out: &mut String,
    indent: &str,
    siblings: &mut Vec<&SpanData>,
    children: &HashMap<SpanId, Vec<&SpanData>>,
) {
    siblings.sort_by_key(|span| line(span));
    for (at, span) in siblings.iter().enumerate() {
        let is_last = at + 1 == siblings.len();
        let is_root = span.parent_span_id == SpanId::INVALID;
        let (branch, under) = match (is_root, is_last) {
            (true, _) => ("", ""),
            (false, true) => ("└─ ", "   "),
            (false, false) => ("├─ ", "│  "),
        };
        writeln!(out, "{indent}{branch}{}", line(span)).expect("a string");
        if let Some(below) = children.get(&span.span_context.span_id()) {
            write(
                out,
                &format!("{indent}{under}"),
                &mut below.clone(),
                children,
            );
        }
    }
}

fn line(span: &SpanData) -> String {
    let handler = attribute(span, "messaging.destination.subscription.name");
    let ended = attribute(span, "event_core.ended");
    match (handler, ended) {
        (Some(handler), Some(ended)) => format!("{}  [{handler}: {ended}]", span.name),
        _ => span.name.to_string(),
    }
}

/// The text of one attribute of a span.
pub(crate) fn attribute(span: &SpanData, key: &str) -> Option<String> {
    let found = span.attributes.iter().find(|it| it.key.as_str() == key)?;
    Some(match &found.value {
        Value::String(text) => text.to_string(),
        other => format!("{other:?}"),
    })
}
