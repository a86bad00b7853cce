//! Which span of a trace is marked as failed, as OpenTelemetry's own exporter sees it.

use std::time::Duration;

use event_core::observer::{EmissionView, Observer};
use event_core::queue::{LocalQueue, Overflow, Queue};
use event_core::{Dispatcher, Event, dispatcher::DispatcherBuilder, handler};
use event_telemetry::OpenTelemetry;
use opentelemetry::trace::{Status, TraceContextExt, TraceId};
use opentelemetry_sdk::trace::SpanData;
use tokio::runtime::{Builder, Runtime};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::common::{attribute, exported, install, tree};

#[derive(Event)]
#[event(name = "shop.paid")]
struct Paid;

static THREAD: Queue = Queue::new("thread").consumers(1);
static TASK: Queue = Queue::new("task").consumers(1);
static FULL: Queue = Queue::new("full")
    .consumers(1)
    .capacity(1)
    .overflow(Overflow::Reject);
static LOCAL: LocalQueue<()> = LocalQueue::new("local");

#[handler]
fn inline(_event: &Paid) -> Result<(), &'static str> {
    Err("no")
}

#[handler]
fn inline_panics(_event: &Paid) {
    panic!("no")
}

#[handler]
async fn ready(_event: &Paid) -> Result<(), &'static str> {
    Err("no")
}

#[handler]
async fn awaits(_event: &Paid) {
    tokio::task::yield_now().await;
    panic!("no")
}

#[handler(timeout = "1ms")]
async fn takes_too_long(_event: &Paid) {
    std::future::pending::<()>().await;
}

#[handler(queue = THREAD)]
fn thread(_event: &Paid) -> Result<(), &'static str> {
    Err("no")
}

#[handler(queue = TASK)]
async fn task(_event: &Paid) {
    panic!("no")
}

#[handler(queue = LOCAL)]
fn local(_event: &Paid) -> Result<(), &'static str> {
    Err("no")
}

#[handler(queue = FULL)]
async fn finds_no_room(_event: &Paid) {}

/// Panics whenever it is told of an emission.
struct Panics;

impl Observer for Panics {
    fn emission_started(&self, _: &EmissionView<'_>) {
        panic!("no")
    }
}

type Case = (&'static str, fn(DispatcherBuilder) -> DispatcherBuilder);

const HANDLERS: [Case; 8] = [
    ("inline", |it| it.handler(inline)),
    ("inline_panics", |it| it.handler(inline_panics)),
    ("ready", |it| it.handler(ready)),
    ("awaits", |it| it.handler(awaits)),
    ("takes_too_long", |it| it.handler(takes_too_long)),
    ("thread", |it| it.handler(thread)),
    ("task", |it| it.handler(task)),
    ("local", |it| it.handler(local)),
];

fn runtime() -> Runtime {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build();
    runtime.expect("a runtime")
}

/// The spans of a trace in which an event is emitted, once all that it leads to has ended. The first is
/// that of the emitter.
fn spans(builder: DispatcherBuilder, awaits: bool) -> Vec<SpanData> {
    install();
    let runtime = runtime();
    let dispatcher = builder
        .runtime(runtime.handle().clone())
        .build()
        .expect("a dispatcher");
    let emitter = tracing::info_span!("emitter");
    let trace = emitter.context().span().span_context().trace_id();
    emitter.in_scope(|| {
        if awaits {
            drop(runtime.block_on(dispatcher.emit_async(Paid)));
        } else {
            drop(dispatcher.emit(Paid));
        }
        if let Ok(local) = dispatcher.queue(&LOCAL) {
            while local.pump(&mut ()) > 0 {}
        }
    });
    let shutdown = runtime.block_on(dispatcher.shutdown(Duration::from_mins(1)));
    assert_eq!(shutdown.abandoned_count(), 0, "{shutdown:?}");
    drop((emitter, dispatcher));
    drop(runtime);
    exported_of(trace)
}

/// The thread of a queue may be on its way to let go of the last span.
fn exported_of(trace: TraceId) -> Vec<SpanData> {
    let since = std::time::Instant::now();
    loop {
        let mut spans = exported();
        spans.retain(|span| span.span_context.trace_id() == trace);
        if let Some(at) = spans.iter().position(|span| span.name == "emitter") {
            spans.swap(0, at);
            return spans;
        }
        let waited = since.elapsed();
        assert!(waited < Duration::from_mins(1), "{}", tree(&spans));
        std::thread::yield_now();
    }
}

fn is_failed(span: &SpanData) -> bool {
    matches!(span.status, Status::Error { .. })
}

#[test]
fn a_handlers_failure_marks_the_span_of_its_delivery_and_no_other() {
    for (case, choose) in HANDLERS {
        for awaits in [false, true] {
            let builder = choose(Dispatcher::empty()).spans_with(OpenTelemetry);
            let spans = spans(builder, awaits);
            let failed: Vec<_> = spans.iter().filter(|span| is_failed(span)).collect();
            let [failed] = &failed[..] else {
                panic!("{case}: {}", tree(&spans))
            };
            assert_eq!(failed.name, "handle shop.paid", "{case}");
            let lines = &failed.events;
            assert_eq!(lines.len(), 1, "{case}: {lines:?}");
            let has_id = |of: &&opentelemetry::KeyValue| {
                Some(of.value.to_string()) == attribute(failed, "messaging.message.id")
            };
            let mut fields = lines[0].attributes.iter();
            assert!(
                fields.any(|it| it.key.as_str() == "event_id" && has_id(&it)),
                "{lines:?}"
            );
            // And it is where the others look for it.
            assert!(spans[0].events.is_empty(), "{case}: {:?}", spans[0].events);
        }
    }
}

#[test]
fn without_spans_a_failure_marks_no_span_of_the_emitter() {
    for (case, choose) in HANDLERS {
        for awaits in [false, true] {
            let spans = spans(choose(Dispatcher::empty()), awaits);
            let failed = spans.iter().filter(|span| is_failed(span));
            let failed: Vec<_> = failed.map(|span| &*span.name).collect();
            assert!(
                failed.iter().all(|name| *name == "failure"),
                "{case}: {failed:?}"
            );
        }
    }
}

#[test]
fn what_is_no_delivery_marks_no_span_of_the_emitter() {
    let observers: [Case; 2] = [
        ("an observer that panics", |it| it.observe(Panics)),
        ("the same with spans", |it| {
            it.observe(Panics).spans_with(OpenTelemetry)
        }),
    ];
    for (case, choose) in observers {
        let spans = spans(choose(Dispatcher::empty()), false);
        let failed = spans.iter().filter(|span| is_failed(span));
        let failed: Vec<_> = failed.map(|span| &*span.name).collect();
        assert_eq!(failed, ["failure"], "{case}");
    }
}

#[test]
fn a_delivery_that_finds_no_room_marks_no_span_of_the_emitter() {
    install();
    let runtime = runtime();
    let dispatcher = Dispatcher::empty()
        .handler(finds_no_room)
        .spans_with(OpenTelemetry)
        .runtime(runtime.handle().clone())
        .build()
        .expect("a dispatcher");
    dispatcher.queue(&FULL).expect("a handler names it").pause();
    dispatcher.emit(Paid);
    let emitter = tracing::info_span!("emitter");
    let trace = emitter.context().span().span_context().trace_id();
    let report = emitter.in_scope(|| dispatcher.emit(Paid));
    assert_eq!(report.rejected(), 1, "{report}");
    drop((report, emitter));
    dispatcher
        .queue(&FULL)
        .expect("a handler names it")
        .resume();
    let shutdown = runtime.block_on(dispatcher.shutdown(Duration::from_mins(1)));
    assert_eq!(shutdown.abandoned_count(), 0, "{shutdown:?}");
    drop(dispatcher);
    let spans = exported_of(trace);
    let failed = spans.iter().filter(|span| is_failed(span));
    let failed: Vec<_> = failed.map(|span| &*span.name).collect();
    assert_eq!(failed, ["failure"], "{}", tree(&spans));
}
