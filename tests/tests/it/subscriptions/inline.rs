//! Handlers that come and go at run time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use event_core::{Dispatcher, Event, PendingEvents, dispatcher::Subscription};

#[derive(Event)]
struct Tick;

#[derive(Debug, Event)]
struct Saved<T> {
    row: T,
}

fn empty() -> Dispatcher {
    Dispatcher::empty().build().expect("nothing to wire")
}

#[derive(Default)]
struct Counter(AtomicUsize);

impl Counter {
    fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
    fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

#[test]
fn a_dropped_guard_cancels_and_a_detached_one_does_not() {
    let dispatcher = empty();
    let counter = Arc::new(Counter::default());
    let count = |counter: &Arc<Counter>| {
        let counter = counter.clone();
        move |_: &Tick| counter.add()
    };
    let guard = dispatcher.subscribe(count(&counter));
    dispatcher.subscribe(count(&counter)).detach();
    dispatcher.emit(Tick);
    assert_eq!(counter.get(), 2);
    drop(guard);
    dispatcher.emit(Tick);
    assert_eq!(counter.get(), 3);
}

#[test]
fn a_guard_frees_what_its_closure_captured() {
    let dispatcher = empty();
    let held = Arc::new(());
    let in_closure = held.clone();
    let guard = dispatcher.subscribe(move |_: &Tick| {
        let _ = &in_closure;
    });
    dispatcher.emit(Tick);
    assert_eq!(Arc::strong_count(&held), 2);
    drop(guard);
    assert_eq!(Arc::strong_count(&held), 1);
}

#[test]
fn subscribed_during_an_emission_means_next_time() {
    let dispatcher = empty();
    let counter = Arc::new(Counter::default());
    let guards: Arc<Mutex<Vec<Subscription>>> = Arc::default();
    let _outer = dispatcher.subscribe({
        let (dispatcher, counter, guards) = (dispatcher.clone(), counter.clone(), guards.clone());
        move |_: &Tick| {
            let counter = counter.clone();
            let inner = dispatcher.subscribe(move |_: &Tick| counter.add());
            guards.lock().expect("not poisoned").push(inner);
        }
    });
    dispatcher.emit(Tick);
    assert_eq!(counter.get(), 0);
    dispatcher.emit(Tick);
    assert_eq!(counter.get(), 1);
    guards.lock().expect("not poisoned").clear();
}

#[test]
fn cancelled_during_an_emission_means_not_called_any_more() {
    let dispatcher = empty();
    let counter = Arc::new(Counter::default());
    let later: Arc<Mutex<Option<Subscription>>> = Arc::default();
    let _first = dispatcher.subscribe({
        let later = later.clone();
        move |_: &Tick| drop(later.lock().expect("not poisoned").take())
    });
    let second = dispatcher.subscribe({
        let counter = counter.clone();
        move |_: &Tick| counter.add()
    });
    *later.lock().expect("not poisoned") = Some(second);
    let report = dispatcher.emit(Tick);
    assert_eq!(counter.get(), 0);
    assert_eq!(report.deliveries(), 1);
}

#[test]
fn a_subscription_may_cancel_itself() {
    let dispatcher = empty();
    let itself: Arc<Mutex<Option<Subscription>>> = Arc::default();
    let guard = dispatcher.subscribe({
        let itself = itself.clone();
        move |_: &Tick| drop(itself.lock().expect("not poisoned").take())
    });
    *itself.lock().expect("not poisoned") = Some(guard);
    assert_eq!(dispatcher.emit(Tick).done(), 1);
    assert_eq!(dispatcher.emit(Tick).done(), 0);
}

#[test]
fn once_runs_once_under_eight_threads() {
    for _ in 0..200 {
        let dispatcher = empty();
        let counter = Arc::new(Counter::default());
        let subscription = dispatcher.subscription_builder().once().subscribe({
            let counter = counter.clone();
            move |_: &Tick| counter.add()
        });
        let start = std::sync::Barrier::new(8);
        let done: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|thread| {
                    let (dispatcher, start) = (&dispatcher, &start);
                    scope.spawn(move || {
                        start.wait();
                        match thread % 3 {
                            0 => dispatcher.emit(Tick).done(),
                            1 => dispatcher
                                .fail_fast()
                                .emit(Tick)
                                .into_result()
                                .expect("no failure")
                                .done(),
                            _ => dispatcher
                                .emit([Tick].into_iter().collect::<PendingEvents>())
                                .done(),
                        }
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|t| t.join().expect("no panic"))
                .sum()
        });
        assert_eq!((counter.get(), done), (1, 1));
        drop(subscription);
    }
}

#[test]
fn once_of_equal_priority_leaves_its_peers_alone() {
    let dispatcher = empty();
    let counter = Arc::new(Counter::default());
    let _guards: Vec<_> = (0..3)
        .map(|n| {
            let counter = counter.clone();
            let options = dispatcher.subscription_builder();
            let options = if n == 1 { options.once() } else { options };
            options.subscribe(move |_: &Tick| counter.add())
        })
        .collect();
    dispatcher.emit(Tick);
    assert_eq!(counter.get(), 3);
    dispatcher.emit(Tick);
    assert_eq!(counter.get(), 5);
}

#[tokio::test]
async fn a_closure_that_never_returns_is_a_subscription() {
    let dispatcher = empty();
    let _inline = dispatcher.subscribe(|_: &Tick| event_tests::quiet_panic());
    let _later = dispatcher.subscribe_async(|_: Arc<Tick>| async { event_tests::quiet_panic() });
    let unused = dispatcher.subscribe(|_: &Tick| unreachable!("it is cancelled before the event"));
    unused.cancel();
    let report = dispatcher.emit_async(Tick).await;
    assert_eq!((report.done(), report.panicked()), (0, 2));
}

#[test]
fn a_weak_subscription_ends_with_its_target() {
    let dispatcher = empty();
    let target = Arc::new(Counter::default());
    dispatcher
        .subscription_builder()
        .weak(&target)
        .subscribe(|counter: &Counter, _: &Tick| counter.add())
        .detach();
    assert_eq!(dispatcher.emit(Tick).done(), 1);
    assert_eq!(target.get(), 1);
    assert_eq!(
        Arc::strong_count(&target),
        1,
        "it does not keep its target alive"
    );
    drop(target);
    assert_eq!(dispatcher.emit(Tick).deliveries(), 0);
    assert_eq!(dispatcher.emit(Tick).deliveries(), 0);
}

#[test]
fn weak_subscriptions_whose_targets_ended_are_freed_by_those_that_come() {
    let dispatcher = Dispatcher::empty().build().expect("wired");
    let captured = Arc::new(());
    for _ in 0..1_000 {
        let (target, captured) = (Arc::new(()), captured.clone());
        let options = dispatcher.subscription_builder().weak(&target);
        let subscription = options.subscribe(move |(): &(), _: &Tick| {
            let _ = &captured;
        });
        subscription.detach();
        drop(target);
    }
    let kept = Arc::strong_count(&captured) - 1;
    assert!(kept <= 32, "{kept} of 1,000 are kept");
    // The next emission removes the rest.
    assert_eq!(dispatcher.emit(Tick).deliveries(), 0);
    assert_eq!(Arc::strong_count(&captured), 1);
}

#[test]
fn a_generic_event_is_one_event_for_each_type() {
    let dispatcher = empty();
    let rows = Arc::new(Mutex::new(Vec::new()));
    let _numbers = dispatcher.subscribe({
        let rows = rows.clone();
        move |event: &Saved<u32>| {
            rows.lock()
                .expect("not poisoned")
                .push(event.row.to_string());
        }
    });
    let _texts = dispatcher.subscribe({
        let rows = rows.clone();
        move |event: &Saved<String>| rows.lock().expect("not poisoned").push(event.row.clone())
    });
    dispatcher.emit(Saved { row: 1_u32 });
    dispatcher.emit(Saved {
        row: "two".to_owned(),
    });
    assert_eq!(dispatcher.emit(Saved { row: 3_u64 }).deliveries(), 0);
    assert_eq!(*rows.lock().expect("not poisoned"), ["1", "two"]);
}

#[test]
fn two_dispatchers_never_see_each_other() {
    let (one, two) = (empty(), empty());
    let _guard = one.subscribe(|_: &Tick| {});
    assert_eq!(one.emit(Tick).done(), 1);
    assert_eq!(two.emit(Tick).done(), 0);
}

#[test]
fn subscribing_and_emitting_on_many_threads_loses_and_leaks_nothing() {
    let dispatcher = empty();
    let counter = Arc::new(Counter::default());
    let always = dispatcher.subscribe({
        let counter = counter.clone();
        move |_: &Tick| counter.add()
    });
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..2_000 {
                    drop(dispatcher.subscribe(|_: &Tick| {}));
                }
            });
            scope.spawn(|| {
                for _ in 0..5_000 {
                    assert!(dispatcher.emit(Tick).done() >= 1);
                }
            });
        }
    });
    assert_eq!(counter.get(), 10_000);
    drop(always);
    assert_eq!(Arc::strong_count(&counter), 1);
    assert_eq!(dispatcher.emit(Tick).deliveries(), 0);
}

/// What a thread subscribed before it emits is called, and what it cancelled is not, whatever other threads
/// change at the same moment, also where the first comes and the last goes.
#[test]
fn each_thread_sees_its_own_changes_at_once() {
    const THREADS: usize = 4;
    let dispatcher = empty();
    let start = std::sync::Barrier::new(THREADS);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (dispatcher, start) = (&dispatcher, &start);
            scope.spawn(move || {
                let (plain, later) = (Arc::new(Counter::default()), Arc::new(Counter::default()));
                let own = std::thread::current().id();
                // A call that another thread began before the cancellation may still run.
                let count = move |counter: &Counter| {
                    if std::thread::current().id() == own {
                        counter.add();
                    }
                };
                start.wait();
                for round in 1..=1_000 {
                    let counter = plain.clone();
                    let priority = i32::try_from(thread).unwrap_or_default();
                    let options = dispatcher.subscription_builder().priority(priority);
                    let guard = options.subscribe(move |_: &Tick| count(&counter));
                    let counter = later.clone();
                    let is_async = round % 3 == 0;
                    let later_guard = is_async.then(|| {
                        dispatcher.subscribe_async(move |_: Arc<Tick>| {
                            count(&counter);
                            std::future::ready(())
                        })
                    });
                    let before = (plain.get(), later.get());
                    pollster::block_on(dispatcher.emit_async(Tick));
                    assert_eq!(plain.get(), before.0 + 1);
                    assert_eq!(later.get(), before.1 + usize::from(is_async));
                    drop((guard, later_guard));
                    let before = (plain.get(), later.get());
                    dispatcher.emit(Tick);
                    assert_eq!((plain.get(), later.get()), before);
                }
            });
        }
    });
    assert_eq!(dispatcher.emit(Tick).deliveries(), 0);
}
