//! A dispatcher that outlives the runtime it was built in, as one that several `#[tokio::test]`s share does.

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_core::queue::Queue;
use event_core::{Dispatcher, Event, Report, handler};
use event_tests::runtime;
use tokio::sync::Semaphore;

event_core::module!();

static MAIL: Queue = Queue::new("mail");

#[derive(Event)]
struct Detached;

#[derive(Event)]
struct InOrder;

#[derive(Event)]
struct Queued;

#[derive(Event)]
struct Timed;

#[derive(Event)]
struct UnderWay;

#[handler]
async fn detached(_event: &Detached) {}

#[handler]
async fn first(_event: &InOrder) {}

#[handler(after = first)]
async fn second(_event: &InOrder) {}

#[handler(queue = MAIL)]
async fn queued(_event: &Queued) {}

#[handler(timeout = "1h")]
async fn timed(_event: &Timed) {
    tokio::task::yield_now().await;
}

#[handler(timeout = "1h")]
async fn under_way(_event: &UnderWay, begun: &Semaphore) {
    begun.add_permits(1);
    pending::<()>().await;
}

/// Emits what is under way, and waits until it is.
async fn set_under_way(dispatcher: &Dispatcher, begun: &Semaphore) {
    dispatcher.emit(UnderWay);
    let permit = begun.acquire().await;
    permit.expect("nobody closes it").forget();
}

type Told = Arc<Mutex<Vec<String>>>;

fn dispatcher() -> (Dispatcher, Told, Arc<Semaphore>) {
    let told = Told::default();
    let begun = Arc::new(Semaphore::new(0));
    let hears = Arc::clone(&told);
    let builder = Dispatcher::builder()
        .only_modules([MODULE])
        .on_failure(move |failure| {
            hears
                .lock()
                .expect("the hook does not panic")
                .push(failure.to_string());
        });
    let builder = builder.provide_arc(Arc::clone(&begun));
    (builder.build().expect("a dispatcher"), told, begun)
}

fn take(told: &Told) -> Vec<String> {
    std::mem::take(&mut *told.lock().expect("the hook does not panic"))
}

/// What one is told where the runtime has ended: what happened, and what to do.
fn says_what_to_do(text: &str) -> bool {
    text.contains("the tokio runtime that the dispatcher was built in, or was given, has ended")
        && text.contains("build a dispatcher in each `#[tokio::test]`")
        && text.contains("`.runtime(handle)`")
}

#[test]
fn whatever_does_not_run_since_the_runtime_has_ended_says_so_and_what_to_do() {
    let (dispatcher, told, _) = runtime().block_on(async { dispatcher() });
    let late = dispatcher.subscribe_async(|_: Arc<Detached>| async {});
    let run = |name: &str, emit: &dyn Fn(&Dispatcher) -> Report, failures: usize| {
        let report = emit(&dispatcher);
        let mut texts = take(&told);
        if texts.is_empty() {
            texts.extend(report.failures().iter().map(ToString::to_string));
        }
        assert_eq!(texts.len(), failures, "{name}: {texts:?}");
        assert!(
            texts.iter().all(|text| says_what_to_do(text)),
            "{name}: {texts:?}"
        );
    };
    run("emit", &|it| it.emit(Detached), 2);
    run("emit in order", &|it| it.emit(InOrder), 2);
    run("emit to a queue", &|it| it.emit(Queued), 1);
    // In the runtime of another test.
    run(
        "emit_async to a queue",
        &|it| runtime().block_on(async { it.emit_async(Queued).await }),
        1,
    );
    run(
        "emit_async with a timeout",
        &|it| runtime().block_on(async { it.emit_async(Timed).await }),
        1,
    );
    run(
        "shielded",
        &|it| runtime().block_on(async { it.emit_async(Detached).spawned().await }),
        1,
    );
    drop(late);
}

#[test]
fn what_is_under_way_when_the_runtime_ends_says_so() {
    let first = runtime();
    let (dispatcher, told, begun) = first.block_on(async { dispatcher() });
    first.block_on(set_under_way(&dispatcher, &begun));
    drop(first);
    let texts = take(&told);
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(says_what_to_do(&texts[0]), "{texts:?}");
}

#[test]
fn what_a_shutdown_abandons_does_not_blame_the_runtime() {
    let runtime = runtime();
    let (dispatcher, told, begun) = runtime.block_on(async { dispatcher() });
    runtime.block_on(async {
        set_under_way(&dispatcher, &begun).await;
        let shutdown = dispatcher.shutdown(Duration::ZERO).await;
        assert_eq!(shutdown.abandoned_count(), 1);
    });
    drop(runtime);
    let texts = take(&told);
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(!texts[0].contains("has ended"), "{texts:?}");
}
