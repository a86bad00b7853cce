//! The spans of a cause and its effects are one tree, on both sides of an envelope.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use event_core::meta::TraceParent;
use event_core::queue::Queue;
use event_core::wire::Codec;
use event_core::{Dispatcher, Event, Meta, handler};
use event_telemetry::OpenTelemetry;
use expect_test::expect_file;
use opentelemetry::trace::{SpanKind, Status};
use opentelemetry_sdk::trace::SpanData;
use serde::{Deserialize, Serialize};

use crate::common::{attribute, exported, install, tree};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "shop.purchase_made", wire)]
struct PurchaseMade {
    cents: u64,
}

#[derive(Event)]
#[event(name = "shop.points_earned")]
struct PointsEarned {
    points: u64,
}

#[derive(Event)]
#[event(name = "shop.tier_changed")]
struct TierChanged;

#[derive(Event)]
#[event(name = "shop.receipt_sent")]
struct ReceiptSent;

static MAIL: Queue = Queue::new("mail").consumers(1);

mod sales {
    use super::*;

    #[handler]
    pub(crate) fn count(_event: &PurchaseMade) {}
}

mod loyalty {
    use super::*;

    #[handler]
    pub(crate) fn earn(event: &PurchaseMade) -> PointsEarned {
        PointsEarned {
            points: event.cents / 100,
        }
    }

    #[handler]
    pub(crate) fn change_tier(event: &PointsEarned) -> Option<TierChanged> {
        (event.points > 50).then_some(TierChanged)
    }

    #[handler]
    pub(crate) async fn congratulate(_event: &TierChanged) -> Result<(), String> {
        tokio::task::yield_now().await;
        Err("no paper left".to_owned())
    }
}

mod receipts {
    use super::*;

    #[handler(queue = MAIL)]
    pub(crate) fn send(_event: &PurchaseMade) -> ReceiptSent {
        ReceiptSent
    }

    #[handler]
    pub(crate) fn file(_event: &ReceiptSent) {}
}

mod border {
    use super::*;

    /// What has left the process.
    #[derive(Default)]
    pub(crate) struct Sent(pub(crate) Mutex<Vec<String>>);

    #[handler]
    #[allow(
        clippy::needless_pass_by_value,
        reason = "a handler takes its `Meta` by value"
    )]
    pub(crate) fn publish(event: &PurchaseMade, meta: Meta, codec: &Codec, sent: &Sent) {
        let envelope = codec.encode(event, &meta).expect("an envelope");
        sent.0.lock().expect("sent").push(envelope);
    }
}

/// The position of the last emission that somebody saw.
#[derive(Default)]
struct Seen(Mutex<Option<Meta>>);

#[handler]
fn see(_event: &PurchaseMade, meta: Meta, seen: &Seen) {
    *seen.0.lock().expect("seen") = Some(meta);
}

fn position(seen: &Seen) -> TraceParent {
    let seen = seen.0.lock().expect("seen").clone().expect("an emission");
    seen.traceparent().expect("a position in a trace")
}

fn of_trace(position: TraceParent) -> Vec<SpanData> {
    let is_of = |span: &SpanData| span.span_context.trace_id().to_bytes() == position.trace_id();
    exported().into_iter().filter(is_of).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_its_queued_receipt_and_its_returned_events_are_one_tree() {
    install();
    let seen = std::sync::Arc::new(Seen::default());
    let dispatcher = Dispatcher::builder()
        .only(sales::count)
        .only(loyalty::earn)
        .only(loyalty::change_tier)
        .only(loyalty::congratulate)
        .only(receipts::send)
        .only(receipts::file)
        .only(see)
        .provide_arc(seen.clone())
        .spans_with(OpenTelemetry)
        .build()
        .expect("a dispatcher");
    let report = dispatcher.emit_async(PurchaseMade { cents: 9900 }).await;
    assert_eq!(report.failed(), 1, "{report}");
    drop(report); // its failure, which could be redelivered, keeps the emission's span open
    dispatcher
        .queue(&MAIL)
        .expect("a handler names it")
        .join()
        .await;

    // A span has ended when nobody holds it any more: the queue's thread may be on its way to let go.
    let since = Instant::now();
    let spans = loop {
        let spans = of_trace(position(&seen));
        if spans
            .iter()
            .any(|span| span.name == "emit shop.purchase_made")
        {
            break spans;
        }
        let waited = since.elapsed();
        assert!(waited < Duration::from_mins(1), "{}", tree(&spans));
        tokio::task::yield_now().await;
    };
    expect_file!["../../src/docs/trace.txt"].assert_eq(&tree(&spans));

    let root = spans
        .iter()
        .find(|span| span.name == "emit shop.purchase_made");
    let root = root.expect("the purchase");
    assert_eq!(root.span_kind, SpanKind::Producer);
    let meta = seen.0.lock().expect("seen").clone().expect("an emission");
    let id = meta.id().to_string();
    for (key, value) in [
        ("messaging.system.name", "event-core"),
        ("messaging.operation.name", "emit"),
        ("messaging.operation.type", "create"),
        ("messaging.destination.name", "shop.purchase_made"),
        ("messaging.message.id", &id),
        ("messaging.message.conversation_id", &id),
    ] {
        assert_eq!(attribute(root, key).as_deref(), Some(value), "{key}");
    }
    let failed = |span: &&SpanData| attribute(span, "error.type").is_some();
    let failed = spans.iter().find(failed).expect("the one that failed");
    assert_eq!(failed.span_kind, SpanKind::Consumer);
    assert!(
        matches!(failed.status, Status::Error { .. }),
        "{:?}",
        failed.status
    );
    assert_eq!(attribute(failed, "error.type").as_deref(), Some("failed"));
    assert!(attribute(failed, "code.file.path").is_some_and(|file| file.ends_with("trace.rs")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_goes_on_through_an_envelope() {
    install();
    let codec = Codec::new("/shop").expect("a codec");
    let (sent, seen) = (
        std::sync::Arc::new(border::Sent::default()),
        std::sync::Arc::new(Seen::default()),
    );
    let here = Dispatcher::builder()
        .only(border::publish)
        .only(see)
        .provide(codec.clone())
        .provide_arc(sent.clone())
        .provide_arc(seen.clone())
        .spans_with(OpenTelemetry)
        .build()
        .expect("a dispatcher");
    here.emit(PurchaseMade { cents: 100 });
    let ours = position(&seen);

    let envelope = sent.0.lock().expect("sent")[0].clone();
    assert!(
        envelope.contains(&format!("\"traceparent\":\"{ours}\"")),
        "{envelope}"
    );
    let envelope = codec.decode(envelope.as_bytes()).expect("an envelope");
    assert_eq!(envelope.meta().traceparent(), Some(ours));

    let there = Dispatcher::builder()
        .only(see)
        .provide_arc(seen.clone())
        .spans_with(OpenTelemetry)
        .build()
        .expect("a dispatcher");
    there.emit(&envelope);
    let theirs = position(&seen);
    assert_eq!(theirs.trace_id(), ours.trace_id());
    assert_ne!(theirs.span_id(), ours.span_id());
    let spans = of_trace(ours);
    let emitted = |position: TraceParent| {
        let is_it = |span: &&SpanData| span.span_context.span_id().to_bytes() == position.span_id();
        spans.iter().find(is_it).expect("an emission")
    };
    assert_eq!(emitted(theirs).parent_span_id.to_bytes(), ours.span_id());
    assert!(emitted(theirs).parent_span_is_remote);
}

#[test]
fn a_dispatcher_without_spans_hands_on_the_trace_that_an_event_came_with() {
    let codec = Codec::new("/shop").expect("a codec");
    let text = r#"{"specversion":"1.0","id":"1","source":"/web","type":"shop.purchase_made",
        "traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01","data":{"cents":1}}"#;
    let envelope = codec.decode(text.as_bytes()).expect("an envelope");
    let seen = std::sync::Arc::new(Seen::default());
    let dispatcher = Dispatcher::builder()
        .only(see)
        .provide_arc(seen.clone())
        .build()
        .expect("a dispatcher");
    dispatcher.emit(&envelope);
    assert_eq!(Some(position(&seen)), envelope.meta().traceparent());
}
