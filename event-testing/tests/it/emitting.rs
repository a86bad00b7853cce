//! What the code of a session emits belongs to the session, whichever way it is emitted.
//!
//! The runtime has one thread, and a session that did not wait would end before a task or a consumer of the runtime
//! has begun.

use std::sync::Mutex;
use std::time::Duration;

use event_core::queue::Queue;
use event_core::{Dispatcher, Emitter, Event, PendingEvents, global, handler};
use event_testing::{DispatcherExt as _, assert_emitted};

static DOCK: Queue = Queue::new("dock");

const SHORT: Duration = Duration::from_millis(10);

#[derive(Event, Clone)]
struct Sailed;

#[derive(Event)]
struct Sighted;

#[derive(Event)]
struct Moored;

/// Is never handled to its end.
#[derive(Event)]
struct Sunk;

/// Is handled by a handler that keeps its emitter.
#[derive(Event)]
struct Manned;

#[handler]
async fn sight(_event: &Sailed) -> Sighted {
    tokio::task::yield_now().await;
    Sighted
}

#[handler(queue = DOCK)]
async fn moor(_event: &Sighted) -> Moored {
    tokio::task::yield_now().await;
    Moored
}

#[handler]
async fn sink(_event: &Sunk) {
    std::future::pending::<()>().await;
}

type Kept = Mutex<Option<Emitter<(Sailed,)>>>;

#[handler]
fn keep(_event: &Manned, emitter: Emitter<(Sailed,)>, kept: &Kept) {
    *kept.lock().expect("no panic") = Some(emitter);
}

fn port() -> Dispatcher {
    let builder = Dispatcher::empty().handler(sight).handler(moor);
    builder.build().expect("a port")
}

/// Asserts that a session ends after all that its code emitted: a ship that sails, and is moored.
async fn moors(code: impl AsyncFnOnce(&Dispatcher)) {
    let dispatcher = port();
    let tracker = dispatcher.tracker();
    let (rec, of_session) = (dispatcher.record(), tracker.record());
    tracker.run(code).await.expect("it ends");
    assert_emitted!(rec, Moored, times = 1);
    assert_emitted!(of_session, Moored, times = 1);
}

#[tokio::test]
async fn an_emit_belongs() {
    moors(async |d| drop(d.emit(Sailed))).await;
}

#[tokio::test]
async fn an_awaited_emission_belongs() {
    moors(async |d| drop(d.emit_async(Sailed).await)).await;
}

#[tokio::test]
async fn a_spawned_emission_belongs() {
    moors(async |d| drop(d.emit_async(Sailed).spawned().await)).await;
}

#[tokio::test]
async fn a_spawned_emission_that_no_code_waits_for_belongs() {
    moors(async |d| drop(d.emit_async(Sailed).spawned())).await;
}

#[tokio::test]
async fn a_settled_emission_belongs() {
    moors(async |d| drop(d.settled().emit_async(Sailed).await)).await;
}

#[tokio::test]
async fn a_settled_emission_that_is_spawned_belongs() {
    moors(async |d| drop(d.settled().emit_async(Sailed).spawned())).await;
}

#[tokio::test]
async fn an_emission_with_options_that_is_spawned_belongs() {
    moors(async |d| drop(d.with(1_u8).emit_async(Sailed).spawned())).await;
}

#[tokio::test]
async fn an_emit_of_a_handle_belongs() {
    moors(async |d| drop(d.handle().emit(Sailed).expect("alive"))).await;
}

#[tokio::test]
async fn an_emit_of_the_global_dispatcher_belongs() {
    moors(async |d| {
        let _entered = global::enter(d);
        let _ = global::emit(Sailed).expect("entered");
    })
    .await;
}

#[tokio::test]
async fn pending_events_belong() {
    fn pending() -> PendingEvents {
        [Sailed].into_iter().collect()
    }
    moors(async |d| drop(d.emit(pending()))).await;
    moors(async |d| drop(d.emit_async(pending()).await)).await;
    moors(async |d| drop(d.emit_async(pending()).spawned())).await;
}

#[tokio::test]
async fn units_of_work_belong() {
    moors(async |d| {
        let committed = d.unit_of_work(|mut unit| {
            unit.emit(Sailed);
            Ok::<_, ()>(unit.committed())
        });
        drop(d.emit(committed.expect("committed")));
    })
    .await;
    moors(async |d| {
        let committed = d.unit_of_work_async(async |mut unit| {
            unit.emit(Sailed);
            Ok::<_, ()>(unit.committed())
        });
        drop(d.emit_async(committed.await.expect("committed")).spawned());
    })
    .await;
}

#[tokio::test]
async fn what_an_emitter_is_given_after_its_delivery_belongs_to_the_code_that_gives_it() {
    let builder = Dispatcher::empty().handler(sight).handler(moor);
    let kept = std::sync::Arc::new(Kept::default());
    let builder = builder.handler(keep).provide_arc(kept.clone());
    let dispatcher = builder.build().expect("a port");
    dispatcher.emit(Manned);
    let emitter = kept.lock().expect("no panic").take();
    let emitter = emitter.expect("it was kept");
    let rec = dispatcher.record();
    dispatcher.track(async |_| emitter.emit_after(Sailed)).await;
    assert_emitted!(rec, Moored, times = 1);
}

#[test]
fn an_emit_that_blocks_belongs() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build();
    let runtime = runtime.expect("a runtime of one thread");
    let builder = Dispatcher::empty().handler(sight).handler(moor);
    let built = builder.runtime(runtime.handle().clone()).build();
    let dispatcher = built.expect("a port");
    let spawned = |d: &Dispatcher| drop(d.emit_async(Sailed).spawned());
    let blocking = |d: &Dispatcher| drop(d.emit_blocking(Sailed).expect("no runtime"));
    let settled = |d: &Dispatcher| drop(d.settled().emit_blocking(Sailed).expect("no runtime"));
    let codes: [&dyn Fn(&Dispatcher); 3] = [&spawned, &blocking, &settled];
    for code in codes {
        let rec = dispatcher.record();
        dispatcher.track_blocking(code);
        assert_emitted!(rec, Moored, times = 1);
    }
}

#[tokio::test]
async fn a_spawned_emission_that_has_not_ended_at_the_limit_is_named() {
    let builder = Dispatcher::empty().handler(sink);
    let dispatcher = builder.build().expect("a sea");
    let tracker = dispatcher.tracker().limit(SHORT);
    let spawn = async |d: &Dispatcher| drop(d.emit_async(Sunk).spawned());
    let error = tracker.run(spawn).await.expect_err("it never ends");
    assert!(error.has_returned() && error.pending().is_empty());
    let text = error.to_string();
    assert!(
        text.starts_with(
            "the session did not end within 10ms:\n  Sunk, a spawned emission\nhelp: "
        ),
        "{text}"
    );
}
