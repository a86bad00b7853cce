//! Each failure of an async handler stays its own.

use std::sync::Arc;

use event_core::param::{Delivery, Param, Resolver};
use event_core::report::{DeliveryStatus, SkipReason};
use event_core::{Dispatcher, Event, dispatcher::DispatcherBuilder, handler};
use event_tests::{Heard, Journal, Watch, short};

use super::journal;

#[derive(Event)]
struct Struck;

#[handler]
async fn bystander(_event: &Struck, journal: &Journal) {
    tokio::task::yield_now().await;
    journal.write("bystander");
}

#[handler]
async fn fails(_event: &Struck) -> Result<(), &'static str> {
    tokio::task::yield_now().await;
    Err("failed on purpose")
}

#[handler]
async fn panics_at_once(_event: &Struck) {
    panic!("panicked at once");
}

#[handler]
async fn panics_later(_event: &Struck) {
    tokio::task::yield_now().await;
    panic!("panicked later");
}

/// Panics in its `Drop`.
struct Grenade;

impl Drop for Grenade {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "panicked in a drop");
    }
}

#[handler]
async fn panics_in_a_drop(_event: &Struck) {
    let _grenade = Grenade;
    tokio::task::yield_now().await;
}

struct Refusing;

impl Param for Refusing {
    type State = ();
    type Rejection = &'static str;

    fn resolve(_: &mut Resolver<'_>) -> Option<()> {
        Some(())
    }

    fn param((): &(), _: &Delivery<'_>) -> Result<Self, &'static str> {
        Err("refused on purpose")
    }
}

#[handler]
async fn param_refuses(_event: &Struck, _refusing: Refusing) {
    unreachable!("its parameter refuses");
}

struct Exploding;

impl Param for Exploding {
    type State = ();
    type Rejection = std::convert::Infallible;

    fn resolve(_: &mut Resolver<'_>) -> Option<()> {
        Some(())
    }

    fn param((): &(), _: &Delivery<'_>) -> Result<Self, Self::Rejection> {
        panic!("panicked in a parameter");
    }
}

#[handler]
async fn param_panics(_event: &Struck, _exploding: Exploding) {
    unreachable!("its parameter panics");
}

fn filter_panics(_event: &Struck) -> bool {
    panic!("panicked in a filter");
}

#[handler(filter = filter_panics)]
async fn behind_a_panicking_filter(_event: &Struck) {
    unreachable!("its filter panics");
}

fn never(_event: &Struck) -> bool {
    false
}

#[handler(filter = never)]
async fn filtered(_event: &Struck) {
    unreachable!("its filter does not hold");
}

#[handler(timeout = "5s")]
async fn times_out(_event: &Struck) {
    std::future::pending::<()>().await;
}

#[handler(timeout = "5s")]
async fn panics_when_its_time_is_over(_event: &Struck) {
    let _grenade = Grenade;
    std::future::pending::<()>().await;
}

#[handler(timeout = "5s")]
async fn is_in_time(_event: &Struck) {
    // The clock is paused: this takes 4 of the 5 seconds, and no time.
    tokio::time::sleep(std::time::Duration::from_secs(4)).await;
}

fn struck() -> (DispatcherBuilder, Arc<Journal>, Arc<Watch>) {
    let watch = Arc::new(Watch::default());
    let builder = Dispatcher::empty()
        .handler(bystander)
        .handler(fails)
        .handler(panics_at_once)
        .handler(panics_later)
        .handler(panics_in_a_drop)
        .handler(param_refuses)
        .handler(param_panics)
        .handler(behind_a_panicking_filter)
        .handler(filtered)
        .handler(times_out)
        .handler(panics_when_its_time_is_over)
        .handler(is_in_time)
        .observe(watch.clone());
    let (builder, journal) = journal(builder);
    (builder, journal, watch)
}

const ENDS: [(&str, DeliveryStatus); 12] = [
    ("behind_a_panicking_filter", DeliveryStatus::Panicked),
    ("bystander", DeliveryStatus::Done),
    ("fails", DeliveryStatus::Failed),
    ("filtered", DeliveryStatus::Skipped(SkipReason::Filter)),
    ("is_in_time", DeliveryStatus::Done),
    ("panics_at_once", DeliveryStatus::Panicked),
    ("panics_in_a_drop", DeliveryStatus::Panicked),
    ("panics_later", DeliveryStatus::Panicked),
    ("panics_when_its_time_is_over", DeliveryStatus::Panicked),
    ("param_panics", DeliveryStatus::Panicked),
    ("param_refuses", DeliveryStatus::Failed),
    ("times_out", DeliveryStatus::TimedOut),
];

const TEXTS: [(&str, &str); 9] = [
    (
        "behind_a_panicking_filter",
        "panicked on `it::async_handlers::isolation::Struck`: panicked in a filter",
    ),
    (
        "fails",
        "failed on `it::async_handlers::isolation::Struck`: failed on purpose",
    ),
    (
        "panics_at_once",
        "panicked on `it::async_handlers::isolation::Struck`: panicked at once",
    ),
    (
        "panics_in_a_drop",
        "panicked on `it::async_handlers::isolation::Struck`: panicked in a drop",
    ),
    (
        "panics_later",
        "panicked on `it::async_handlers::isolation::Struck`: panicked later",
    ),
    (
        "panics_when_its_time_is_over",
        "panicked on `it::async_handlers::isolation::Struck`: panicked in a drop",
    ),
    (
        "param_panics",
        "panicked on `it::async_handlers::isolation::Struck`: panicked in a parameter",
    ),
    (
        "param_refuses",
        "failed on `it::async_handlers::isolation::Struck`: refused on purpose",
    ),
    (
        "times_out",
        "timed out on `it::async_handlers::isolation::Struck` after 5s",
    ),
];

fn assert_ends(watch: &Watch) {
    let mut ended = watch.ended();
    ended.sort_by(|(one, _), (other, _)| one.cmp(other));
    let expected = ENDS.map(|(name, ended)| (name.to_owned(), ended));
    assert_eq!(ended, expected);
}

#[tokio::test(start_paused = true)]
async fn each_failure_of_an_async_handler_stays_its_own_in_emit_async() {
    let (builder, journal, watch) = struck();
    let report = builder.build().expect("wired").emit_async(Struck).await;
    assert_eq!(journal.take(), ["bystander"]);
    assert_eq!(report.done(), 2);
    assert_eq!(report.failed(), 2);
    assert_eq!(report.panicked(), 6);
    assert_eq!(report.timed_out(), 1);
    assert_eq!(report.skipped(), 1);
    assert_eq!(report.deliveries(), 12);
    let mut failures: Vec<_> = report
        .failures()
        .iter()
        .map(|failure| {
            let handler = failure.handler().expect("by a handler");
            let text = failure.to_string();
            let text = text.replace(&format!("handler {handler} "), "");
            (short(handler), text)
        })
        .collect();
    failures.sort();
    let expected = TEXTS.map(|(name, text)| (name.to_owned(), text.to_owned()));
    assert_eq!(failures, expected);
    assert_ends(&watch);
}

#[tokio::test(start_paused = true)]
async fn each_failure_of_a_detached_handler_is_heard_once() {
    let (builder, journal, watch) = struck();
    let heard = Heard::default();
    let dispatcher = builder.on_failure(heard.hook()).build().expect("wired");
    let report = dispatcher.emit(Struck);
    assert_eq!((report.handed_over(), report.panicked()), (10, 1));
    assert_eq!(report.skipped(), 1);
    let shutdown = dispatcher.shutdown(std::time::Duration::from_mins(1)).await;
    assert!(shutdown.is_complete());
    assert_eq!(journal.take(), ["bystander"]);
    let heard = heard.take();
    assert_eq!(heard.len(), TEXTS.len() - 1, "{heard:#?}");
    for (name, text) in &TEXTS[1..] {
        let of = |line: &&String| line.contains(&format!("::{name} ")) && line.ends_with(text);
        assert_eq!(heard.iter().filter(of).count(), 1, "{name}: {heard:#?}");
    }
    assert_ends(&watch);
}

#[tokio::test]
async fn a_subscriptions_closure_may_panic_before_it_makes_its_future() {
    let dispatcher = Dispatcher::empty().build().expect("wired");
    let panicking = dispatcher.subscribe_async(|_: Arc<Struck>| -> std::future::Ready<()> {
        panic!("panicked in the closure")
    });
    let report = dispatcher.emit_async(Struck).await;
    assert_eq!((report.done(), report.panicked()), (0, 1));
    assert_eq!(
        report.failures()[0].panic_message(),
        Some("panicked in the closure")
    );
    drop(panicking);
}
