//! Roots that handlers emit, which belong to the emission of their event.

use std::pin::pin;
use std::sync::Arc;

use event_core::dispatcher::DispatcherHandle;
use event_core::{Emitter, handler};
use event_tests::{Gate, idle, poll_once};

use super::{Billed, Packed, Placed, SECOND, Scene, Shipped, TASKS, THREADS, archive, bill};

#[handler(queue = TASKS)]
async fn emits(_event: &Placed, events: &DispatcherHandle) {
    events.emit(Shipped).expect("it is alive");
}

#[handler(queue = THREADS)]
fn emits_on_a_thread(_event: &Packed, events: &DispatcherHandle) {
    events.emit(Shipped).expect("it is alive");
}

#[tokio::test]
async fn a_root_that_a_queued_handler_emits_is_awaited() {
    let scene = Scene::new(|builder| {
        let events = Arc::new(builder.handle());
        let emitting = builder.handler(emits).handler(emits_on_a_thread);
        emitting.handler(bill).handler(archive).provide_arc(events)
    });
    let settled = scene.dispatcher.settled();
    settled.emit_async(Placed).await;
    assert_eq!(scene.journal.take(), ["billed", "archived"]);
    settled.emit_async(Packed).await;
    assert_eq!(scene.journal.take(), ["billed", "archived"]);
}

#[tokio::test]
async fn a_root_that_an_inline_subscription_emits_is_awaited() {
    let scene = Scene::new(|builder| builder.handler(bill).handler(archive));
    let events = scene.dispatcher.handle();
    let subscription = scene.dispatcher.subscribe(move |_: &Placed| {
        events.emit(Shipped).expect("it is alive");
    });
    scene.dispatcher.settled().emit_async(Placed).await;
    assert_eq!(scene.journal.take(), ["billed", "archived"]);
    drop(subscription);
}

#[handler(queue = TASKS)]
async fn gives(_event: &Packed, emitter: Emitter<Shipped>) {
    emitter.emit_after(Shipped);
}

#[tokio::test]
async fn an_event_that_an_emitter_is_given_is_awaited() {
    let scene = Scene::new(|builder| builder.handler(gives).handler(bill).handler(archive));
    scene.dispatcher.settled().emit_async(Packed).await;
    assert_eq!(scene.journal.take(), ["billed", "archived"]);
}

#[handler(queue = TASKS)]
async fn spawns(_event: &Placed, events: &DispatcherHandle) {
    let dispatcher = events.get().expect("it is alive");
    drop(dispatcher.emit_async(Packed).spawned());
}

#[handler]
async fn slow(_event: &Packed, gate: &Gate) -> Billed {
    gate.pass().await;
    Billed
}

#[tokio::test(start_paused = true)]
async fn an_emission_that_a_handler_spawns_is_awaited() {
    let scene = Scene::new(|builder| {
        let events = Arc::new(builder.handle());
        let builder = builder.handler(spawns).handler(slow).handler(archive);
        builder.provide_arc(events)
    });
    let settled = scene.dispatcher.settled();
    let mut emission = pin!(settled.emit_async(Placed));
    assert!(poll_once(emission.as_mut()).is_pending());
    scene.gate.arrived(1).await;
    assert!(poll_once(emission.as_mut()).is_pending());
    scene.gate.open(1);
    emission.await;
    assert_eq!(scene.journal.take(), ["archived"]);
}

#[handler(queue = TASKS)]
async fn settles(_event: &Placed, events: &DispatcherHandle) {
    let dispatcher = events.get().expect("it is alive");
    let mut inner = Box::pin(dispatcher.settled().emit_async(Shipped));
    assert!(poll_once(inner.as_mut()).is_pending());
}

#[handler(queue = TASKS)]
async fn held(_event: &Shipped, gate: &Gate) -> Billed {
    gate.pass().await;
    Billed
}

#[tokio::test(start_paused = true)]
async fn what_a_settled_emission_inside_of_another_causes_belongs_to_both() {
    let scene = Scene::new(|builder| {
        let events = Arc::new(builder.handle());
        let builder = builder.handler(settles).handler(held).handler(archive);
        builder.provide_arc(events)
    });
    let settled = scene.dispatcher.settled();
    let mut emission = pin!(settled.emit_async(Placed));
    assert!(poll_once(emission.as_mut()).is_pending());
    scene.gate.arrived(1).await;
    idle().await;
    assert!(poll_once(emission.as_mut()).is_pending());
    scene.gate.open(1);
    emission.await;
    assert_eq!(scene.journal.take(), ["archived"]);
    scene.dispatcher.join(SECOND).await.expect("it is in time");
}
