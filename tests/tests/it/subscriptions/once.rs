//! A subscription of one call is called once, whoever emits, however, and on whatever thread.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};

use event_core::{Dispatcher, Event, PendingEvents, dispatcher::Subscription};
use proptest::prelude::*;

#[derive(Event)]
struct Tick;

/// A way to emit.
#[derive(Clone, Copy, Debug)]
enum Form {
    Emit,
    TryEmit,
    EmitAll,
    EmitAsync,
    EmitBlocking,
    EmitTask,
}

const FORMS: [Form; 6] = [
    Form::Emit,
    Form::TryEmit,
    Form::EmitAll,
    Form::EmitAsync,
    Form::EmitBlocking,
    Form::EmitTask,
];

/// Emits, on a thread outside of every runtime; answers how many deliveries there were.
fn emit(dispatcher: &Dispatcher, form: Form) -> usize {
    let report = match form {
        Form::Emit => dispatcher.emit(Tick),
        Form::TryEmit => dispatcher
            .fail_fast()
            .emit(Tick)
            .into_result()
            .expect("no failure"),
        Form::EmitAll => dispatcher.emit([Tick].into_iter().collect::<PendingEvents>()),
        Form::EmitAsync => pollster::block_on(dispatcher.emit_async(Tick).into_future()),
        Form::EmitBlocking => dispatcher
            .emit_blocking(Tick)
            .expect("outside of a runtime"),
        Form::EmitTask => pollster::block_on(dispatcher.emit_async(Tick).spawned()),
    };
    assert!(report.is_ok(), "{report}");
    report.deliveries()
}

fn once(dispatcher: &Dispatcher, is_async: bool, counter: &Arc<AtomicUsize>) -> Subscription {
    let counter = counter.clone();
    let options = dispatcher.subscription_builder().once();
    if is_async {
        options.subscribe_async(move |_: Arc<Tick>| {
            let counter = counter.clone();
            async move {
                tokio::task::yield_now().await;
                counter.fetch_add(1, Ordering::Relaxed);
            }
        })
    } else {
        options.subscribe(move |_: &Tick| {
            counter.fetch_add(1, Ordering::Relaxed);
        })
    }
}

/// Emits in each form on a thread of its own, all at once, and waits until all has ended.
fn race(is_async: bool, subscriptions: usize, forms: &[Form]) -> (usize, usize) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()
        .expect("a runtime");
    let builder = Dispatcher::empty().runtime(runtime.handle().clone());
    let dispatcher = builder.build().expect("wired");
    let counter = Arc::new(AtomicUsize::new(0));
    let guards: Vec<_> = (0..subscriptions)
        .map(|_| once(&dispatcher, is_async, &counter))
        .collect();
    let start = Barrier::new(forms.len());
    let deliveries = std::thread::scope(|scope| {
        let threads: Vec<_> = forms
            .iter()
            .map(|form| {
                let (dispatcher, start) = (&dispatcher, &start);
                scope.spawn(move || {
                    start.wait();
                    emit(dispatcher, *form)
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .sum()
    });
    let shutdown = dispatcher
        .shutdown(std::time::Duration::from_mins(1))
        .blocking();
    assert!(shutdown.is_complete());
    drop(guards);
    (counter.load(Ordering::Relaxed), deliveries)
}

#[test]
fn once_runs_once_under_eight_threads_in_every_form() {
    for is_async in [false, true] {
        for round in 0..60 {
            let forms: Vec<_> = (0..8).map(|at| FORMS[(at + round) % FORMS.len()]).collect();
            assert_eq!(
                race(is_async, 1, &forms),
                (1, 1),
                "async: {is_async}, {forms:?}"
            );
        }
    }
}

/// Many of them, so that the threads meet at one again and again.
#[test]
fn three_hundred_run_once_each_under_eight_threads() {
    for is_async in [false, true] {
        for round in 0..20 {
            let forms: Vec<_> = (0..8).map(|at| FORMS[(at + round) % FORMS.len()]).collect();
            assert_eq!(race(is_async, 300, &forms), (300, 300), "async: {is_async}");
        }
    }
}

#[test]
fn once_runs_once_under_eight_threads_of_the_same_form() {
    for is_async in [false, true] {
        for form in FORMS {
            for _ in 0..10 {
                let raced = race(is_async, 1, &[form; 8]);
                assert_eq!(raced, (1, 1), "async: {is_async}, {form:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]
    #[test]
    fn each_of_several_runs_once(
        is_async in any::<bool>(),
        subscriptions in 1..5_usize,
        forms in prop::collection::vec(prop::sample::select(&FORMS[..]), 1..8),
    ) {
        let raced = race(is_async, subscriptions, &forms);
        prop_assert_eq!(raced, (subscriptions, subscriptions));
    }
}
