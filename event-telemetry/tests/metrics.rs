//! What is recorded through the `metrics` facade.
//! Apart from other tests, since it installs the process's recorder of `metrics`.

use std::collections::HashMap;
use std::sync::{Arc, Barrier, OnceLock};

use event_core::queue::{Overflow, Queue};
use event_core::{Dispatcher, Event, Meta, handler};
use event_telemetry::record;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use tokio::sync::Mutex;

#[derive(Event)]
#[event(name = "shop.purchase_made")]
struct PurchaseMade {
    cents: u64,
}

#[derive(Event)]
#[event(name = "shop.points_earned")]
struct PointsEarned;

#[handler]
fn earn(event: &PurchaseMade) -> Result<PointsEarned, String> {
    if event.cents == 0 {
        return Err("nothing was paid".to_owned());
    }
    Ok(PointsEarned)
}

#[handler]
fn thank(_event: &PointsEarned) {}

static MAIL: Queue = Queue::new("mail")
    .capacity(2)
    .consumers(1)
    .overflow(Overflow::DropNewest);

/// Lets the test meet the handler twice: once it runs, and before it ends.
struct Gate(Barrier);

#[handler(queue = MAIL)]
fn send_receipt(_event: &PurchaseMade, gate: &Gate) {
    gate.0.wait();
    gate.0.wait();
}

/// The process's recorder; each test has events of its own, so that their figures do not mix.
fn snapshotter() -> &'static Snapshotter {
    static INSTALLED: OnceLock<Snapshotter> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        let recorder = DebuggingRecorder::new();
        let snapshotter = recorder.snapshotter();
        recorder.install().expect("no other recorder");
        snapshotter
    })
}

/// Held by each test: a snapshot takes the figures of all.
static FIGURES: Mutex<()> = Mutex::const_new(());

/// Takes the figures, by name and labels.
fn figures() -> HashMap<String, DebugValue> {
    let snapshot = snapshotter().snapshot().into_vec();
    let figures = snapshot.into_iter().map(|(key, _, _, value)| {
        let labels = key.key().labels();
        let labels = labels.map(|label| format!("{}={}", label.key(), label.value()));
        let labels: Vec<_> = labels.collect();
        (
            format!("{}{{{}}}", key.key().name(), labels.join(",")),
            value,
        )
    });
    figures.collect()
}

fn gauge(value: f64) -> DebugValue {
    DebugValue::Gauge(value.into())
}

#[tokio::test]
async fn emissions_deliveries_and_queues_are_recorded_by_name() {
    let _alone = FIGURES.lock().await;
    snapshotter();
    let gate = Arc::new(Gate(Barrier::new(2)));
    let dispatcher = Dispatcher::builder()
        .provide_arc(gate.clone())
        .build()
        .expect("a dispatcher");
    let recording = record(&dispatcher);
    for cents in [100, 0] {
        dispatcher.emit(PurchaseMade { cents });
    }
    // The first receipt is being sent, so that of the next three two wait and one is dropped.
    gate.0.wait();
    dispatcher.emit(PurchaseMade { cents: 100 });
    dispatcher.emit(PurchaseMade { cents: 100 });
    recording.update();

    let seen = figures();
    let of = |key: &str| {
        seen.get(key)
            .unwrap_or_else(|| panic!("no {key} in {seen:#?}"))
    };
    assert_eq!(
        of("event_emitted_total{event=shop.purchase_made}"),
        &DebugValue::Counter(4)
    );
    assert_eq!(
        of("event_emitted_total{event=shop.points_earned}"),
        &DebugValue::Counter(3)
    );
    let deliveries = |handler: &str, event: &str, ended: &str| {
        let handler = format!("event={event},handler=metrics::{handler},ended={ended}");
        of(&format!("event_deliveries_total{{{handler}}}"))
    };
    assert_eq!(
        deliveries("earn", "shop.purchase_made", "done"),
        &DebugValue::Counter(3)
    );
    assert_eq!(
        deliveries("earn", "shop.purchase_made", "failed"),
        &DebugValue::Counter(1)
    );
    assert_eq!(
        deliveries("thank", "shop.points_earned", "done"),
        &DebugValue::Counter(3)
    );
    assert_eq!(
        deliveries("send_receipt", "shop.purchase_made", "dropped"),
        &DebugValue::Counter(1)
    );
    let DebugValue::Histogram(times) =
        of("event_delivery_duration_seconds{event=shop.purchase_made,handler=metrics::earn}")
    else {
        panic!("durations are a histogram")
    };
    assert_eq!(times.len(), 4);
    assert!(
        times.iter().all(|time| (0.0..60.0).contains(&time.0)),
        "{times:?}"
    );
    assert_eq!(of("event_queue_depth{queue=mail}"), &gauge(2.0));
    assert_eq!(of("event_queue_running{queue=mail}"), &gauge(1.0));
    assert_eq!(
        of("event_queue_dropped_total{queue=mail}"),
        &DebugValue::Counter(1)
    );
    let DebugValue::Gauge(age) = of("event_queue_oldest_age_seconds{queue=mail}") else {
        panic!("an age is a gauge")
    };
    assert!((0.0..60.0).contains(&age.0) && age.0 > 0.0, "{age}");

    // The last look is at the end.
    for _ in 0..5 {
        gate.0.wait();
    }
    dispatcher
        .queue(&MAIL)
        .expect("a handler names it")
        .join()
        .await;
    drop(recording);
    let seen = figures();
    assert_eq!(seen["event_queue_depth{queue=mail}"], gauge(0.0));
    assert_eq!(
        seen["event_queue_oldest_age_seconds{queue=mail}"],
        gauge(0.0)
    );

    // What comes now is not counted.
    let before = counted(&seen);
    dispatcher.emit(PointsEarned);
    assert_eq!(counted(&figures()), before);
}

fn counted(figures: &HashMap<String, DebugValue>) -> String {
    format!(
        "{:?}",
        figures.get("event_emitted_total{event=shop.points_earned}")
    )
}

#[derive(Event)]
#[event(name = "shop.order_placed")]
struct OrderPlaced;

static LABELS: Queue = Queue::new("labels");

#[handler(queue = LABELS)]
fn print_label(_event: &OrderPlaced) {}

#[tokio::test]
async fn each_figure_of_a_named_dispatcher_has_its_name_as_a_label() {
    let _alone = FIGURES.lock().await;
    snapshotter();
    let build = |builder: event_core::dispatcher::DispatcherBuilder| {
        let builder = builder.handler(print_label);
        builder.build().expect("a dispatcher")
    };
    let named = build(Dispatcher::empty().name("orders"));
    let unnamed = build(Dispatcher::empty());
    let recordings = [record(&named), record(&unnamed)];
    for dispatcher in [&named, &named, &unnamed] {
        dispatcher.emit(OrderPlaced);
    }
    for dispatcher in [&named, &unnamed] {
        dispatcher.queue(&LABELS).expect("a handler").join().await;
    }
    drop(recordings);

    let seen = figures();
    let emitted = "event_emitted_total{event=shop.order_placed";
    assert_eq!(
        seen[&format!("{emitted},dispatcher=orders}}")],
        DebugValue::Counter(2)
    );
    assert_eq!(seen[&format!("{emitted}}}")], DebugValue::Counter(1));
    // Each figure of the named dispatcher has one of the other beside it, but for the label.
    let of_named = seen.keys().filter(|key| key.contains("dispatcher=orders"));
    let without = of_named.map(|key| {
        let key = key.replace(",dispatcher=orders", "");
        key.replace("dispatcher=orders", "")
    });
    let mut without: Vec<_> = without.collect();
    assert!(
        without.iter().all(|key| seen.contains_key(key)),
        "{without:#?}"
    );
    without.sort_unstable();
    let figures: Vec<_> = without.iter().map(|key| key.split('{').next()).collect();
    assert_eq!(
        figures,
        [
            "event_deliveries_total",
            "event_delivery_duration_seconds",
            "event_emitted_total",
            "event_observer_panics_total",
            "event_queue_depth",
            "event_queue_dropped_total",
            "event_queue_oldest_age_seconds",
            "event_queue_rejected_total",
            "event_queue_running",
            "event_queue_skipped_total",
            "event_queue_waits_total",
        ]
        .map(Some)
    );
}

#[derive(Event)]
#[event(name = "shop.card_charged")]
struct CardCharged;

#[handler(retry(attempts = 3, backoff = "1ms..1ms"))]
async fn charge(_event: &CardCharged, meta: Meta) -> Result<(), &'static str> {
    if meta.attempt() < 3 {
        Err("busy")
    } else {
        Ok(())
    }
}

#[tokio::test]
async fn failed_attempts_are_counted_apart_from_the_delivery() {
    let _alone = FIGURES.lock().await;
    snapshotter();
    let builder = Dispatcher::builder().only(charge);
    let dispatcher = builder.build().expect("a dispatcher");
    let _recording = record(&dispatcher);
    assert_eq!(dispatcher.emit_async(CardCharged).await.done(), 1);
    let seen = figures();
    let handler = "event=shop.card_charged,handler=metrics::charge";
    assert_eq!(
        seen[&format!("event_failed_attempts_total{{{handler}}}")],
        DebugValue::Counter(2)
    );
    assert_eq!(
        seen[&format!("event_deliveries_total{{{handler},ended=done}}")],
        DebugValue::Counter(1)
    );
    let DebugValue::Histogram(times) =
        &seen[&format!("event_delivery_duration_seconds{{{handler}}}")]
    else {
        panic!("durations are a histogram")
    };
    assert_eq!(times.len(), 3);
}

#[derive(Event)]
#[event(name = "shop.parcel_packed")]
struct ParcelPacked;

static LABELLED: Queue = Queue::new("labelled");

#[tokio::test]
async fn deliveries_whose_subscription_was_cancelled_are_counted_as_skipped() {
    let _alone = FIGURES.lock().await;
    snapshotter();
    let dispatcher = Dispatcher::empty().queue(&LABELLED);
    let dispatcher = dispatcher.build().expect("a dispatcher");
    let recording = record(&dispatcher);
    let queue = dispatcher.queue(&LABELLED).expect("it is named");
    let options = || dispatcher.subscription_builder().queue(&LABELLED);
    let cancelled = options().subscribe(|_: &ParcelPacked| {});
    let _kept = options().subscribe(|_: &ParcelPacked| {});
    queue.pause();
    for _ in 0..2 {
        dispatcher.emit(ParcelPacked);
    }
    cancelled.cancel();
    queue.resume();
    queue.join().await;
    drop(recording);
    let seen = figures();
    assert_eq!(
        seen["event_queue_skipped_total{queue=labelled}"],
        DebugValue::Counter(2)
    );
}
