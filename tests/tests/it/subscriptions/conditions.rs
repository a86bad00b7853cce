//! Which events a subscription takes, and which event is its last.

use std::future::ready;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, OnceLock};

use event_core::report::{DeliveryStatus, SkipReason};
use event_core::{Dispatcher, Event, PendingEvents, Report, dispatcher::Subscription, handler};
use event_tests::{Watch, idle, quiet_panic};

#[derive(Event)]
struct Measured(u32);

const FILTERED: DeliveryStatus = DeliveryStatus::Skipped(SkipReason::Filter);

fn is_high(event: &Measured) -> bool {
    event.0 >= 100
}

#[handler(filter = is_high)]
fn warn(_event: &Measured) {}

#[handler(filter = is_high)]
async fn warn_later(_event: &Measured) {}

/// The measurements that a closure was called with, in order.
type Calls = Arc<Mutex<Vec<u32>>>;

fn note(calls: &Calls) -> impl Fn(&Measured) + Send + Sync + use<> {
    let calls = calls.clone();
    move |event| calls.lock().expect("not poisoned").push(event.0)
}

fn note_later(calls: &Calls) -> impl Fn(Arc<Measured>) -> std::future::Ready<()> + use<> {
    let note = note(calls);
    move |event| {
        note(&event);
        ready(())
    }
}

fn taken(calls: &Calls) -> Vec<u32> {
    std::mem::take(&mut *calls.lock().expect("not poisoned"))
}

fn empty() -> Dispatcher {
    Dispatcher::empty().build().expect("nothing to wire")
}

fn shown(report: &Report) -> [usize; 4] {
    let handed_over = report.handed_over();
    [
        report.done(),
        report.skipped(),
        report.panicked(),
        handed_over,
    ]
}

/// Emits in one of five forms.
async fn emit(dispatcher: &Dispatcher, form: usize, event: Measured) -> Report {
    match form {
        0 => dispatcher.emit(event),
        1 => dispatcher.fail_fast().emit(event),
        2 => dispatcher.emit([event].into_iter().collect::<PendingEvents>()),
        3 => dispatcher.emit_async(event).await,
        _ => dispatcher.emit_async(event).spawned().await,
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_that_the_filter_of_a_subscription_leaves_out_is_skipped_as_for_a_handler() {
    for form in 0..5 {
        for measured in [7, 100] {
            let (handlers, subscriptions) =
                (Arc::new(Watch::default()), Arc::new(Watch::default()));
            let builder = Dispatcher::empty().handler(warn).handler(warn_later);
            let handled = builder.observe(handlers.clone()).build().expect("wired");
            let builder = Dispatcher::empty().observe(subscriptions.clone());
            let subscribed = builder.build().expect("wired");
            let calls = Calls::default();
            let filtered = || subscribed.subscription_builder().filter(is_high);
            let _inline = filtered().subscribe(note(&calls));
            let _later = filtered().subscribe_async(note_later(&calls));

            let expected = emit(&handled, form, Measured(measured)).await;
            let report = emit(&subscribed, form, Measured(measured)).await;
            idle().await;
            assert_eq!(shown(&report), shown(&expected), "form {form}, {measured}");
            let ended = |watch: &Watch| -> Vec<_> {
                watch.ended().into_iter().map(|(_, how)| how).collect()
            };
            assert_eq!(ended(&subscriptions), ended(&handlers), "form {form}");
            assert_eq!(subscriptions.totals(), handlers.totals(), "form {form}");
            if measured < 100 {
                assert_eq!(ended(&subscriptions), [FILTERED, FILTERED]);
                assert_eq!(taken(&calls), [0; 0]);
            } else {
                assert_eq!(taken(&calls), [100, 100]);
            }
        }
    }
}

#[test]
fn an_event_must_pass_each_filter_and_a_function_is_one() {
    let dispatcher = empty();
    let calls = Calls::default();
    let options = dispatcher.subscription_builder().filter(is_high);
    let options = options.filter(|event: &Measured| event.0.is_multiple_of(2));
    let _guard = options.subscribe(note(&calls));
    let skipped: usize = [7, 8, 101, 102]
        .map(|measured| dispatcher.emit(Measured(measured)).skipped())
        .iter()
        .sum();
    assert_eq!((taken(&calls), skipped), (vec![102], 3));
}

#[tokio::test(start_paused = true)]
async fn a_filter_that_panics_ends_the_delivery_and_no_other() {
    for form in 0..5 {
        let dispatcher = empty();
        let calls = Calls::default();
        let broken = || {
            let options = dispatcher.subscription_builder();
            options.filter(|_: &Measured| quiet_panic())
        };
        let _inline = broken().subscribe(|_: &Measured| unreachable!("its filter panics"));
        let _later = broken().subscribe_async(note_later(&calls));
        let _sound = dispatcher.subscribe(note(&calls));
        let report = emit(&dispatcher, form, Measured(1)).await;
        idle().await;
        if form == 1 {
            assert_eq!(shown(&report), [0, 2, 1, 0], "the first failure ends it");
            continue;
        }
        assert_eq!(shown(&report), [1, 0, 2, 0], "form {form}");
        let ended = |at: usize| report.failures()[at].ended();
        assert_eq!(ended(0), Some(DeliveryStatus::Panicked));
        assert_eq!(ended(1), Some(DeliveryStatus::Panicked));
        assert_eq!(taken(&calls), [1]);
    }
}

#[tokio::test(start_paused = true)]
async fn once_is_used_up_by_the_first_event_that_the_filter_accepts() {
    for form in 0..5 {
        let dispatcher = empty();
        let calls = Calls::default();
        let options = || dispatcher.subscription_builder().filter(is_high).once();
        let inline = options().subscribe(note(&calls));
        let later = options().subscribe_async(note_later(&calls));
        for measured in [1, 100, 101] {
            emit(&dispatcher, form, Measured(measured)).await;
            idle().await;
            let is_waiting = measured < 100;
            assert_eq!(
                (inline.is_active(), later.is_active()),
                (is_waiting, is_waiting)
            );
        }
        assert_eq!(taken(&calls), [100, 100], "form {form}");
    }
}

#[test]
fn a_filter_that_cancels_its_subscription_prevents_the_call() {
    let dispatcher = empty();
    let calls = Calls::default();
    let own: Arc<Mutex<Option<Subscription>>> = Arc::default();
    let in_filter = own.clone();
    let options = dispatcher
        .subscription_builder()
        .filter(move |_: &Measured| {
            drop(in_filter.lock().expect("not poisoned").take());
            true
        });
    let guard = options.subscribe(note(&calls));
    *own.lock().expect("not poisoned") = Some(guard);
    assert_eq!(dispatcher.emit(Measured(1)).deliveries(), 0);
    assert_eq!(taken(&calls), [0; 0]);
}

#[tokio::test(start_paused = true)]
async fn until_ends_the_subscription_with_its_event_and_frees_what_it_captured() {
    for form in 0..5 {
        let dispatcher = empty();
        let calls = Calls::default();
        let until = || {
            let in_condition = calls.clone();
            dispatcher
                .subscription_builder()
                .until(move |event: &Measured| {
                    let _ = &in_condition;
                    is_high(event)
                })
        };
        // Nothing of the program holds the subscriptions, and no closure holds its own.
        until().subscribe(note(&calls)).detach();
        until().subscribe_async(note_later(&calls)).detach();
        for (measured, deliveries) in [(1, 2), (100, 2), (101, 0), (2, 0)] {
            let report = emit(&dispatcher, form, Measured(measured)).await;
            idle().await;
            assert_eq!(report.deliveries(), deliveries, "form {form}, {measured}");
        }
        assert_eq!(taken(&calls), [1, 1, 100, 100], "form {form}");
        assert_eq!(Arc::strong_count(&calls), 1, "form {form}");
        assert!(dispatcher.handlers_of::<Measured>().next().is_none());
    }
}

#[test]
fn of_several_ends_the_first_that_holds_is_the_end_and_the_filter_is_asked_before() {
    let dispatcher = empty();
    let calls = Calls::default();
    let options = dispatcher.subscription_builder();
    let options = options.until(|event: &Measured| event.0.is_multiple_of(7));
    let options = options.until(|event: &Measured| event.0 == 3);
    let options = options.filter(|event: &Measured| event.0 != 7);
    let guard = options.subscribe(note(&calls));
    for measured in [1, 7, 2, 3, 4] {
        dispatcher.emit(Measured(measured));
    }
    assert_eq!(taken(&calls), [1, 2, 3]);
    assert!(!guard.is_active());
}

/// Emits from eight threads at once, and returns the number of calls for events that may be the last.
fn race(is_async: bool) -> usize {
    let runtime = event_tests::runtime();
    let builder = Dispatcher::empty().runtime(runtime.handle().clone());
    let dispatcher = builder.build().expect("wired");
    let calls = Calls::default();
    let options = dispatcher.subscription_builder().until(is_high);
    let guard = if is_async {
        options.subscribe_async(note_later(&calls))
    } else {
        options.subscribe(note(&calls))
    };
    let start = Barrier::new(8);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                start.wait();
                for measured in 96..104 {
                    dispatcher.emit(Measured(measured));
                }
            });
        }
    });
    assert_eq!(dispatcher.emit(Measured(1)).deliveries(), 0);
    let shutdown = dispatcher.shutdown(std::time::Duration::from_mins(1));
    assert!(shutdown.blocking().is_complete());
    assert!(!guard.is_active());
    taken(&calls)
        .into_iter()
        .filter(|call| *call >= 100)
        .count()
}

#[test]
fn exactly_one_event_is_the_last_under_eight_threads() {
    for is_async in [false, true] {
        for _ in 0..50 {
            assert_eq!(race(is_async), 1, "async: {is_async}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_handed_over_before_the_last_event_still_starts_unless_it_is_cancelled() {
    for is_cancelled in [false, true] {
        let dispatcher = empty();
        let calls = Calls::default();
        let options = dispatcher.subscription_builder().until(is_high);
        let guard = options.subscribe_async(note_later(&calls));
        for measured in [1, 2, 100, 3] {
            dispatcher.emit(Measured(measured));
        }
        assert!(
            !guard.is_active(),
            "no task has started, and 100 was the last"
        );
        if is_cancelled {
            guard.cancel();
        }
        idle().await;
        let expected: &[u32] = if is_cancelled { &[] } else { &[1, 2, 100] };
        assert_eq!(taken(&calls), expected);
    }
}

#[test]
fn the_last_event_ends_the_subscription_even_if_its_delivery_does_not_get_to_the_call() {
    // Without a runtime each delivery to an async closure is rejected.
    let dispatcher = empty();
    let calls = Calls::default();
    let options = dispatcher.subscription_builder().until(is_high);
    let guard = options.subscribe_async(note_later(&calls));
    for (measured, rejected) in [(1, 1), (100, 1), (101, 0)] {
        assert_eq!(
            dispatcher.emit(Measured(measured)).failures().len(),
            rejected
        );
        assert_eq!(guard.is_active(), measured < 100);
    }
    assert_eq!(taken(&calls), [0; 0]);
}

#[tokio::test(start_paused = true)]
async fn an_until_that_panics_ends_the_delivery_and_not_the_subscription() {
    for form in [0, 2, 3, 4] {
        let dispatcher = empty();
        let calls = Calls::default();
        let until = || {
            dispatcher.subscription_builder().until(|event: &Measured| {
                if event.0 == 13 {
                    quiet_panic();
                }
                false
            })
        };
        let _inline = until().subscribe(note(&calls));
        let _later = until().subscribe_async(note_later(&calls));
        assert_eq!(emit(&dispatcher, form, Measured(13)).await.panicked(), 2);
        emit(&dispatcher, form, Measured(14)).await;
        idle().await;
        assert_eq!(taken(&calls), [14, 14], "form {form}");
    }
}

#[test]
fn until_is_not_asked_of_a_subscription_of_one_call() {
    let dispatcher = empty();
    let asked = Arc::new(AtomicUsize::new(0));
    let in_condition = asked.clone();
    let options = dispatcher
        .subscription_builder()
        .until(move |_: &Measured| {
            in_condition.fetch_add(1, Ordering::Relaxed);
            false
        });
    let guard = options.once().subscribe(|_: &Measured| {});
    assert_eq!(dispatcher.emit(Measured(1)).done(), 1);
    assert_eq!(
        (guard.is_active(), asked.load(Ordering::Relaxed)),
        (false, 0)
    );
}

#[test]
fn conditions_are_not_asked_once_a_target_is_gone() {
    let dispatcher = empty();
    let asked = Arc::new(AtomicBool::new(false));
    let (in_filter, target) = (asked.clone(), Arc::new(()));
    let options = dispatcher.subscription_builder().weak(&target);
    let options = options.filter(move |_: &Measured| {
        in_filter.store(true, Ordering::Relaxed);
        true
    });
    let guard = options.subscribe(|(): &(), _: &Measured| {});
    drop(target);
    assert_eq!(dispatcher.emit(Measured(1)).deliveries(), 0);
    assert!(!asked.load(Ordering::Relaxed) && !guard.is_active());
    assert_eq!(Arc::strong_count(&asked), 1, "the emission removed it");
}

#[test]
fn a_call_of_the_last_event_sees_that_its_subscription_takes_no_more() {
    let dispatcher = empty();
    let own = Arc::new(OnceLock::<Subscription>::new());
    let (in_call, seen) = (Arc::downgrade(&own), Calls::default());
    let in_closure = seen.clone();
    let guard = dispatcher.subscription_builder().until(is_high).subscribe({
        move |_: &Measured| {
            let own = in_call.upgrade().expect("the test holds it");
            let is_active = own.get().is_some_and(Subscription::is_active);
            in_closure
                .lock()
                .expect("not poisoned")
                .push(u32::from(is_active));
        }
    });
    own.set(guard).expect("it is set once");
    dispatcher.emit(Measured(1));
    dispatcher.emit(Measured(100));
    assert_eq!(taken(&seen), [1, 0]);
}
