//! What a failure or a panic of the user's code reaches: its own delivery, and nothing else.
//! Apart from other tests, since its dispatcher has all handlers of a program.

use std::sync::Arc;

use event_core::observer::{DeliveryResult, DeliveryView, EmissionView, Observer};
use event_core::param::{Delivery, Param, Resolver};
use event_core::{Dispatcher, Event, handler};
use event_tests::Journal;

#[derive(Event)]
struct Struck;

/// Twenty handlers, so that the panics lie before, in and behind a group of eight calls.
macro_rules! bystanders {
    ($($name:ident)+) => {$(
        #[handler]
        fn $name(_event: &Struck, journal: &Journal) {
            journal.write(stringify!($name));
        }
    )+};
}

bystanders!(b00 b01 b02 b04 b05 b06 b07 b08 b09 b10 b11 b12 b13 b14 b15 b16 b18 b19);

#[handler]
fn b03_panics(_event: &Struck) {
    panic!("three");
}

#[handler]
fn b17_panics(_event: &Struck) {
    std::panic::panic_any(17_u8);
}

#[handler]
fn c_fails(_event: &Struck) -> Result<(), std::num::ParseIntError> {
    "x".parse::<u8>().map(drop)
}

fn filter_panics(_event: &Struck) -> bool {
    panic!("in the filter")
}

#[handler(filter = filter_panics)]
fn d_filter_panics(_event: &Struck) {
    unreachable!("its filter panics");
}

fn never(_event: &Struck) -> bool {
    false
}

#[handler(filter = never)]
fn e_is_filtered(_event: &Struck) {
    unreachable!("its filter does not hold");
}

struct Refused;

impl Param for Refused {
    type State = ();
    type Rejection = &'static str;

    fn resolve(_: &mut Resolver<'_>) -> Option<()> {
        Some(())
    }

    fn param((): &(), _: &Delivery<'_>) -> Result<Self, &'static str> {
        Err("not today")
    }
}

#[handler]
fn f_param_refuses(_event: &Struck, _refused: Refused) {
    unreachable!("its parameter refuses");
}

/// Panics in its `Drop`.
struct Grenade;

impl Drop for Grenade {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "in a drop");
    }
}

#[handler]
fn g_payload_panics_when_dropped(_event: &Struck) {
    std::panic::panic_any(Grenade);
}

#[handler]
fn z_last(_event: &Struck, journal: &Journal) {
    journal.write("last");
}

fn build() -> (Dispatcher, Arc<Journal>) {
    let journal = Arc::new(Journal::default());
    let dispatcher = Dispatcher::builder()
        .provide_arc(journal.clone())
        .build()
        .expect("wired");
    (dispatcher, journal)
}

#[test]
fn no_failure_of_one_handler_reaches_another() {
    let (dispatcher, journal) = build();
    let report = dispatcher.emit(Struck);
    let lines = journal.take();
    assert_eq!(lines.len(), 19, "{lines:?}");
    assert_eq!(lines.last().map(String::as_str), Some("last"));
    assert_eq!(report.done(), 19);
    assert_eq!(report.failed(), 2);
    assert_eq!(report.panicked(), 4);
    assert_eq!(report.skipped(), 1);
    assert_eq!(report.deliveries(), 26);
    let expected = [
        ("b03_panics", "panicked on `isolation::Struck`: three"),
        (
            "b17_panics",
            "panicked on `isolation::Struck`: a panic whose payload is not text",
        ),
        (
            "c_fails",
            "failed on `isolation::Struck`: invalid digit found in string",
        ),
        (
            "d_filter_panics",
            "panicked on `isolation::Struck`: in the filter",
        ),
        (
            "f_param_refuses",
            "failed on `isolation::Struck`: not today",
        ),
        (
            "g_payload_panics_when_dropped",
            "panicked on `isolation::Struck`: a panic whose payload is not text",
        ),
    ];
    assert_eq!(report.failures().len(), expected.len());
    for (failure, (name, text)) in report.failures().iter().zip(expected) {
        let by = failure.handler().expect("by a handler");
        assert_eq!(by.name(), format!("isolation::{name}"));
        assert_eq!(failure.to_string(), format!("handler {by} {text}"));
    }
}

#[test]
fn the_full_way_isolates_like_the_plain_one() {
    let (dispatcher, journal) = build();
    let plain = dispatcher.emit(Struck);
    let plain_lines = journal.take();
    let _subscription = dispatcher.subscribe(|_: &Struck| -> Result<(), &str> { panic!("sub") });
    let full = dispatcher.emit(Struck);
    assert_eq!(journal.take(), plain_lines);
    assert_eq!(full.done(), plain.done());
    assert_eq!(full.failed(), plain.failed());
    assert_eq!(full.panicked(), plain.panicked() + 1);
    assert_eq!(full.skipped(), plain.skipped());
    let subscription = full.failures().last().expect("the subscription failed");
    let by = subscription.handler().expect("by the subscription");
    assert!(by.is_subscription());
    assert!(by.file().ends_with("isolation.rs"), "{by}");
}

#[derive(Event)]
struct Fragile {
    #[event(redact)]
    _grenade: Grenade,
}

#[test]
fn a_panic_in_the_drop_of_an_event_is_a_failure() {
    let (dispatcher, _) = build();
    let report = dispatcher.emit(Fragile { _grenade: Grenade });
    assert_eq!(report.failures().len(), 1);
    assert_eq!(
        report.failures()[0].to_string(),
        "the `Drop` of `isolation::Fragile` panicked: in a drop"
    );
    let subscription = dispatcher.subscribe(|_: &Fragile| {});
    let report = dispatcher.emit(Fragile { _grenade: Grenade });
    assert_eq!((report.done(), report.failures().len()), (1, 1));
    drop(subscription);
}

#[test]
fn a_subscription_whose_captures_panic_when_dropped_in_an_emission_harms_nobody() {
    let (dispatcher, _) = build();
    let grenade = Grenade;
    let subscription = dispatcher.subscribe(move |_: &Fragile| {
        let _held = &grenade;
    });
    let guard = std::sync::Mutex::new(Some(subscription));
    let _cancelling = dispatcher.subscribe(move |_: &Struck| {
        drop(guard.lock().expect("not poisoned").take());
    });
    for _ in 0..2 {
        assert_eq!(dispatcher.emit(Struck).done(), 20);
    }
}

struct Panicking;

impl Observer for Panicking {
    fn emission_started(&self, _: &EmissionView<'_>) {
        panic!("emission started");
    }
    fn delivery_started(&self, _: &DeliveryView<'_>) {
        panic!("delivery started");
    }
    fn delivery_ended(&self, _: &DeliveryView<'_>, _: &DeliveryResult<'_>) {
        panic!("delivery ended");
    }
    fn emission_ended(&self, _: &EmissionView<'_>) {
        panic!("emission ended");
    }
}

#[test]
fn a_panicking_observer_changes_nothing_and_is_counted() {
    let (dispatcher, journal) = build();
    let plain = dispatcher.emit(Struck);
    let lines = journal.take();
    let observing = dispatcher.observe(Panicking);
    let report = dispatcher.emit(Struck);
    assert_eq!(journal.take(), lines);
    assert_eq!(report.done(), plain.done());
    assert_eq!(report.panicked(), plain.panicked());
    assert_eq!(dispatcher.counts().observer_panics, 2 + 2 * 26);
    drop(observing);
    dispatcher.emit(Struck);
    assert_eq!(dispatcher.counts().observer_panics, 2 + 2 * 26);
}

#[test]
fn try_emit_ends_at_the_first_failure() {
    let (dispatcher, journal) = build();
    let error = dispatcher
        .fail_fast()
        .emit(Struck)
        .into_result()
        .expect_err("b03 panics");
    assert_eq!(error.failure().panic_message(), Some("three"));
    assert_eq!(journal.take(), ["b00", "b01", "b02"]);
    let report = error.report();
    assert_eq!(
        (report.done(), report.panicked(), report.skipped()),
        (3, 1, 22)
    );
}

/// Takes the observer off while it observes, so that the emission is its last owner.
struct TakenOff {
    guard: Arc<std::sync::Mutex<Option<event_core::observer::ObserverGuard>>>,
    _grenade: Grenade,
}

impl Observer for TakenOff {
    fn emission_started(&self, _: &EmissionView<'_>) {
        drop(self.guard.lock().expect("not poisoned").take());
    }
}

#[test]
fn an_observer_that_panics_when_dropped_in_an_emission_harms_nobody() {
    let (dispatcher, _) = build();
    let guard = Arc::default();
    let observing = dispatcher.observe(TakenOff {
        guard: Arc::clone(&guard),
        _grenade: Grenade,
    });
    *guard.lock().expect("not poisoned") = Some(observing);
    for _ in 0..300 {
        assert_eq!(dispatcher.emit(Struck).done(), 19);
    }
}

#[test]
fn what_a_dispatcher_owns_may_panic_when_its_last_clone_ends_in_an_emit() {
    let builder = Dispatcher::empty();
    let handle = builder.handle();
    let dispatcher = builder.build().expect("wired");
    let last: Arc<std::sync::Mutex<Option<Dispatcher>>> = Arc::default();
    let grenade = Grenade;
    let in_closure = Arc::clone(&last);
    dispatcher
        .subscribe(move |_: &Fragile| {
            let _held = &grenade;
            drop(in_closure.lock().expect("not poisoned").take());
        })
        .detach();
    *last.lock().expect("not poisoned") = Some(dispatcher);
    // The handle's own clone is the last one, and ends at the end of this emit.
    assert!(handle.emit(Struck).is_ok());
    let fragile = Fragile { _grenade: Grenade };
    assert_eq!(handle.emit(fragile).expect("alive").done(), 1);
    assert!(handle.emit(Struck).is_err(), "gone");
}

/// A `tracing` subscriber that panics at every event.
struct Loud;

impl tracing::Subscriber for Loud {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, _: &tracing::Event<'_>) {
        panic!("a log line too many");
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[test]
fn a_panicking_log_changes_nothing() {
    let (dispatcher, _) = build();
    let quiet = dispatcher.emit(Struck);
    let loud = tracing::subscriber::with_default(Loud, || dispatcher.emit(Struck));
    assert_eq!(loud.to_string(), quiet.to_string());
}
