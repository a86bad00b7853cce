//! No sleeps: handlers wait for each other, and time is tokio's paused clock.

use std::sync::{Arc, Mutex};

use event_core::report::DeliveryStatus;
use event_testing::{DispatcherExt as _, assert_handled};
use tokio::time::Instant;

use super::*;
use crate::handlers::{add_to_newsletter, ask_partner, audit, rate, welcome};

const ADA: UserSignedUp = UserSignedUp { name: "Ada" };

/// How each failed delivery ended, by its handler's name.
fn failures<'f>(
    failures: impl IntoIterator<Item = &'f Failure>,
) -> Vec<(&'static str, DeliveryStatus)> {
    let mut ended: Vec<_> = failures
        .into_iter()
        .filter_map(|failure| {
            let name = failure.handler()?.name().rsplit("::").next()?;
            Some((name, failure.ended()?))
        })
        .collect();
    ended.sort_by_key(|(name, _)| *name);
    ended
}

const EACH_OF_THREE: [(&str, DeliveryStatus); 3] = [
    ("add_to_newsletter", DeliveryStatus::Failed),
    ("ask_partner", DeliveryStatus::TimedOut),
    ("rate", DeliveryStatus::Panicked),
];

#[tokio::test(start_paused = true)]
async fn handlers_overlap_in_time() {
    let both = wire().only(audit).only(welcome).build().expect("wired");
    assert_eq!(both.emit_async(ADA).await.done(), 2);

    // The proof needs both: one alone waits until its time is over.
    let one = wire().only(audit).build().expect("wired");
    assert_eq!(one.emit_async(ADA).await.timed_out(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_report_has_how_each_handler_ended() {
    let dispatcher = wire().build().expect("wired");
    let report = dispatcher.emit_async(ADA).await;
    assert_eq!((report.done(), report.deliveries()), (2, 5));
    assert_eq!(failures(report.failures()), EACH_OF_THREE);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_never_ends_costs_its_timeout_and_not_more() {
    let dispatcher = wire().build().expect("wired");
    let begun = Instant::now();
    dispatcher.emit_async(ADA).await;
    assert_eq!(begun.elapsed(), Duration::from_millis(50));
}

#[tokio::test(start_paused = true)]
async fn without_the_slow_one_nobody_waits_at_all() {
    let dispatcher = wire().without(ask_partner).build().expect("wired");
    let begun = Instant::now();
    assert_eq!(dispatcher.emit_async(ADA).await.deliveries(), 4);
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn emit_waits_for_nobody_and_failures_are_heard_once_each() {
    let heard: Arc<Mutex<Vec<(&str, DeliveryStatus)>>> = Arc::default();
    let hook = Arc::clone(&heard);
    let dispatcher = wire()
        .on_failure(move |failure| hook.lock().expect("no panic").extend(failures([failure])))
        .build()
        .expect("wired");
    let rec = dispatcher.record();
    dispatcher
        .track(async |d| {
            let begun = Instant::now();
            let report = d.emit(ADA);
            assert_eq!((report.handed_over(), begun.elapsed()), (5, Duration::ZERO));
        })
        .await;
    assert_handled!(rec, welcome, Done);
    assert_handled!(rec, ask_partner, TimedOut);
    let rated = assert_handled!(rec, rate, Panicked);
    assert_eq!(rated.error(), Some("the rating is not a number"));
    let mut heard = heard.lock().expect("no panic");
    heard.sort_by_key(|(name, _)| *name);
    assert_eq!(*heard, EACH_OF_THREE);
}

#[tokio::test]
async fn a_handler_is_a_function_and_is_tested_as_one() {
    let failed = add_to_newsletter(&ADA).await;
    assert_eq!(failed, Err("no address of Ada".to_owned()));
    let panicked = tokio::spawn(rate(&ADA)).await;
    assert!(panicked.is_err_and(|error| error.is_panic()));
}
