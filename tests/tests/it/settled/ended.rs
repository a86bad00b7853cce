//! The ends of deliveries that did not run to their end.

use std::pin::pin;
use std::time::Duration;

use event_core::handler;
use event_core::report::DeliveryStatus;
use event_tests::{Gate, idle, poll_once, quiet_panic, runtime};

use super::{Billed, DROPS, Packed, Placed, REJECTS, SECOND, Scene, Shipped, TASKS, archive, pack};

#[handler(queue = REJECTS)]
async fn refuse(_event: &Packed, gate: &Gate) {
    gate.pass().await;
}

#[handler(queue = DROPS)]
async fn displace(_event: &Packed, gate: &Gate) {
    gate.pass().await;
}

#[tokio::test(start_paused = true)]
async fn a_rejected_delivery_is_not_awaited_even_while_its_report_is_held() {
    let scene = Scene::new(|builder| builder.handler(refuse));
    scene.dispatcher.emit(Packed);
    scene.gate.arrived(1).await;
    scene.dispatcher.emit(Packed);
    let report = scene.dispatcher.settled().emit_async(Packed).await;
    assert_eq!((report.handed_over(), report.failures().len()), (0, 1));
    scene.gate.open_for_all();
    let failure = report.failures().first().expect("it was rejected");
    failure.redeliver().await.expect("there is capacity");
    scene.dispatcher.join(SECOND).await.expect("it is in time");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_delivery_is_not_awaited() {
    let scene = Scene::new(|builder| builder.handler(displace));
    scene.dispatcher.emit(Packed);
    scene.gate.arrived(1).await;
    let settled = scene.dispatcher.settled();
    let mut emission = pin!(settled.emit_async(Packed));
    assert!(
        poll_once(emission.as_mut()).is_pending(),
        "it waits in its queue"
    );
    scene.dispatcher.emit(Packed);
    assert!(poll_once(emission.as_mut()).is_ready(), "it was displaced");
    scene.gate.open_for_all();
}

#[handler(queue = TASKS)]
async fn held(_event: &Placed, gate: &Gate) -> Billed {
    gate.pass().await;
    Billed
}

#[handler]
async fn held_task(_event: &Packed, gate: &Gate) -> Billed {
    gate.pass().await;
    Billed
}

#[tokio::test(start_paused = true)]
async fn deliveries_that_a_shutdown_abandons_are_not_awaited() {
    let scene = Scene::new(|builder| builder.handler(held).handler(archive));
    let settled = scene.dispatcher.settled();
    let mut emissions = [(); 3].map(|()| Box::pin(settled.emit_async(Placed)));
    for emission in &mut emissions {
        assert!(poll_once(emission.as_mut()).is_pending());
    }
    scene.gate.arrived(2).await;
    let shutdown = scene.dispatcher.shutdown(SECOND).await;
    assert_eq!(shutdown.abandoned_count(), 3, "two run, one waits");
    for emission in emissions {
        emission.await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_that_a_shutdown_abandons_is_not_awaited() {
    let scene = Scene::new(|builder| builder.handler(pack).handler(held_task));
    let settled = scene.dispatcher.settled();
    let mut emission = pin!(settled.emit_async(Placed));
    assert!(poll_once(emission.as_mut()).is_pending());
    scene.gate.arrived(1).await;
    let shutdown = scene.dispatcher.shutdown(SECOND).await;
    assert_eq!(shutdown.abandoned_count(), 1);
    emission.await;
}

#[test]
fn a_runtime_that_ends_settles_what_it_ran() {
    let runtime = runtime();
    let scene = Scene::on(&runtime, |builder| builder.handler(held));
    std::thread::scope(|scope| {
        let dispatcher = &scene.dispatcher;
        let emitting = scope.spawn(|| dispatcher.settled().emit_blocking(Placed));
        scene.gate.wait_for(1);
        runtime.shutdown_timeout(Duration::from_secs(10));
        emitting
            .join()
            .expect("no panic")
            .expect("no runtime is here");
    });
}

#[handler(queue = TASKS)]
async fn fails(_event: &Shipped) -> Result<(), &'static str> {
    Err("broken")
}

#[handler(queue = TASKS)]
async fn panics(_event: &Shipped) {
    quiet_panic();
}

#[tokio::test]
async fn failures_and_panics_are_ends() {
    let scene = Scene::new(|builder| {
        let builder = builder.handler(fails).handler(panics);
        builder.on_failure(|_| {})
    });
    let report = scene.dispatcher.settled().emit_async(Shipped).await;
    assert_eq!(report.handed_over(), 2);
    let counts = scene.dispatcher.queue(&TASKS).expect("a handler names it");
    assert_eq!(counts.counts().failed, 2);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_future_leaves_the_deliveries_alone() {
    let scene = Scene::new(|builder| builder.handler(held).handler(archive));
    let settled = scene.dispatcher.settled();
    let mut emission = Box::pin(settled.emit_async(Placed));
    assert!(poll_once(emission.as_mut()).is_pending());
    scene.gate.arrived(1).await;
    drop(emission);
    drop(settled.emit_async(Placed));
    scene.gate.open(1);
    scene.dispatcher.join(SECOND).await.expect("it is in time");
    assert_eq!(scene.journal.take(), ["archived"]);
    idle().await;
    assert!(
        !scene.gate.has_more(),
        "what was not polled was not emitted"
    );
}

#[handler]
async fn awaited(_event: &Placed, gate: &Gate) {
    gate.pass().await;
}

#[tokio::test(start_paused = true)]
async fn a_dropped_future_cancels_the_async_handlers_of_its_root() {
    let watch = std::sync::Arc::new(event_tests::Watch::default());
    let scene = Scene::new(|builder| builder.handler(awaited).observe(watch.clone()));
    let settled = scene.dispatcher.settled();
    let mut emission = Box::pin(settled.emit_async(Placed));
    assert!(poll_once(emission.as_mut()).is_pending());
    drop(emission);
    assert_eq!(watch.count(DeliveryStatus::Cancelled), 1);
}
