//! What cannot be redelivered, and why.

use event_core::handler;
use event_core::report::DeliveryStatus;
use event_core::{Dispatcher, observer::AttemptResult};
use event_tests::{Gate, Journal};

use super::*;

#[tokio::test]
async fn a_failed_delivery_is_redelivered_once() {
    for case in CASES {
        let (first, second) = (Redeliveries::default(), Redeliveries::default());
        let hooks = (first.hook(), second.hook());
        let (dispatcher, journal) = built(case, |it| {
            it.on_failure(move |failure| {
                hooks.0(failure);
                hooks.1(failure);
            })
        });
        dispatcher.emit(Paid::once());
        assert_eq!(first.next().await.await, Ok(()));
        assert_eq!(second.next().await.await, Err(RedeliverError::Again));
        dispatcher.join(LONG).await.expect("nothing hangs");
        assert_eq!(journal.take().len(), 2, "{}", case.0);
    }
}

#[tokio::test]
async fn after_its_dispatcher_is_gone_a_redelivery_is_an_error() {
    for case in CASES {
        for is_shut_down in [true, false] {
            let failed = Redeliveries::default();
            let (dispatcher, journal) = built(case, |it| it.on_failure(failed.hook()));
            dispatcher.emit(Paid::once());
            let redelivery = failed.next().await;
            if is_shut_down {
                assert!(dispatcher.shutdown(LONG).await.is_complete());
            } else {
                drop(dispatcher);
            }
            assert_eq!(redelivery.await, Err(RedeliverError::Closed), "{}", case.0);
            assert_eq!(journal.take().len(), 1);
        }
    }
}

#[derive(event_core::Event)]
struct Busy;

#[handler]
async fn is_busy(_event: &Busy, gate: &Gate) {
    gate.pass().await;
}

#[tokio::test]
async fn a_shutdown_in_progress_refuses_a_redelivery() {
    for case in CASES {
        let (failed, gate) = (Redeliveries::default(), Arc::new(Gate::default()));
        let (dispatcher, journal) = built(case, |it| {
            let it = it.on_failure(failed.hook()).handler(is_busy);
            it.provide_arc(gate.clone())
        });
        dispatcher.emit(Busy);
        dispatcher.emit(Paid::once());
        let redelivery = failed.next().await;
        gate.arrived(1).await;
        let (ended, ()) = tokio::join!(dispatcher.shutdown(LONG), async {
            let refused = redelivery.await;
            gate.open_for_all();
            assert_eq!(refused, Err(RedeliverError::Closed), "{}", case.0);
        });
        assert!(ended.is_complete());
        assert_eq!(journal.take().len(), 1);
    }
}

#[handler]
fn inline(event: &Paid, journal: &Journal) -> Result<(), &'static str> {
    run(event, "inline", journal)
}

#[tokio::test]
async fn an_inline_handler_is_not_redelivered_to_and_the_error_says_what_to_do() {
    for how in [How::Error, How::Panic] {
        let (dispatcher, journal) = built(("inline", |it| it.handler(inline)), |it| {
            it.handler(sibling)
        });
        let report = dispatcher.emit_async(Paid::failing(1, how)).await;
        let failure = &report.failures()[0];
        assert_eq!(failure.redeliver().await, Err(RedeliverError::Inline));
        let error = failure.redeliver_blocking().expect_err("inline");
        assert_eq!(
            error.to_string(),
            "an inline handler runs inside of `emit`, which keeps no event for it: emit the event again, \
             or make the handler an `async fn` or give it a `queue`"
        );
        assert_eq!(journal.take(), ["inline fails", "sibling"]);
    }
}

fn panics(_event: &Paid) -> bool {
    quiet_panic()
}

#[handler(filter = panics)]
async fn filtered(_event: &Paid) {}

#[tokio::test]
async fn what_did_not_run_and_the_only_call_of_a_subscription_are_not_kept() {
    let (dispatcher, _) = built(("filtered", |it| it.handler(filtered)), |it| it);
    let once = dispatcher.subscription_builder().once();
    let _once = once.subscribe_async(|_: Arc<Paid>| async { Err::<(), _>("no") });
    let report = dispatcher.emit_async(Paid::once()).await;
    let ended: Vec<_> = report.failures().iter().map(Failure::ended).collect();
    let expected = [DeliveryStatus::Panicked, DeliveryStatus::Failed].map(Some);
    assert_eq!(ended, expected);
    for failure in report.failures() {
        assert_eq!(failure.redeliver().await, Err(RedeliverError::NotKept));
    }
}

#[handler(retry(attempts = 2, backoff = "1ms..1ms"))]
async fn retried(event: &Paid, journal: &Journal) -> Result<(), &'static str> {
    run(event, "retried", journal)
}

/// Keeps the redeliveries of attempts.
struct OfAttempts(Redeliveries);

impl Observer for OfAttempts {
    fn attempt_failed(&self, _: &DeliveryView<'_>, attempt: &AttemptResult<'_>) {
        self.0.keep(attempt.failure());
    }
}

#[tokio::test]
async fn an_attempt_of_a_delivery_that_is_tried_again_is_not_redelivered() {
    let attempts = Redeliveries::default();
    let (dispatcher, journal) = built(("retried", |it| it.handler(retried)), |it| {
        it.observe(Arc::new(OfAttempts(attempts.clone())))
    });
    let report = dispatcher.emit_async(Paid::once()).await;
    assert_eq!(report.done(), 1);
    assert_eq!(attempts.next().await.await, Err(RedeliverError::NotKept));
    assert_eq!(journal.take(), ["retried fails", "retried done"]);
}

#[tokio::test]
async fn the_last_attempt_of_a_retried_delivery_is_redelivered() {
    let (dispatcher, journal): (Dispatcher, _) =
        built(("retried", |it| it.handler(retried)), |it| it);
    let report = dispatcher.emit_async(Paid::failing(3, How::Error)).await;
    report.failures()[0].redeliver().await.expect("redelivered");
    dispatcher.join(LONG).await.expect("nothing hangs");
    let expected = [
        "retried fails",
        "retried fails",
        "retried fails",
        "retried done",
    ];
    assert_eq!(journal.take(), expected);
}
