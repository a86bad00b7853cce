//! What a dispatcher that ends still does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use event_core::error::EmitError;
use event_core::report::DeliveryStatus;
use event_core::{Event, dispatcher::DispatcherHandle, handler};
use event_tests::{Gate, Journal, idle, poll, until, until_async};

use super::{
    LONG, Placed, Scene, Shipped, UI, Unheard, all, by_name, by_task, by_thread, detached,
    detached_behind, named, ships,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutdown_drains_what_is_under_way_and_all_it_causes_and_counts_it() {
    let (dispatcher, scene) = all();
    for _ in 0..2 {
        assert_eq!(dispatcher.emit(Placed).handed_over(), 4);
    }
    let (shutdown, ()) = tokio::join!(dispatcher.shutdown(LONG), async {
        scene.gate.open_for_all();
    });
    assert!(shutdown.is_complete(), "{shutdown}");
    let lines = scene.lines();
    assert_eq!(lines.len(), 14, "{lines:?}");
    assert_eq!(lines.iter().filter(|line| *line == "shipped").count(), 6);
    assert_eq!(
        by_name(shutdown.drained()),
        named(&[
            ("by_task", 2),
            ("by_thread", 2),
            ("detached", 2),
            ("detached_behind", 2),
            ("ships", 6),
        ])
    );
    assert!(scene.heard.take().is_empty());
    scene.watch.assert_each_ended_once();
}

#[derive(Event)]
struct Draining;

#[handler]
async fn emits_while_draining(
    _event: &Draining,
    gate: &Gate,
    handle: &DispatcherHandle,
    journal: &Journal,
) {
    gate.pass().await;
    let dispatcher = handle.get().expect("alive");
    let reports = [
        dispatcher.emit(Unheard),
        dispatcher.emit_async(Unheard).await,
        dispatcher.emit_async(Unheard).spawned().await,
        dispatcher.with(7_u8).emit(Unheard),
    ];
    for report in reports {
        journal.write(format!("closed: {}", report.closed()));
    }
}

#[handler]
async fn hears(_event: &Unheard, journal: &Journal) {
    journal.write("heard");
}

#[tokio::test(start_paused = true)]
async fn while_it_drains_handlers_go_on_emitting_and_others_do_not() {
    let (builder, scene) = Scene::set();
    let handle = builder.handle();
    let dispatcher = builder
        .handler(emits_while_draining)
        .handler(hears)
        .provide(handle)
        .build()
        .expect("wired");
    dispatcher.emit(Draining);
    scene.gate.arrived(1).await;
    let mut shutdown = Box::pin(dispatcher.shutdown(LONG));
    assert!(tokio::select! {
        biased;
        _ = &mut shutdown => false,
        () = idle() => true,
    });
    assert!(dispatcher.emit(Unheard).closed());
    scene.gate.open_for_all();
    let shutdown = shutdown.await;
    assert!(shutdown.is_complete());
    let lines = scene.lines();
    assert_eq!(
        lines,
        [["closed: false"; 4], ["heard"; 4]].concat(),
        "{shutdown}"
    );
}

#[test]
fn shutdown_ends_as_soon_as_the_last_delivery_has_ended() {
    let (builder, scene) = Scene::set();
    scene.gate.open_for_all();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .expect("a runtime");
    let builder = builder
        .handler(by_task)
        .handler(by_thread)
        .handler(detached);
    drop(builder);
    for round in 0..2_000 {
        let (builder, scene) = Scene::set();
        scene.gate.open_for_all();
        let builder = match round % 3 {
            0 => builder.handler(by_task),
            1 => builder.handler(by_thread),
            _ => builder.handler(detached),
        };
        let builder = builder.runtime(runtime.handle().clone());
        let dispatcher = builder.build().expect("wired");
        dispatcher.emit(Placed);
        for _ in 0..(round % 50) * 20 {
            std::hint::spin_loop();
        }
        let shutdown = dispatcher.shutdown(Duration::from_secs(20)).blocking();
        assert!(shutdown.is_complete(), "round {round}: {shutdown}");
        let counts = scene.watch.totals();
        assert_eq!(counts, (1, 1), "round {round}");
    }
}

#[test]
fn what_other_threads_emit_during_a_shutdown_is_drained_or_refused_and_never_lost() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    for _ in 0..200 {
        let (builder, scene) = Scene::set();
        scene.gate.open_for_all();
        let dispatcher = builder
            .handler(detached)
            .handler(detached_behind)
            .handler(by_task)
            .handler(by_thread)
            .handler(ships)
            .runtime(runtime.handle().clone())
            .build()
            .expect("wired");
        let (is_closed, handed) = (AtomicBool::new(false), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !is_closed.load(Ordering::Relaxed) {
                        let report = dispatcher.emit(Placed);
                        if report.closed() {
                            is_closed.store(true, Ordering::Relaxed);
                        } else {
                            let taken = report.handed_over() + report.rejected();
                            assert_eq!(taken, 4, "{report}");
                            handed.fetch_add(taken, Ordering::Relaxed);
                        }
                    }
                });
            }
            let shutdown = dispatcher.shutdown(LONG).blocking();
            assert!(shutdown.is_complete(), "{shutdown}");
        });
        // What was handed over at the very moment of the close goes on to its end.
        drop(dispatcher);
        until("it has ended", || Arc::strong_count(&scene.watch) == 1);
        scene.watch.assert_each_ended_once();
        let ways = [DeliveryStatus::Done, DeliveryStatus::Rejected];
        let known: usize = ways.map(|way| scene.watch.count(way)).iter().sum();
        assert_eq!(scene.watch.totals().1, known);
        assert!(known >= handed.load(Ordering::Relaxed));
    }
}

#[tokio::test]
async fn dropping_the_last_dispatcher_drains_and_its_handles_are_gone_at_once() {
    let (dispatcher, scene) = all();
    let handle = dispatcher.handle();
    dispatcher.emit(Placed);
    scene.gate.arrived(3).await;
    let other = dispatcher.clone();
    drop(dispatcher);
    assert!(handle.get().is_ok());
    drop(other);
    assert!(matches!(handle.emit(Placed), Err(EmitError::Gone)));
    scene.gate.open_for_all();
    until_async("all seven have ended", || scene.watch.totals().1 == 7).await;
    assert_eq!(scene.lines().len(), 7);
    assert!(matches!(handle.get(), Err(EmitError::Gone)));
    assert_eq!(scene.watch.count(DeliveryStatus::Done), 7);
    until_async("the dispatcher is freed", || {
        Arc::strong_count(&scene.gate) == 1
    })
    .await;
}

#[handler(queue = UI)]
fn shows(_event: &Shipped, shown: &mut Vec<&'static str>) {
    shown.push("shipped");
}

#[tokio::test(start_paused = true)]
async fn what_drains_into_a_queue_that_nobody_pumps_any_more_is_not_lost_silently() {
    let (builder, scene) = Scene::set();
    let builder = builder.handler(detached).handler(shows);
    let dispatcher = builder.build().expect("wired");
    dispatcher.emit(Shipped);
    dispatcher.emit(Placed);
    scene.gate.arrived(1).await;
    drop(dispatcher);
    assert_eq!(scene.watch.ended_of("shows"), [DeliveryStatus::Abandoned]);
    scene.gate.open_for_all();
    idle().await;
    assert_eq!(
        scene.watch.ended_of("shows"),
        [DeliveryStatus::Abandoned, DeliveryStatus::Abandoned]
    );
    assert_eq!(scene.heard.take().len(), 2);
    assert_eq!(Arc::strong_count(&scene.gate), 1, "all of it has ended");
}

#[tokio::test]
async fn an_abandoned_shutdown_goes_on_draining() {
    let (dispatcher, scene) = all();
    dispatcher.emit(Placed);
    scene.gate.arrived(3).await;
    let mut shutdown = Box::pin(dispatcher.shutdown(LONG));
    assert!(poll(&mut shutdown).is_none());
    drop(shutdown);
    assert!(dispatcher.emit(Placed).closed());
    scene.gate.open_for_all();
    let shutdown = dispatcher.shutdown(LONG).await;
    assert!(shutdown.is_complete());
    assert_eq!(scene.lines().len(), 7);
}
