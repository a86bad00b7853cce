//! A redacted value is in no output, however loudly everything is logged, traced and recorded.
//! Apart from other tests, since it installs the process's subscriber of `tracing`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::sync::{Arc, Mutex};

use event_core::queue::Queue;
use event_core::wire::Codec;
use event_core::{AnyEvent, Dispatcher, Event, handler};
use event_telemetry::{OpenTelemetry, record};
use metrics_util::debugging::DebuggingRecorder;
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use serde::{Deserialize, Serialize};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt;

const SECRET: &str = "correct horse battery staple";

#[derive(Event, Serialize, Deserialize)]
#[event(name = "web.signed_up", wire, version = 2, no_previous)]
struct SignedUp {
    name: String,
    #[event(redact)]
    #[serde(rename = "pass-phrase")]
    password: String,
    #[event(redact)]
    hints: BTreeMap<String, String>,
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "web.welcomed", wire)]
struct Welcomed {
    #[event(redact)]
    password: String,
}

static MAIL: Queue = Queue::new("secret-mail").consumers(1);

#[handler]
fn fail(_event: &SignedUp) -> Result<(), String> {
    Err("the database is gone".to_owned())
}

#[handler]
fn panic(_event: &SignedUp) {
    panic!("out of paper")
}

#[handler(queue = MAIL)]
fn welcome(event: &SignedUp) -> Welcomed {
    tracing::info!(name = event.name, "welcome");
    Welcomed {
        password: event.password.clone(),
    }
}

#[handler]
async fn fail_later(_event: &Welcomed) -> Result<(), String> {
    Err("no address".to_owned())
}

/// All that a catch-all is shown.
#[derive(Default)]
struct Shown(Mutex<String>);

#[handler(events = "web.*")]
fn show(event: &dyn AnyEvent, shown: &Shown) {
    let mut shown = shown.0.lock().expect("shown");
    writeln!(
        shown,
        "{} {event:?} {event:#?} {:?}",
        event.name(),
        event.json()
    )
    .expect("a string");
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("the log").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_log_span_metric_report_or_error_shows_a_redacted_value() {
    let log = Log::default();
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(exporter.clone())
        .build();
    let logged = tracing_subscriber::fmt::layer()
        .with_writer(log.clone())
        .with_span_events(FmtSpan::FULL);
    let traced = tracing_opentelemetry::layer().with_tracer(provider.tracer("tests"));
    let subscriber = tracing_subscriber::registry().with(logged).with(traced);
    tracing::subscriber::set_global_default(subscriber).expect("no other subscriber");
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    recorder.install().expect("no other recorder");

    let shown = Arc::new(Shown::default());
    let told = Arc::new(Mutex::new(String::new()));
    let telling = Arc::clone(&told);
    let dispatcher = Dispatcher::builder()
        .provide_arc(shown.clone())
        .spans_with(OpenTelemetry)
        .on_failure(move |failure| {
            let mut told = telling.lock().expect("told");
            writeln!(told, "{failure} {failure:?}").expect("a string");
        })
        .build()
        .expect("a dispatcher");
    let recording = record(&dispatcher);
    let event = || SignedUp {
        name: "ada".to_owned(),
        password: SECRET.to_owned(),
        hints: BTreeMap::from([(SECRET.to_owned(), SECRET.to_owned())]),
    };
    let report = dispatcher.emit_async(event()).await;
    dispatcher
        .queue(&MAIL)
        .expect("a handler names it")
        .join()
        .await;
    let refused = dispatcher
        .fail_fast()
        .emit(event())
        .into_result()
        .expect_err("a failure");
    let ended = dispatcher.shutdown(std::time::Duration::from_mins(1)).await;
    let closed = dispatcher.emit(event());
    drop(recording);

    let mut outputs = BTreeMap::new();
    outputs.insert(
        "log",
        String::from_utf8(log.0.lock().expect("the log").clone()).expect("text"),
    );
    let spans = exporter.get_finished_spans().expect("spans");
    outputs.insert("spans", format!("{spans:?}"));
    outputs.insert(
        "metrics",
        format!("{:?}", snapshotter.snapshot().into_vec()),
    );
    outputs.insert("catch-all", shown.0.lock().expect("shown").clone());
    outputs.insert("failures", told.lock().expect("told").clone());
    outputs.insert(
        "reports",
        format!("{report} {report:?} {refused} {refused:?} {closed} {closed:?}"),
    );
    outputs.insert("shutdown", format!("{ended} {ended:?}"));

    // What an envelope has is the value itself; what is said of it is not.
    let codec = Codec::new("/web").expect("a codec");
    let bad = format!(
        r#"{{"specversion":"1.0","id":"1","source":"/","type":"web.signed_up","eventversion":2,
            "data":{{"name":"ada","pass-phrase":["{SECRET}"],"hints":{{}}}}}}"#
    );
    let error = codec.decode(bad.as_bytes()).expect_err("a list is no text");
    outputs.insert("decoding", format!("{error} {error:?}"));

    for (output, text) in &outputs {
        assert!(!text.contains(SECRET), "{output}: {text}");
        assert!(!text.contains("battery"), "{output}: {text}");
    }
    // Each of them has seen the event.
    for output in [
        "log",
        "spans",
        "metrics",
        "catch-all",
        "failures",
        "reports",
        "decoding",
    ] {
        assert!(
            outputs[output].contains("web."),
            "{output}: {}",
            outputs[output]
        );
    }
    assert!(outputs["log"].contains("welcome"), "{}", outputs["log"]);
}
