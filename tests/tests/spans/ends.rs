//! How spans end: what they say, when they close, and what a subscriber that panics can do to them.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_core::flag::Flag;
use event_core::meta::TraceParent;
use event_core::observer::{DeliveryResult, DeliveryView, Observer};
use event_core::queue::{LocalQueue, Overflow, Queue};
use event_core::report::DeliveryStatus;
use event_core::spans::Propagator;
use event_core::wire::Codec;
use event_core::{Dispatcher, Emitter, dispatcher::DispatcherBuilder, handler};
use event_tests::{poll, until_async};
use tracing::span::{Attributes, Id, Record};
use tracing::{Span, Subscriber, info};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};

use crate::told::{Told, Told1, listen};
use crate::{BellRung, DoorOpened, GuestEntered};

static HALL: Queue = Queue::new("hall").consumers(1);
static STAIRS: Queue = Queue::new("stairs").consumers(1);
static NICHE: Queue = Queue::new("niche")
    .consumers(1)
    .capacity(1)
    .overflow(Overflow::Reject);
static WINDOW: LocalQueue<Vec<u8>> = LocalQueue::new("window");

/// Set once a handler that waits has begun.
#[derive(Default)]
struct Begun(Flag);

#[handler]
fn open(_event: &BellRung) -> DoorOpened {
    info!("creak");
    DoorOpened
}

#[handler]
async fn walk(_event: &BellRung) -> DoorOpened {
    tokio::task::yield_now().await;
    DoorOpened
}

#[handler]
fn enter(_event: &DoorOpened) -> GuestEntered {
    GuestEntered
}

#[handler]
fn sit(_event: &GuestEntered) {}

/// Logs as it is dropped.
struct Leaves;

impl Drop for Leaves {
    fn drop(&mut self) {
        info!("leaves");
    }
}

async fn wait_in_vain(begun: &Begun) {
    let _leaves = Leaves;
    begun.0.set();
    std::future::pending::<()>().await;
}

#[handler]
async fn wait(_event: &BellRung, begun: &Begun) {
    wait_in_vain(begun).await;
}

#[handler]
async fn wait_more(_event: &DoorOpened, begun: &Begun) {
    wait_in_vain(begun).await;
}

#[handler(after = wait_more)]
async fn wait_longer(_event: &DoorOpened) {}

#[handler(queue = HALL)]
async fn wait_in_hall(_event: &GuestEntered, begun: &Begun) {
    wait_in_vain(begun).await;
}

#[handler(queue = NICHE)]
fn hide(_event: &GuestEntered) {}

#[handler(queue = WINDOW)]
fn look(_event: &DoorOpened, seen: &mut Vec<u8>) -> GuestEntered {
    seen.push(1);
    GuestEntered
}

#[handler(queue = STAIRS)]
fn climb(_event: &BellRung) -> DoorOpened {
    DoorOpened
}

#[handler(timeout = "1ms")]
async fn doze(_event: &BellRung) {
    std::future::pending::<()>().await;
}

/// Emitters that outlive their deliveries.
#[derive(Default)]
struct Kept(Mutex<Vec<Emitter<GuestEntered>>>);

#[handler]
fn keep(_event: &BellRung, emitter: Emitter<GuestEntered>, kept: &Kept) {
    kept.0.lock().expect("the kept").push(emitter);
}

/// How long deliveries ran, as observers hear.
#[derive(Default)]
struct Took(Mutex<Vec<(DeliveryStatus, bool)>>);

impl Observer for Took {
    fn delivery_ended(&self, _: &DeliveryView<'_>, end: &DeliveryResult<'_>) {
        let mut all = self.0.lock().expect("the times");
        all.push((end.ended(), end.took().is_some()));
    }
}

fn with(choose: impl FnOnce(DispatcherBuilder) -> DispatcherBuilder) -> Dispatcher {
    let builder = choose(Dispatcher::builder().spans());
    builder.build().expect("a dispatcher")
}

/// Waits until every span is closed.
async fn closed(told: &Told) {
    until_async(format_args!("every span is closed:\n{told}"), || {
        told.open() == 0
    })
    .await;
}

fn field(told: &Told, handler: &str, key: &str) -> Option<String> {
    let all = told.all();
    let name = |span: &&Told1| {
        let name = span.fields.get("code.function.name");
        name.is_some_and(|name| name.ends_with(&format!("::{handler}")))
    };
    let span = all.iter().find(name).expect("a span");
    span.fields.get(key).cloned()
}

#[tokio::test]
async fn what_a_cancelled_handler_logs_while_it_is_dropped_is_in_its_span() {
    let (told, _listening) = listen();
    let begun = Arc::new(Begun::default());
    let house = with(|it| it.only(wait).provide_arc(begun));
    let mut waits = Box::pin(house.emit_async(BellRung));
    assert!(poll(&mut waits).is_none());
    drop(waits);
    assert_eq!(
        told.tree(),
        "emit house.bell_rung\n  wait: cancelled \"leaves\"\n"
    );
    assert_eq!(told.open(), 0);
}

#[tokio::test]
async fn a_delivery_that_a_shutdown_abandons_says_so_and_how_long_it_ran() {
    let (told, _listening) = listen();
    for queued in [false, true] {
        told.all().clear();
        let (begun, took) = (Arc::new(Begun::default()), Arc::new(Took::default()));
        let house = with(|it| {
            let it = it.only(wait).only(wait_in_hall);
            it.provide_arc(begun.clone()).observe(took.clone())
        });
        if queued {
            house.emit(GuestEntered);
        } else {
            house.emit(BellRung);
        }
        begun.0.wait().await;
        let ended = house.shutdown(Duration::ZERO).await;
        assert_eq!(ended.abandoned_count(), 1, "{ended}");
        // The runtime drops the task in its next turn.
        closed(&told).await;
        let (event, handler) = if queued {
            ("guest_entered", "wait_in_hall")
        } else {
            ("bell_rung", "wait")
        };
        let tree = format!("emit house.{event}\n  {handler}: abandoned \"leaves\"\n");
        assert_eq!(told.tree(), tree);
        let of = |key| field(&told, handler, key);
        assert_eq!(of("otel.status_code").as_deref(), Some("ERROR"));
        assert_eq!(of("error.type").as_deref(), Some("abandoned"));
        let took = took.0.lock().expect("the times").clone();
        assert_eq!(took, [(DeliveryStatus::Abandoned, true)]);
    }
}

#[tokio::test]
async fn of_tasks_that_wait_for_each_other_only_those_that_began_have_spans() {
    let (told, _listening) = listen();
    let (begun, took) = (Arc::new(Begun::default()), Arc::new(Took::default()));
    let house = with(|it| {
        let it = it.only(wait_more).only(wait_longer);
        it.provide_arc(begun.clone()).observe(took.clone())
    });
    house.emit(DoorOpened);
    begun.0.wait().await;
    let _ = house.shutdown(Duration::ZERO).await;
    closed(&told).await;
    assert_eq!(
        told.tree(),
        // What is said of the other one is in a span of its own.
        "emit house.door_opened\n  wait_more: abandoned \"leaves\"\n  failure\n"
    );
    let mut took = took.0.lock().expect("the times").clone();
    took.sort_by_key(|(_, ran)| *ran);
    let all = [
        (DeliveryStatus::Abandoned, false),
        (DeliveryStatus::Abandoned, true),
    ];
    assert_eq!(took, all);
}

#[tokio::test]
async fn a_handler_that_takes_too_long_says_so_in_its_span() {
    let (told, _listening) = listen();
    let house = with(|it| it.only(doze));
    let report = house.emit_async(BellRung).await;
    assert_eq!(report.failures().len(), 1, "{report}");
    let of = |key| field(&told, "doze", key);
    assert_eq!(of("event_core.ended").as_deref(), Some("timed_out"));
    assert_eq!(of("otel.status_code").as_deref(), Some("ERROR"));
    assert_eq!(of("error.type").as_deref(), Some("timed_out"));
    // What is redelivered would be below the span of the emission.
    assert_eq!(told.open(), 1);
    drop(report);
    assert_eq!(told.open(), 0);
}

#[test]
fn an_emitter_that_is_kept_keeps_no_span_open() {
    let (told, _listening) = listen();
    let kept = Arc::new(Kept::default());
    let house = with(|it| it.only(keep).only(sit).provide_arc(kept.clone()));
    house.emit(BellRung);
    assert_eq!(told.open(), 0);

    // What it is given later is a root of its own.
    let emitter = kept.0.lock().expect("the kept").pop().expect("an emitter");
    emitter.emit_after(GuestEntered);
    let tree = "emit house.bell_rung\n  keep: done\nemit house.guest_entered\n  sit: done\n";
    assert_eq!(told.tree(), tree);
    assert_eq!(told.open(), 0);
}

#[tokio::test]
async fn what_is_redelivered_is_below_the_emission_that_it_belongs_to() {
    let (told, _listening) = listen();
    let house = with(|it| it.only(hide));
    house.queue(&NICHE).expect("a handler names it").pause();
    house.emit(GuestEntered);
    let report = house.emit(GuestEntered);
    assert_eq!(told.open(), 2);
    house.queue(&NICHE).expect("a handler names it").resume();
    let failure = report.failures().first().expect("a full queue");
    failure.redeliver().await.expect("room");
    house
        .queue(&NICHE)
        .expect("a handler names it")
        .join()
        .await;
    let one = "emit house.guest_entered\n  hide: done\n";
    // The line about the rejected one is in a span of its own.
    let other = "emit house.guest_entered\n  failure\n  hide: done\n";
    assert_eq!(told.tree(), format!("{one}{other}"));
}

#[tokio::test]
async fn queues_pumps_and_subscriptions_are_below_their_emission() {
    let (told, _listening) = listen();
    let house = with(|it| it.only(climb).only(look));
    let _inline = house.subscribe(|_: &DoorOpened| info!("inline"));
    let _once = house
        .subscription_builder()
        .once()
        .subscribe(|_: &GuestEntered| info!("once"));
    let _later = house.subscribe_async(|_: Arc<GuestEntered>| async { info!("later") });
    let mut stream = house.stream::<GuestEntered>(4, Overflow::Reject);
    let report = house.emit_async(BellRung).await;
    assert_eq!(report.failed(), 0, "{report}");
    house
        .queue(&STAIRS)
        .expect("a handler names it")
        .join()
        .await;
    let mut seen = Vec::new();
    assert_eq!(
        house
            .queue(&WINDOW)
            .expect("a handler names it")
            .pump(&mut seen),
        1
    );
    assert!(stream.next().await.is_some());
    closed(&told).await;
    let tree = told.tree();
    let depth = |line: &str| line.len() - line.trim_start().len();
    let depths: Vec<_> = tree.lines().map(depth).collect();
    assert_eq!(depths, [0, 2, 4, 6, 6, 8, 10, 10], "{tree}");
}

/// A propagator that is of no use, not even in its end.
struct Broken;

impl Propagator for Broken {
    fn traceparent(&self, _: &Span) -> Option<TraceParent> {
        panic!("no position")
    }

    fn continue_from(&self, _: &Span, _: &TraceParent) {
        panic!("no parent")
    }
}

impl Drop for Broken {
    fn drop(&mut self) {
        panic!("no end");
    }
}

#[test]
fn a_propagator_that_panics_takes_no_span_away_and_its_end_is_for_the_last_owner() {
    let (told, _listening) = listen();
    let house = Dispatcher::builder().spans_with(Broken).only(open);
    let house = house.build().expect("a dispatcher");
    let codec = Codec::new("/house").expect("a codec");
    let text = r#"{"specversion":"1.0","id":"1","source":"/street","type":"house.bell_rung",
        "traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}"#;
    let envelope = codec.decode(text.as_bytes()).expect("an envelope");
    assert_eq!(house.emit(&envelope).done(), 1);
    let tree = "\
emit house.bell_rung
  open: done \"creak\"
    emit house.door_opened
";
    assert_eq!(told.tree(), tree);
    let end = catch_unwind(AssertUnwindSafe(|| drop(house)));
    let end = end.expect_err("whoever owns it hears of it");
    assert_eq!(end.downcast_ref(), Some(&"no end"));
}

/// What a layer panics at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    New,
    Record,
    Enter,
    Exit,
    Close,
}

/// A layer that panics at some steps, and counts them.
struct Trips(At, Arc<AtomicUsize>);

impl Trips {
    fn at(&self, at: At) {
        if self.0 != at {
            return;
        }
        let is_first = self.1.fetch_add(1, Ordering::Relaxed) == 0;
        // A registry that closes a span also closes those above it, where a second panic ends the process.
        let goes_on = at == At::Close && !is_first;
        assert!(goes_on, "the layer trips at {at:?}");
    }
}

impl<S: Subscriber> Layer<S> for Trips {
    fn on_new_span(&self, _: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        self.at(At::New);
    }

    fn on_record(&self, _: &Id, _: &Record<'_>, _: Context<'_, S>) {
        self.at(At::Record);
    }

    fn on_enter(&self, _: &Id, _: Context<'_, S>) {
        self.at(At::Enter);
    }

    fn on_exit(&self, _: &Id, _: Context<'_, S>) {
        self.at(At::Exit);
    }

    fn on_close(&self, _: Id, _: Context<'_, S>) {
        self.at(At::Close);
    }
}

#[handler]
fn fall(_event: &GuestEntered) {
    panic!("over the cat");
}

#[tokio::test]
async fn a_layer_that_panics_changes_no_report_and_leaves_no_span_entered() {
    for at in [At::New, At::Record, At::Enter, At::Exit, At::Close] {
        let trips = Arc::new(AtomicUsize::new(0));
        let layer = Trips(at, Arc::clone(&trips));
        let subscriber = tracing_subscriber::registry().with(layer);
        let _listening = tracing::subscriber::set_default(subscriber);
        let house = with(|it| it.only(open).only(walk).only(enter).only(sit).only(fall));
        let report = house.emit_async(BellRung).await;
        assert_eq!(
            (report.done(), report.panicked()),
            (6, 2),
            "{at:?}: {report}"
        );
        assert!(Span::current().is_none(), "{at:?}");
        let report = house.emit_async(BellRung).spawned().await;
        assert_eq!(
            (report.done(), report.panicked()),
            (6, 2),
            "{at:?}: {report}"
        );
        let report = house.emit(BellRung);
        assert_eq!(
            (report.done(), report.panicked()),
            (3, 1),
            "{at:?}: {report}"
        );
        assert!(Span::current().is_none(), "{at:?}");
        assert!(trips.load(Ordering::Relaxed) > 0, "{at:?}");
        let ended = house.shutdown(Duration::from_mins(1)).await;
        assert!(ended.is_complete(), "{at:?}: {ended}");
    }
}

#[test]
fn each_span_has_an_identity_of_its_own_in_a_nested_emission() {
    let (told, _listening) = listen();
    let house = with(|it| it.only(open).only(enter).only(sit));
    house.emit(BellRung);
    let all = told.all();
    let ids: HashSet<_> = all
        .iter()
        .filter_map(|span| span.fields.get("messaging.message.id"))
        .collect();
    assert_eq!(ids.len(), 3);
    let roots: HashSet<_> = all
        .iter()
        .filter_map(|span| span.fields.get("messaging.message.conversation_id"))
        .collect();
    assert_eq!(roots.len(), 1);
}
