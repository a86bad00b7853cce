//! What a break or a first failure keeps from starting.

use std::ops::ControlFlow;
use std::sync::Arc;

use event_core::queue::Queue;
use event_core::report::{DeliveryStatus, SkipReason};
use event_core::{Dispatcher, Event, handler};
use event_tests::{Journal, Watch, idle, short};

use super::{Tick, journal};

static STOPPED: Queue = Queue::new("stopped");

#[derive(Event)]
#[event(stoppable)]
struct Pressed;

#[handler]
fn stops(_event: &Pressed) -> ControlFlow<()> {
    ControlFlow::Break(())
}

#[handler(priority = 1)]
fn inline_behind(_event: &Pressed) {
    unreachable!("stopped");
}

#[handler]
async fn async_behind(_event: &Pressed, journal: &Journal) {
    journal.write("async");
}

#[handler(after = async_behind)]
async fn async_far_behind(_event: &Pressed, journal: &Journal) {
    journal.write("async");
}

#[handler(queue = STOPPED)]
async fn queued_behind(_event: &Pressed, journal: &Journal) {
    journal.write("queued");
}

#[derive(Event)]
struct Moved;

#[handler]
fn presses(_event: &Moved) -> Pressed {
    Pressed
}

#[tokio::test(start_paused = true)]
async fn a_break_skips_all_async_and_queued_handlers_in_every_form() {
    for has_queue in [false, true] {
        for has_subscription in [false, true] {
            let watch = Arc::new(Watch::default());
            let mut builder = Dispatcher::empty()
                .handler(stops)
                .handler(inline_behind)
                .handler(async_behind)
                .handler(async_far_behind)
                .handler(presses)
                .observe(watch.clone());
            if has_queue {
                builder = builder.handler(queued_behind);
            }
            let (builder, journal) = journal(builder);
            let dispatcher = builder.build().expect("wired");
            let subscription = has_subscription
                .then(|| dispatcher.subscribe_async(|_: Arc<Pressed>| std::future::ready(())));
            let skipped = 3 + usize::from(has_queue) + usize::from(has_subscription);
            let reports = [
                (dispatcher.emit(Pressed), 1),
                (
                    dispatcher
                        .fail_fast()
                        .emit(Pressed)
                        .into_result()
                        .expect("no failure"),
                    1,
                ),
                (dispatcher.emit_async(Pressed).await, 1),
                (dispatcher.emit(Moved), 2),
                (dispatcher.emit_async(Moved).await, 2),
            ];
            idle().await;
            assert!(journal.take().is_empty());
            for (at, (report, done)) in reports.iter().enumerate() {
                let counts = (report.done(), report.skipped(), report.deliveries());
                assert_eq!(
                    counts,
                    (*done, skipped, done + skipped),
                    "form {at}, queue: {has_queue}, subscription: {has_subscription}"
                );
                assert_eq!(report.stopped_by().map(short).as_deref(), Some("stops"));
            }
            assert_eq!(
                watch.count(DeliveryStatus::Skipped(SkipReason::Break)),
                5 * skipped
            );
            assert_eq!(watch.totals().1, 5 * (1 + skipped) + 2);
            drop(subscription);
        }
    }
}

static TRIED: Queue = Queue::new("tried");

#[derive(Event)]
struct Tried {
    inline_fails: bool,
    filter_panics: bool,
}

#[handler]
fn may_fail(event: &Tried) -> Result<Tick, &'static str> {
    if event.inline_fails {
        return Err("first failure");
    }
    Ok(Tick)
}

fn may_panic(event: &Tried) -> bool {
    assert!(!event.filter_panics, "first failure");
    true
}

#[handler(priority = 1, filter = may_panic)]
async fn tried_first(_event: &Tried, journal: &Journal) {
    journal.write("first");
}

#[handler(priority = 2)]
async fn tried_second(_event: &Tried, journal: &Journal) {
    journal.write("second");
}

#[handler(priority = 3, queue = TRIED)]
async fn tried_in_a_queue(_event: &Tried, journal: &Journal) {
    journal.write("queued");
}

#[handler]
fn never_ticks(_event: &Tick, journal: &Journal) {
    journal.write("tick");
}

#[tokio::test(start_paused = true)]
async fn the_first_failure_of_try_emit_starts_nothing_further() {
    let (builder, journal) = journal(
        Dispatcher::empty()
            .handler(may_fail)
            .handler(tried_first)
            .handler(tried_second)
            .handler(tried_in_a_queue)
            .handler(never_ticks),
    );
    let dispatcher = builder.build().expect("wired");
    let subscription = dispatcher.subscribe_async({
        let journal = journal.clone();
        move |_: Arc<Tried>| {
            journal.write("subscription");
            std::future::ready(())
        }
    });
    for (inline_fails, filter_panics) in [(true, false), (false, true)] {
        let event = Tried {
            inline_fails,
            filter_panics,
        };
        let error = dispatcher
            .fail_fast()
            .emit(event)
            .into_result()
            .expect_err("it fails");
        assert_eq!(error.report().failures().len(), 1);
        idle().await;
        assert!(journal.take().is_empty());
        assert_eq!(error.report().deliveries(), 5);
    }
    let event = Tried {
        inline_fails: false,
        filter_panics: false,
    };
    let report = dispatcher
        .fail_fast()
        .emit(event)
        .into_result()
        .expect("no failure");
    assert_eq!((report.done(), report.handed_over()), (2, 4));
    drop(subscription);
}

#[derive(Event)]
struct TriedInOrder;

#[handler]
async fn ordered_first(_event: &TriedInOrder, journal: &Journal) {
    journal.write("first");
}

fn always_panics(_event: &TriedInOrder) -> bool {
    panic!("first failure");
}

#[handler(after = ordered_first, filter = always_panics)]
async fn ordered_second(_event: &TriedInOrder) {
    unreachable!("its filter panics");
}

#[tokio::test(start_paused = true)]
async fn a_failed_try_emit_starts_none_of_the_handlers_that_wait_for_each_other() {
    let builder = Dispatcher::empty()
        .handler(ordered_first)
        .handler(ordered_second);
    let (builder, journal) = journal(builder);
    let dispatcher = builder.build().expect("wired");
    let error = dispatcher
        .fail_fast()
        .emit(TriedInOrder)
        .into_result()
        .expect_err("it fails");
    idle().await;
    assert!(journal.take().is_empty());
    assert_eq!(error.report().deliveries(), 2);
    assert_eq!(error.report().handed_over(), 0);
}

#[derive(Event)]
struct Checked;

#[handler]
async fn refuses(_event: &Checked) -> Result<(), &'static str> {
    tokio::task::yield_now().await;
    Err("no stock")
}

#[handler(after = refuses)]
async fn follows(_event: &Checked, journal: &Journal) {
    journal.write("follows");
}

#[tokio::test]
async fn fail_fast_starts_no_async_handler_after_the_first_failure() {
    let journal = Arc::<Journal>::default();
    let dispatcher = Dispatcher::empty()
        .handler(refuses)
        .handler(follows)
        .provide_arc(journal.clone())
        .build()
        .expect("wired");
    let report = dispatcher.fail_fast().emit_async(Checked).await;
    assert_eq!((report.failed(), report.skipped()), (1, 1), "{report}");
    assert_eq!(journal.take(), [""; 0]);
    assert!(report.into_result().is_err());

    let report = dispatcher.emit_async(Checked).await;
    assert_eq!((report.failed(), report.done()), (1, 1), "{report}");
    assert_eq!(journal.take(), ["follows"]);
}
