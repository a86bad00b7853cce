//! What a join waits for.

use std::pin::pin;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use event_core::dispatcher::DispatcherBuilder;
use event_core::{Event, handler};
use event_tests::{Gate, idle, poll_once, runtime};

use super::{
    HOUR, LONG, Packed, Paid, Placed, Scene, THREADS, archive, bill, book, detached, hold, pack,
    ship, thank,
};

/// From a queue of tasks to a task, to a queue of threads, and back.
fn chain(builder: DispatcherBuilder) -> DispatcherBuilder {
    builder
        .handler(pack)
        .handler(ship)
        .handler(bill)
        .handler(archive)
}

#[test]
fn what_moves_between_queues_and_tasks_is_awaited() {
    let runtime = runtime();
    let scene = Scene::on(&runtime, chain);
    scene.gate.open_for_all();
    for round in 0..1_000 {
        scene.dispatcher.emit(Placed);
        let joined = scene.dispatcher.join(LONG);
        let joined = match round % 2 {
            0 => joined.blocking(),
            _ => runtime.block_on(joined),
        };
        joined.expect("it is in time");
        assert_eq!(
            scene.journal.take(),
            ["billed", "archived"],
            "round {round}"
        );
    }
}

#[tokio::test]
async fn each_step_is_awaited_while_it_is_held() {
    let scene = Scene::new(chain);
    scene.dispatcher.emit(Placed);
    let mut join = pin!(scene.dispatcher.join(LONG));
    assert!(poll_once(join.as_mut()).is_pending());
    scene.gate.arrived(1).await;
    assert!(poll_once(join.as_mut()).is_pending());
    scene.gate.open(1);
    join.await.expect("it is in time");
    assert_eq!(scene.journal.take(), ["billed", "archived"]);
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_waits_for_its_next_attempt_is_awaited() {
    let scene = Scene::new(|builder| builder.handler(book).handler(thank));
    scene.dispatcher.emit(Paid);
    let joined = scene.dispatcher.join(2 * HOUR).await;
    joined.expect("both second attempts are in time");
    let attempts = ["attempt 1", "attempt 1", "attempt 2", "attempt 2"];
    assert_eq!(scene.journal.take(), attempts);
}

#[tokio::test(start_paused = true)]
async fn a_task_of_a_subscription_is_awaited() {
    let scene = Scene::new(|builder| builder);
    let gate = scene.gate.clone();
    let waiting = scene.dispatcher.subscribe_async(move |_: Arc<Packed>| {
        let gate = gate.clone();
        async move { gate.pass().await }
    });
    scene.dispatcher.emit(Packed);
    let mut join = pin!(scene.dispatcher.join(LONG));
    assert!(poll_once(join.as_mut()).is_pending());
    idle().await;
    assert!(poll_once(join.as_mut()).is_pending());
    scene.gate.open(1);
    join.await.expect("it is in time");
    drop(waiting);
}

#[tokio::test]
async fn it_stays_open_and_can_be_joined_again() {
    let scene = Scene::new(chain);
    scene.gate.open_for_all();
    for _ in 0..2 {
        let report = scene.dispatcher.emit(Placed);
        assert_eq!((report.handed_over(), report.closed()), (1, false));
        scene.dispatcher.join(LONG).await.expect("it is in time");
        assert_eq!(scene.journal.take(), ["billed", "archived"]);
    }
}

#[tokio::test]
async fn a_dispatcher_that_has_nothing_to_do_is_joined_at_once() {
    let scene = Scene::new(chain);
    let mut join = pin!(scene.dispatcher.join(Duration::ZERO));
    assert!(poll_once(join.as_mut()).is_ready());
    scene
        .dispatcher
        .join(Duration::ZERO)
        .blocking()
        .expect("it has nothing to do");
}

#[tokio::test(start_paused = true)]
async fn all_who_wait_are_woken() {
    let scene = Scene::new(|builder| builder.handler(pack).handler(detached));
    scene.dispatcher.emit(Placed);
    scene.gate.arrived(2).await;
    let joins = async { tokio::join!(scene.dispatcher.join(LONG), scene.dispatcher.join(LONG)) };
    let mut joins = pin!(joins);
    assert!(poll_once(joins.as_mut()).is_pending());
    scene.gate.open(2);
    let (first, second) = joins.await;
    first.expect("it is in time");
    second.expect("it is in time");
}

#[test]
fn a_thread_waits_outside_of_a_runtime() {
    let runtime = runtime();
    let scene = Scene::on(&runtime, |builder| builder.handler(hold));
    scene.dispatcher.emit(Placed);
    scene.gate.wait_for(1);
    thread::scope(|scope| {
        let joins = [(); 2].map(|()| scope.spawn(|| scene.dispatcher.join(LONG).blocking()));
        scene.gate.open(1);
        for join in joins {
            join.join().expect("no panic").expect("it is in time");
        }
    });
}

#[tokio::test(start_paused = true)]
async fn a_join_that_is_dropped_leaves_the_others_and_the_deliveries_alone() {
    let scene = Scene::new(|builder| builder.handler(pack).handler(detached));
    scene.dispatcher.emit(Placed);
    scene.gate.arrived(2).await;
    let mut kept = pin!(scene.dispatcher.join(LONG));
    let mut dropped = Box::pin(scene.dispatcher.join(LONG));
    assert!(poll_once(dropped.as_mut()).is_pending());
    assert!(poll_once(kept.as_mut()).is_pending());
    drop(dropped);
    drop(scene.dispatcher.join(LONG));
    scene.gate.open(2);
    kept.await.expect("it is in time");
}

#[test]
fn a_dispatcher_that_is_shut_down_is_joined_once_its_threads_have_ended() {
    let runtime = runtime();
    let scene = Scene::on(&runtime, |builder| builder.handler(hold));
    scene.dispatcher.emit(Placed);
    scene.gate.wait_for(1);
    let shutdown = scene.dispatcher.shutdown(Duration::ZERO).blocking();
    assert_eq!(shutdown.abandoned_count(), 1);
    scene
        .dispatcher
        .join(Duration::ZERO)
        .blocking()
        .expect_err("a thread runs");
    scene.gate.open(1);
    scene
        .dispatcher
        .join(LONG)
        .blocking()
        .expect("it is in time");
}

/// Holds the thread that drops it.
#[derive(Debug)]
struct HeldDrop(Arc<Gate>);

impl Drop for HeldDrop {
    fn drop(&mut self) {
        self.0.pass_blocking();
    }
}

#[derive(Event)]
struct Kept(HeldDrop);

#[handler(queue = THREADS)]
fn keep(_event: &Kept) {}

#[test]
fn the_drop_of_an_event_is_awaited() {
    let runtime = runtime();
    let scene = Scene::on(&runtime, |builder| builder.handler(keep));
    scene.dispatcher.emit(Kept(HeldDrop(scene.gate.clone())));
    scene.gate.wait_for(1);
    let joined = scene.dispatcher.join(Duration::ZERO).blocking();
    joined.expect_err("the event is being dropped");
    scene.gate.open(1);
    let joined = scene.dispatcher.join(LONG).blocking();
    joined.expect("it is in time");
}
