//! What is waited for.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use event_core::error::BoxError;
use event_core::queue::Overflow;
use event_core::retry::RetryAfter;
use event_core::{Context, Meta, PendingEvents, handler};
use event_tests::{Journal, idle, poll_once, runtime};

use super::{
    Beat, Billed, Packed, Placed, Scene, Shipped, TASKS, UI, archive, bill, chain, hold, pack,
};

#[test]
fn a_cascade_over_queues_and_tasks_is_awaited() {
    let runtime = runtime();
    let scene = Scene::on(&runtime, chain);
    let settled = scene.dispatcher.settled();
    for round in 0..1_000 {
        let report = match round % 2 {
            0 => settled.emit_blocking(Placed).expect("no runtime is here"),
            _ => runtime.block_on(settled.emit_async(Placed)),
        };
        assert_eq!((report.handed_over(), report.done()), (1, 0));
        assert_eq!(
            scene.journal.take(),
            ["billed", "archived"],
            "round {round}"
        );
    }
}

#[test]
fn the_traffic_of_others_in_the_same_queue_is_not_awaited() {
    let runtime = runtime();
    let scene = Scene::on(&runtime, |builder| chain(builder).handler(hold));
    scene.dispatcher.emit(Beat);
    scene.gate.wait_for(1);
    let settled = scene.dispatcher.settled();
    settled.emit_blocking(Placed).expect("no runtime is here");
    assert_eq!(scene.journal.take(), ["billed", "archived"]);
    runtime.block_on(settled.emit_async(Placed));
    assert_eq!(scene.journal.take(), ["billed", "archived"]);
    scene.gate.open(1);
}

const HOUR: Duration = Duration::from_hours(1);

/// The first attempt fails, and the next one is due in an hour.
fn attempt(meta: &Meta, journal: &Journal) -> Result<Billed, BoxError> {
    journal.write(format!("attempt {}", meta.attempt()));
    match meta.attempt() {
        1 => Err(RetryAfter::new(HOUR, "busy").into()),
        _ => Ok(Billed),
    }
}

#[handler(queue = TASKS, retry)]
async fn book(_event: &Packed, meta: Meta, journal: &Journal) -> Result<Billed, BoxError> {
    attempt(&meta, journal)
}

#[handler(retry)]
async fn thank(_event: &Shipped, meta: Meta, journal: &Journal) -> Result<Billed, BoxError> {
    attempt(&meta, journal)
}

#[handler(queue = TASKS)]
async fn unpack(_event: &Placed) -> Shipped {
    Shipped
}

#[tokio::test(start_paused = true)]
async fn the_next_attempt_of_a_queued_delivery_is_awaited() {
    let scene = Scene::new(|builder| builder.handler(book).handler(archive));
    scene.dispatcher.settled().emit_async(Packed).await;
    assert_eq!(scene.journal.take(), ["attempt 1", "attempt 2", "archived"]);
}

#[tokio::test(start_paused = true)]
async fn the_next_attempt_of_a_task_is_awaited() {
    let scene = Scene::new(|builder| builder.handler(unpack).handler(thank).handler(archive));
    scene.dispatcher.settled().emit_async(Placed).await;
    assert_eq!(scene.journal.take(), ["attempt 1", "attempt 2", "archived"]);
}

#[tokio::test(start_paused = true)]
async fn a_subscription_is_awaited_and_a_stream_is_not() {
    let scene = Scene::new(|builder| builder.handler(pack));
    let mut stream = scene.dispatcher.stream::<Packed>(8, Overflow::Reject);
    let (gate, journal) = (scene.gate.clone(), scene.journal.clone());
    let subscription = scene.dispatcher.subscribe_async(move |_: Arc<Packed>| {
        let (gate, journal) = (gate.clone(), journal.clone());
        async move {
            gate.pass().await;
            journal.write("told");
        }
    });
    let settled = scene.dispatcher.settled();
    let mut emission = pin!(settled.emit_async(Placed));
    assert!(poll_once(emission.as_mut()).is_pending());
    scene.gate.arrived(1).await;
    assert!(poll_once(emission.as_mut()).is_pending());
    scene.gate.open(1);
    emission.await;
    assert_eq!(scene.journal.take(), ["told"]);
    assert!(stream.try_next().is_some(), "it was not awaited");
    drop(subscription);
}

#[handler(queue = UI)]
fn show(_event: &Packed, _window: &mut ()) -> Billed {
    Billed
}

#[tokio::test(start_paused = true)]
async fn a_pumped_delivery_and_what_it_causes_are_awaited() {
    let scene = Scene::new(|builder| builder.handler(pack).handler(show).handler(archive));
    let ui = scene.dispatcher.queue(&UI).expect("a handler names it");
    let settled = scene.dispatcher.settled();
    let mut emission = pin!(settled.emit_async(Placed));
    assert!(poll_once(emission.as_mut()).is_pending());
    idle().await;
    assert!(poll_once(emission.as_mut()).is_pending());
    assert_eq!(ui.pump(&mut ()), 1);
    emission.await;
    assert_eq!(scene.journal.take(), ["archived"]);
}

#[tokio::test]
async fn recorded_events_are_awaited_together() {
    let scene = Scene::new(|builder| builder.handler(bill).handler(archive));
    let mut pending = PendingEvents::new();
    pending.record(Shipped);
    pending.record(Billed);
    scene.dispatcher.settled().emit_async(pending).await;
    let mut lines = scene.journal.take();
    lines.sort();
    assert_eq!(lines, ["archived", "archived", "billed"]);
}

struct Tenant(&'static str);

#[handler(queue = TASKS)]
async fn name(_event: &Billed, tenant: Context<Tenant>, journal: &Journal) {
    journal.write(tenant.0);
}

#[tokio::test]
async fn other_options_apply_as_well() {
    let scene = Scene::new(|builder| builder.handler(bill).handler(name));
    let settled = scene.dispatcher.with(Tenant("north")).settled();
    settled.emit_async(Shipped).await;
    assert_eq!(scene.journal.take(), ["billed", "north"]);
}

#[tokio::test]
async fn an_event_without_handlers_settles_at_once() {
    let scene = Scene::new(|builder| builder);
    let settled = scene.dispatcher.settled();
    let mut emission = pin!(settled.emit_async(Placed));
    assert!(poll_once(emission.as_mut()).is_ready());
}

#[tokio::test]
async fn a_thread_of_a_runtime_must_not_block() {
    let scene = Scene::new(chain);
    let refused = scene.dispatcher.settled().emit_blocking(Placed);
    refused.expect_err("it would block the runtime");
}

#[tokio::test]
async fn a_spawned_emission_settles_as_well() {
    let scene = Scene::new(chain);
    scene
        .dispatcher
        .settled()
        .emit_async(Placed)
        .spawned()
        .await;
    assert_eq!(scene.journal.take(), ["billed", "archived"]);
}
