//! Code whose emissions a testing kit tracks.

use std::any::TypeId;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use event_core::__private::Session;

use event_core::observer::{EmissionView, Observer};
use event_core::{Event, PendingEvents, handler};
use event_tests::{Journal, runtime};

use super::{Beat, Placed, SECOND, Scene, Shipped, bill, chain, hold};

/// Runs a future inside of a session, and waits until all that it caused has ended.
async fn track<R>(session: &Session, future: impl Future<Output = R>) -> R {
    let mut future = pin!(future);
    let result = poll_fn(|context| session.inside(|| future.as_mut().poll(context))).await;
    session.close();
    session.ended().await;
    result
}

#[derive(Event)]
struct Rung;

#[handler]
fn ring(_event: &Rung) -> Shipped {
    Shipped
}

#[handler]
async fn answer(_event: &Rung) {
    tokio::task::yield_now().await;
}

#[tokio::test]
async fn all_that_the_code_emits_is_awaited_whatever_path_it_takes() {
    let scene = Scene::new(|builder| chain(builder).handler(ring).handler(answer));
    let dispatcher = &scene.dispatcher;
    for round in 0..100 {
        track(&Session::begin(), async {
            match round % 5 {
                0 => dispatcher.emit(Placed),
                1 => dispatcher.emit(Rung),
                2 => dispatcher.emit_async(Placed).await,
                3 => dispatcher.emit_async(Rung).await,
                _ => {
                    let mut events = PendingEvents::default();
                    events.record(Placed);
                    dispatcher.emit(events)
                }
            }
        })
        .await;
        let journal = scene.journal.take();
        assert_eq!(journal, ["billed", "archived"], "round {round}");
    }
}

#[test]
fn a_thread_can_wait_for_what_its_code_emitted() {
    let runtime = runtime();
    let scene = Scene::on(&runtime, |builder| chain(builder).handler(ring));
    for _ in 0..100 {
        let session = Session::begin();
        session.inside(|| scene.dispatcher.emit(Rung));
        session.close();
        assert!(session.wait_until(Instant::now() + 10 * SECOND));
        assert_eq!(scene.journal.take(), ["billed", "archived"]);
    }
}

#[tokio::test]
async fn the_traffic_of_others_keeps_no_session_open() {
    let scene = Scene::new(|builder| chain(builder).handler(hold));
    scene.dispatcher.emit(Beat);
    scene.gate.arrived(1).await;
    let session = Session::begin();
    track(&session, async { scene.dispatcher.emit(Placed) }).await;
    assert_eq!(scene.journal.take(), ["billed", "archived"]);
    assert!(session.pending().is_empty());
    scene.gate.open(1);
}

#[test]
fn what_has_not_ended_is_named() {
    let runtime = runtime();
    let scene = Scene::on(&runtime, |builder| builder.handler(hold));
    let session = Session::begin();
    session.inside(|| scene.dispatcher.emit(Beat));
    session.close();
    assert!(!session.wait_until(Instant::now()));
    let pending = session.pending();
    let [(event, handler)] = &*pending else {
        panic!("{pending:?}")
    };
    assert!(
        event.type_id() == TypeId::of::<Beat>() && handler.is(hold),
        "{pending:?}"
    );
    scene.gate.open(1);
    assert!(session.wait_until(Instant::now() + 10 * SECOND));
    assert!(session.pending().is_empty());
}

/// Notes which emissions belong to the session.
struct Belongs(Arc<Session>, Arc<Journal>);

impl Observer for Belongs {
    fn emission_started(&self, emission: &EmissionView<'_>) {
        let name = emission.event().info().type_name();
        let name = name.rsplit("::").next().unwrap_or(name);
        self.1.write(format!("{name} {}", self.0.is_current()));
    }
}

#[test]
fn an_observer_can_ask_whether_an_emission_belongs_to_the_session() {
    let runtime = runtime();
    let session = Arc::new(Session::begin());
    let scene = Scene::on(&runtime, |builder| builder.handler(ring).handler(bill));
    let belongs = Belongs(session.clone(), scene.journal.clone());
    let observing = scene.dispatcher.observe(belongs);
    session.inside(|| {
        scene
            .dispatcher
            .settled()
            .emit_blocking(Rung)
            .expect("no runtime")
    });
    scene
        .dispatcher
        .settled()
        .emit_blocking(Rung)
        .expect("no runtime");
    assert_eq!(
        scene.journal.take(),
        [
            "Rung true",
            "Shipped true",
            "billed",
            "Billed true", //
            "Rung false",
            "Shipped false",
            "billed",
            "Billed false",
        ]
    );
    drop(observing);
}
