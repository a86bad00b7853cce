//! Sessions end when all that their code caused has ended.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use event_core::handler::HandlerInfo;
use event_core::queue::{LocalQueue, Queue};
use event_core::{Dispatcher, Emitter, Event, PendingEvents, handler};
use event_testing::{
    DispatcherExt as _, assert_emitted, assert_handled, assert_not_emitted, assert_nothing_emitted,
    assert_sequence,
};
use expect_test::expect;
use tokio::sync::Semaphore;

use crate::failure::without_lines;

static MAIL: Queue = Queue::new("mail");
static DISK: Queue = Queue::new("disk").consumers(2);
static UI: LocalQueue<String> = LocalQueue::new("ui");

const LONG: Duration = Duration::from_hours(1);
const SHORT: Duration = Duration::from_millis(10);

#[derive(Event)]
struct Placed(u32);

#[derive(Event)]
struct Reserved(u32);

#[derive(Event)]
struct Sent(u32);

#[derive(Event)]
struct Archived(u32);

#[derive(Event)]
struct Ended(u32);

#[derive(Event)]
struct Lost;

#[derive(Event)]
struct Beat;

#[handler]
fn reserve(event: &Placed) -> Reserved {
    Reserved(event.0)
}

#[handler(queue = MAIL, retry(attempts = 3, backoff = "1ms..1ms"))]
async fn send(event: &Reserved, failures: &AtomicU32) -> Result<Sent, &'static str> {
    match failures.fetch_add(1, Ordering::Relaxed) % 3 {
        2 => Ok(Sent(event.0)),
        _ => Err("busy"),
    }
}

#[handler(queue = DISK)]
fn archive(event: &Sent) -> Vec<Archived> {
    thread::yield_now();
    vec![Archived(event.0), Archived(event.0 + 1)]
}

#[handler]
async fn end(event: &Archived, emitter: Emitter<(Ended,)>) {
    tokio::task::yield_now().await;
    emitter.emit_after(Ended(event.0));
}

#[handler(queue = UI)]
fn show(_event: &Lost, title: &mut String) {
    title.push('!');
}

#[handler(queue = DISK)]
fn beat(_event: &Beat, gate: &Gate) {
    gate.entered.add_permits(1);
    let _ = pollster::block_on(gate.leave.acquire());
}

#[handler]
async fn hold(_event: &Ended, gate: &Gate) {
    let _ = gate.leave.acquire().await;
}

/// Where handlers stay until it is closed.
struct Gate {
    entered: Semaphore,
    leave: Semaphore,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            entered: Semaphore::new(0),
            leave: Semaphore::new(0),
        }
    }
}

fn shop() -> Dispatcher {
    let builder = Dispatcher::empty().handler(reserve).handler(send);
    let builder = builder.handler(archive).handler(end);
    let built = builder.provide(AtomicU32::default()).build();
    built.expect("a shop")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cascade_over_queues_threads_tasks_and_attempts_is_awaited() {
    let dispatcher = shop();
    for round in 0..50 {
        let rec = dispatcher.record();
        let output = dispatcher
            .track(async |d| {
                if round % 2 == 0 {
                    d.emit(Placed(round));
                } else {
                    d.emit_async(Placed(round)).await;
                }
                round
            })
            .await;
        assert_eq!(output, round);
        let ended = assert_emitted!(rec, Ended, times = 2);
        let mut ended: Vec<_> = ended.iter().map(|it| it.0).collect();
        ended.sort_unstable();
        assert_eq!(ended, [round, round + 1]);
        assert_handled!(rec, send, Done);
        assert_not_emitted!(rec, Lost);
        assert!(rec.deliveries().iter().all(|it| it.status().is_some()));
    }
}

#[tokio::test]
async fn what_others_emit_keeps_no_session_open() {
    let gate = Arc::new(Gate::default());
    let builder = Dispatcher::empty().handler(beat).handler(reserve);
    let dispatcher = builder.provide_arc(gate.clone()).build().expect("wired");
    dispatcher.emit(Beat);
    let _ = gate.entered.acquire().await;
    let rec = dispatcher.record();
    let others = dispatcher.clone();
    let tracker = dispatcher.tracker().limit(LONG);
    let of_session = tracker.record();
    let session = tracker.run(async |d| {
        // A task of its own is no part of the session.
        let beating = tokio::spawn(async move { drop(others.emit(Beat)) });
        beating.await.expect("no panic");
        d.emit(Placed(1));
    });
    session.await.expect("only the beat has not ended");
    assert_emitted!(rec, Beat);
    assert_emitted!(rec, Reserved(1));
    assert_sequence!(of_session, exact [Placed(1), Reserved(1)]);
    gate.leave.close();
}

#[tokio::test]
async fn what_was_not_emitted_is_known_at_once() {
    let dispatcher = shop();
    let rec = dispatcher.record();
    let tracker = dispatcher.tracker().limit(LONG);
    tracker
        .run(async |_| ())
        .await
        .expect("nothing to wait for");
    assert_nothing_emitted!(rec);
}

#[tokio::test]
async fn events_that_a_rollback_drops_are_not_emitted() {
    let dispatcher = shop();
    let rec = dispatcher.record();
    let committed = dispatcher
        .track(async |d| {
            let mut pending = PendingEvents::default();
            pending.record(Placed(1));
            let saved: Result<(), &str> = Err("constraint violated");
            if saved.is_ok() {
                d.emit(pending);
            }
            saved.is_ok()
        })
        .await;
    assert!(!committed);
    assert_nothing_emitted!(rec);
}

#[tokio::test(start_paused = true)]
async fn the_limit_is_real_time_though_the_clock_is_paused() {
    let dispatcher = shop();
    // A day passes at once, and is no reason to give up.
    dispatcher
        .track(async |d| {
            tokio::time::sleep(Duration::from_hours(24)).await;
            d.emit(Placed(1));
        })
        .await;
    // The clock does not move, and the limit holds.
    let tracker = dispatcher.tracker().limit(SHORT);
    let error = tracker
        .run(async |_| std::future::pending::<()>().await)
        .await;
    let error = error.expect_err("it never ends");
    assert!(!error.has_returned() && error.pending().is_empty());
}

#[tokio::test]
async fn what_has_not_ended_at_the_limit_is_named() {
    let gate = Arc::new(Gate::default());
    let builder = Dispatcher::empty()
        .handler(beat)
        .handler(hold)
        .handler(show);
    let dispatcher = builder.provide_arc(gate.clone()).build().expect("wired");
    let tracker = dispatcher.tracker().limit(SHORT);
    let error = tracker
        .run(async |d| {
            d.emit(Ended(1));
            d.emit(Lost);
            d.emit_async(Beat).await;
        })
        .await
        .expect_err("three handlers hold");
    assert!(error.has_returned());
    let mut held: Vec<_> = error
        .pending()
        .iter()
        .map(|(_, handler)| *handler)
        .collect();
    held.sort_by_key(HandlerInfo::line);
    assert!(
        held[0].is(show) && held[1].is(beat) && held[2].is(hold),
        "{error}"
    );
    expect![[r#"
        the session did not end within 10ms:
          Ended to it::tracking::hold (event-testing/tests/it/tracking.rs:_)
          Lost to it::tracking::show (event-testing/tests/it/tracking.rs:_), in queue `ui`, which its owner pumps
          Beat to it::tracking::beat (event-testing/tests/it/tracking.rs:_), in queue `disk`
        help: on a slow machine, set the environment variable `EVENT_TEST_TIMEOUT_FACTOR` to a number above 1, or choose a limit: `dispatcher.tracker().limit(…).run(…)`"#]].assert_eq(&without_lines(&error.to_string()));

    let tracker = dispatcher.tracker().limit(SHORT);
    let error = tracker
        .run(async |d| drop(d.emit_async(Ended(1)).await))
        .await;
    expect![[r#"
        the session did not end within 10ms:
          the closure has not ended
        help: on a slow machine, set the environment variable `EVENT_TEST_TIMEOUT_FACTOR` to a number above 1, or choose a limit: `dispatcher.tracker().limit(…).run(…)`"#]].assert_eq(&without_lines(&error.expect_err("it holds").to_string()));
    gate.leave.close();
}

#[test]
fn a_thread_of_no_runtime_waits_for_queues_and_tasks() {
    let runtime = runtime();
    let builder = Dispatcher::empty().handler(archive).handler(end);
    let dispatcher = builder.runtime(runtime.handle().clone()).build();
    let dispatcher = dispatcher.expect("wired");
    let rec = dispatcher.record();
    let report = dispatcher.track_blocking(|d| d.emit(Sent(1)));
    assert_eq!(report.handed_over(), 1);
    assert_emitted!(rec, Ended, times = 2);
}

fn runtime() -> tokio::runtime::Runtime {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build();
    runtime.expect("a runtime of one thread")
}

#[test]
fn a_thread_is_told_what_has_not_ended() {
    let gate = Arc::new(Gate::default());
    let runtime = runtime();
    let builder = Dispatcher::empty().handler(beat).provide_arc(gate.clone());
    let dispatcher = builder.runtime(runtime.handle().clone()).build();
    let dispatcher = dispatcher.expect("wired");
    let tracker = dispatcher.tracker().limit(SHORT);
    let error = tracker
        .run_blocking(|d| d.emit(Beat))
        .expect_err("it holds");
    assert!(error.pending()[0].1.is(beat) && error.has_returned());
    gate.leave.close();
}

#[test]
#[ignore = "it fails, for the test below"]
fn held_for_ever() {
    let runtime = runtime();
    let builder = Dispatcher::empty().handler(hold).provide(Gate::default());
    let dispatcher = builder.runtime(runtime.handle().clone()).build();
    let dispatcher = dispatcher.expect("wired");
    runtime.block_on(dispatcher.track(async |d| drop(d.emit(Ended(1)))));
}

#[test]
fn the_factor_for_slow_machines_scales_the_limit_and_the_text_names_the_call() {
    let program = std::env::current_exe().expect("this test");
    let output = Command::new(program)
        .args(["tracking::held_for_ever", "--exact", "--ignored"])
        .env("EVENT_TEST_TIMEOUT_FACTOR", "0.01")
        .output()
        .expect("it runs");
    let output = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.contains("Ended to it::tracking::hold "), "{output}");
    let mut lines = output.lines();
    let first = lines.find(|line| line.contains("the session did not end within 50ms"));
    let first = first.unwrap_or_else(|| panic!("{output}"));
    assert!(first.starts_with(file!()), "{first}");
}

#[tokio::test]
async fn a_session_can_be_sent_to_another_thread() {
    fn is_send<T: Send>(future: T) -> T {
        future
    }
    let dispatcher = shop();
    let text = "borrowed".to_owned();
    let session = dispatcher.track(async |d| d.emit_async(Placed(1)).await.done() + text.len());
    assert_eq!(is_send(session).await, 9);
}
