//! Where a failure is found, and where its delivery runs again.

use event_core::handler;
use event_core::queue::LocalQueue;
use event_tests::Journal;

use super::*;

#[tokio::test]
async fn a_delivery_that_failed_is_redelivered_from_the_failure_hook_whatever_it_failed_with() {
    for case in CASES {
        for how in [How::Error, How::Panic, How::Hang] {
            let failed = Redeliveries::default();
            let (dispatcher, journal) = built(case, |it| it.on_failure(failed.hook()));
            dispatcher.emit(Paid::failing(1, how));
            let redelivery = failed.next().await;
            let name = case.0;
            assert_eq!(journal.take(), [format!("{name} fails")], "{how:?}");
            redelivery.await.expect("redelivered");
            dispatcher.join(LONG).await.expect("nothing hangs");
            assert_eq!(journal.take(), [format!("{name} done")], "{how:?}");
        }
    }
}

#[tokio::test]
async fn it_is_redelivered_from_an_observer() {
    for case in CASES {
        let failed = Redeliveries::default();
        let (dispatcher, journal) = built(case, |it| it.observe(Arc::new(failed.clone())));
        dispatcher.emit_async(Paid::once()).await;
        dispatcher.join(LONG).await.expect("nothing hangs");
        let name = case.0;
        assert_eq!(journal.take(), [format!("{name} fails")]);
        failed.next().await.await.expect("redelivered");
        dispatcher.join(LONG).await.expect("nothing hangs");
        assert_eq!(journal.take(), [format!("{name} done")]);
    }
}

#[tokio::test]
async fn it_is_redelivered_from_the_report_of_an_emit_async() {
    for case in &CASES[..3] {
        for how in [How::Error, How::Panic, How::Hang] {
            let (dispatcher, journal) = built(*case, |it| it);
            let report = dispatcher.emit_async(Paid::failing(1, how)).await;
            let name = case.0;
            assert_eq!(journal.take(), [format!("{name} fails")], "{how:?}");
            let failure = &report.failures()[0];
            failure.redeliver().await.expect("redelivered");
            dispatcher.join(LONG).await.expect("nothing hangs");
            assert_eq!(journal.take(), [format!("{name} done")], "{how:?}");
        }
    }
}

#[tokio::test]
async fn it_goes_to_the_handler_that_failed_and_to_no_other() {
    for case in CASES {
        for is_observed in [false, true] {
            let failed = Redeliveries::default();
            let (dispatcher, journal) = built(case, |it| {
                let it = it.handler(sibling).handler(inline_sibling);
                let it = it.on_failure(failed.hook());
                if is_observed {
                    it.observe(Arc::new(event_tests::Watch::default()))
                } else {
                    it
                }
            });
            let report = dispatcher.emit_async(Paid::once()).await;
            dispatcher.join(LONG).await.expect("nothing hangs");
            let mut first = journal.take();
            first.sort();
            let name = case.0;
            let fails = format!("{name} fails");
            let mut expected = [fails.as_str(), "inline sibling", "sibling"];
            expected.sort_unstable();
            assert_eq!(first, expected);
            for failure in report.failures() {
                failed.keep(failure);
            }
            failed.next().await.await.expect("redelivered");
            dispatcher.join(LONG).await.expect("nothing hangs");
            assert_eq!(journal.take(), [format!("{name} done")]);
        }
    }
}

#[tokio::test]
async fn one_that_an_event_of_a_handler_had_is_redelivered_too() {
    #[derive(event_core::Event)]
    struct Asked;

    #[handler]
    fn asks(_event: &Asked) -> Paid {
        Paid::once()
    }

    for case in CASES {
        let failed = Redeliveries::default();
        let (dispatcher, journal) = built(case, |it| it.handler(asks).on_failure(failed.hook()));
        let report = dispatcher.emit_async(Asked).await;
        dispatcher.join(LONG).await.expect("nothing hangs");
        let name = case.0;
        assert_eq!(journal.take(), [format!("{name} fails")]);
        for failure in report.failures() {
            failed.keep(failure);
        }
        // The event of the report is another one's.
        drop(report);
        failed.next().await.await.expect("redelivered");
        dispatcher.join(LONG).await.expect("nothing hangs");
        assert_eq!(journal.take(), [format!("{name} done")]);
    }
}

#[test]
fn it_is_redelivered_blocking_on_a_thread() {
    for case in CASES {
        let runtime = event_tests::runtime();
        let (dispatcher, journal) = built(case, |it| it.runtime(runtime.handle().clone()));
        let name = case.0;
        let (send, received) = std::sync::mpsc::channel();
        let _observer = dispatcher.observe(Tells(send.into()));
        let dispatcher = &dispatcher;
        dispatcher.emit(Paid::once());
        let redelivered = received.recv_timeout(LONG).expect("it fails");
        assert_eq!(redelivered, Ok(()));
        dispatcher.join(LONG).blocking().expect("nothing hangs");
        assert_eq!(
            journal.take(),
            [format!("{name} fails"), format!("{name} done")]
        );
    }
}

/// Redelivers on the thread on which the delivery failed, whose handler's queue has room.
struct Tells(Mutex<std::sync::mpsc::Sender<Result<(), RedeliverError>>>);

impl Observer for Tells {
    fn delivery_ended(&self, _: &DeliveryView<'_>, end: &DeliveryResult<'_>) {
        if let Some(failure) = end.failure() {
            let sender = self.0.lock().expect("no test panics");
            sender.send(failure.redeliver_blocking()).expect("it waits");
        }
    }
}

static WINDOW: LocalQueue<Vec<String>> = LocalQueue::new("redelivery window");

#[handler(queue = WINDOW)]
fn in_a_window(
    event: &Paid,
    window: &mut Vec<String>,
    journal: &Journal,
) -> Result<(), &'static str> {
    window.push("seen".to_owned());
    run(event, "window", journal)
}

#[tokio::test]
async fn one_of_a_local_queue_runs_at_the_next_pump() {
    let failed = Redeliveries::default();
    let (dispatcher, journal) = built(("window", |it| it.handler(in_a_window)), |it| {
        it.on_failure(failed.hook())
    });
    let queue = dispatcher.queue(&WINDOW).expect("a handler names it");
    let mut window = Vec::new();
    dispatcher.emit(Paid::once());
    assert_eq!(queue.pump(&mut window), 1);
    assert_eq!(queue.pump(&mut window), 0);
    failed.next().await.await.expect("redelivered");
    assert_eq!(queue.pump(&mut window), 1);
    assert_eq!(journal.take(), ["window fails", "window done"]);
    assert_eq!(window.len(), 2);
}

#[tokio::test]
async fn one_of_an_async_subscription_is_redelivered_while_the_subscription_is_active() {
    let (dispatcher, journal) = built(("none", |it| it), |it| it);
    let seen = journal.clone();
    let subscription = dispatcher.subscribe_async(move |event: Arc<Paid>| {
        let seen = seen.clone();
        async move { run_later(&event, "subscription", &seen).await }
    });
    let report = dispatcher.emit_async(Paid::once()).await;
    let other = dispatcher.emit_async(Paid::once()).await;
    journal.take();
    report.failures()[0].redeliver().await.expect("redelivered");
    dispatcher.join(LONG).await.expect("nothing hangs");
    assert_eq!(journal.take(), ["subscription done"]);
    subscription.cancel();
    other.failures()[0].redeliver().await.expect("redelivered");
    dispatcher.join(LONG).await.expect("nothing hangs");
    assert!(journal.take().is_empty());
}
