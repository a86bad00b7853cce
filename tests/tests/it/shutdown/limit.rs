//! What a shutdown abandons that runs out of time, or loses its runtime.

use std::sync::Arc;
use std::time::Duration;

use event_core::report::DeliveryStatus;
use event_tests::{idle, until};

use super::{
    LONG, Placed, Scene, Shipped, TASKS, THREADS, Unheard, all, by_name, by_task, by_thread,
    detached, detached_behind, named, ships,
};

#[tokio::test(start_paused = true)]
async fn a_shutdown_that_runs_out_of_time_abandons_the_rest_by_handler() {
    let (builder, scene) = Scene::set();
    let builder = builder.handler(detached).handler(by_task).handler(ships);
    let dispatcher = builder.build().expect("wired");
    for _ in 0..3 {
        dispatcher.emit(Placed);
    }
    dispatcher.emit(Shipped);
    idle().await;
    let shutdown = dispatcher.shutdown(Duration::from_secs(1)).await;
    assert!(!shutdown.is_complete());
    assert_eq!(
        by_name(shutdown.abandoned()),
        named(&[("by_task", 3), ("detached", 3)])
    );
    assert!(shutdown.drained().is_empty(), "{shutdown}");
    assert!(
        shutdown
            .to_string()
            .starts_with("0 drained, 6 abandoned, out of time\n")
    );
    idle().await;
    assert_eq!(scene.watch.count(DeliveryStatus::Abandoned), 6);
    assert_eq!(scene.watch.count(DeliveryStatus::Done), 1);
    assert_eq!(scene.watch.totals().1, 7);
    assert_eq!(scene.heard.take().len(), 6);
    assert_eq!(scene.lines(), ["shipped"]);
    scene.gate.open_for_all();
    idle().await;
    assert!(scene.lines().is_empty(), "it is over");
}

#[tokio::test(start_paused = true)]
async fn handlers_that_wait_for_each_other_are_abandoned_like_others() {
    let (builder, scene) = Scene::set();
    let builder = builder.handler(detached).handler(detached_behind);
    let dispatcher = builder.build().expect("wired");
    dispatcher.emit(Placed);
    idle().await;
    let shutdown = dispatcher.shutdown(Duration::from_secs(1)).await;
    assert_eq!(
        by_name(shutdown.abandoned()),
        named(&[("detached", 1), ("detached_behind", 1)])
    );
    idle().await;
    assert_eq!(scene.watch.count(DeliveryStatus::Abandoned), 2);
    assert_eq!(scene.heard.take().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_consumer_that_has_nothing_to_do_has_nothing_to_abandon() {
    let (builder, scene) = Scene::set();
    let builder = builder
        .handler(detached)
        .handler(by_task)
        .handler(by_thread);
    let dispatcher = builder.build().expect("wired");
    scene.gate.open(3);
    dispatcher.emit(Placed);
    dispatcher
        .queue(&TASKS)
        .expect("a handler names it")
        .join()
        .await;
    dispatcher
        .queue(&THREADS)
        .expect("a handler names it")
        .join()
        .await;
    idle().await;
    let guard = dispatcher.subscribe_async(|_: Arc<Unheard>| std::future::pending::<()>());
    dispatcher.emit(Unheard);
    let shutdown = dispatcher.shutdown(Duration::from_secs(1)).await;
    assert_eq!(by_name(shutdown.abandoned()), named(&[("subscription", 1)]));
    drop(guard);
}

#[tokio::test(start_paused = true)]
async fn a_second_shutdown_waits_for_the_first_and_tells_the_same() {
    let (dispatcher, scene) = all();
    dispatcher.emit(Placed);
    scene.gate.arrived(3).await;
    let (long, short_one) = tokio::join!(
        dispatcher.shutdown(LONG),
        dispatcher.shutdown(Duration::from_secs(1))
    );
    assert!(!short_one.is_complete());
    assert!(!long.is_complete(), "{long}");
    assert_eq!(by_name(long.abandoned()), by_name(short_one.abandoned()));
    let later = dispatcher.shutdown(LONG).await;
    assert_eq!(by_name(later.abandoned()), by_name(short_one.abandoned()));
    scene.gate.open_for_all();
}

#[test]
fn a_runtime_that_ends_during_a_shutdown_leaves_abandoned_deliveries_in_its_answer() {
    let (builder, scene) = Scene::set();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let builder = builder
        .handler(detached)
        .handler(by_task)
        .handler(detached_behind);
    let builder = builder.runtime(runtime.handle().clone());
    let dispatcher = builder.build().expect("wired");
    dispatcher.emit(Placed);
    scene.gate.wait_for(2);
    let shutdown = std::thread::scope(|scope| {
        let shutdown = scope.spawn(|| dispatcher.shutdown(LONG).blocking());
        until("it is closed", || dispatcher.emit(Unheard).closed());
        drop(runtime);
        shutdown.join().expect("no panic")
    });
    assert_eq!(
        by_name(shutdown.abandoned()),
        named(&[("by_task", 1), ("detached", 1), ("detached_behind", 1)])
    );
    assert_eq!(scene.watch.count(DeliveryStatus::Abandoned), 3);
}

#[test]
fn shutdown_works_on_another_runtime_when_its_own_has_ended() {
    let (builder, scene) = Scene::set();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    let builder = builder.handler(by_thread).runtime(runtime.handle().clone());
    let dispatcher = builder.build().expect("wired");
    dispatcher.emit(Placed);
    drop(runtime);
    let other = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let shutdown = other.block_on(dispatcher.shutdown(Duration::from_secs(1)));
    assert_eq!(by_name(shutdown.abandoned()), named(&[("by_thread", 1)]));
    scene.gate.open_for_all();
}
