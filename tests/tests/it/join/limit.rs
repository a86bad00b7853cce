//! What a join names that reaches its limit.

use std::sync::Arc;
use std::time::Duration;

use event_core::dispatcher::DispatcherHandle;
use event_core::handler;
use event_tests::{Gate, Journal, idle, runtime};

use super::{
    Billed, HOUR, LONG, NARROW, Packed, Paid, Placed, Scene, Shipped, TASKS, UI, bill, book,
    detached, hold, pack, thank, unfinished,
};

const SECOND: Duration = Duration::from_secs(1);

fn named(counts: &[(&str, usize)]) -> Vec<(String, usize)> {
    let named = counts.iter().map(|(by, n)| ((*by).to_owned(), *n));
    named.collect()
}

#[tokio::test(start_paused = true)]
async fn deliveries_that_run_and_that_wait_are_named() {
    let scene = Scene::new(|builder| builder.handler(pack).handler(detached).handler(hold));
    for _ in 0..3 {
        scene.dispatcher.emit(Placed);
    }
    scene.gate.arrived(5).await;
    let error = scene
        .dispatcher
        .join(SECOND)
        .await
        .expect_err("all are held");
    assert_eq!(
        unfinished(&error),
        named(&[("detached", 3), ("hold", 3), ("pack", 3)])
    );
    assert_eq!((error.unfinished_count(), error.emissions()), (9, 0));
    scene.gate.open_for_all();
}

#[tokio::test(start_paused = true)]
async fn events_that_wait_by_value_are_named() {
    let scene = Scene::new(|builder| builder.handler(pack));
    for _ in 0..3 {
        scene.dispatcher.emit(Placed);
    }
    scene.gate.arrived(1).await;
    let error = scene.dispatcher.join(SECOND).await.expect_err("it is held");
    assert_eq!(unfinished(&error), named(&[("pack", 3)]));
    scene.gate.open_for_all();
}

#[tokio::test(start_paused = true)]
async fn deliveries_that_wait_for_their_next_attempt_are_named() {
    let scene = Scene::new(|builder| builder.handler(book).handler(thank));
    scene.dispatcher.emit(Paid);
    let error = scene
        .dispatcher
        .join(HOUR / 2)
        .await
        .expect_err("they are due later");
    assert_eq!(unfinished(&error), named(&[("book", 1), ("thank", 1)]));
    scene.dispatcher.join(HOUR).await.expect("they are due");
}

#[handler(queue = NARROW)]
async fn narrow(_event: &Packed, gate: &Gate) {
    gate.pass().await;
}

#[handler(queue = TASKS)]
async fn forward(_event: &Shipped) -> Packed {
    Packed
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_waits_for_capacity_is_named() {
    let scene = Scene::new(|builder| builder.handler(forward).handler(narrow));
    scene.dispatcher.emit(Packed);
    scene.gate.arrived(1).await;
    scene.dispatcher.emit(Packed);
    scene.dispatcher.emit(Shipped);
    let narrow = scene.dispatcher.queue(&NARROW);
    let narrow = narrow.expect("a handler names it");
    idle().await;
    assert_eq!(narrow.counts().waits, 1);
    let error = scene.dispatcher.join(SECOND).await.expect_err("it is held");
    assert_eq!(unfinished(&error), named(&[("narrow", 3)]));
    assert_eq!(error.emissions(), 1, "the one that waits");
    scene.gate.open_for_all();
    scene.dispatcher.join(LONG).await.expect("it is in time");
}

#[handler]
fn reprint(_event: &Billed, gate: &Gate) {
    gate.pass_blocking();
}

#[test]
fn an_emission_of_what_an_ended_delivery_caused_is_counted() {
    let runtime = runtime();
    let scene = Scene::on(&runtime, |builder| builder.handler(bill).handler(reprint));
    scene.dispatcher.emit(Shipped);
    scene.gate.wait_for(1);
    let error = scene.dispatcher.join(Duration::ZERO).blocking();
    let error = error.expect_err("what was caused is held");
    assert_eq!((error.unfinished_count(), error.emissions()), (0, 1));
    let text = "0 deliveries and 1 emission not ended within 0ns";
    assert_eq!(error.to_string(), text);
    scene.gate.open(1);
    scene
        .dispatcher
        .join(LONG)
        .blocking()
        .expect("it is in time");
}

#[test]
fn a_spawned_emission_is_counted() {
    let runtime = runtime();
    let scene = Scene::on(&runtime, |builder| builder.handler(detached));
    let emission = scene.dispatcher.emit_async(Placed).spawned();
    scene.gate.wait_for(1);
    let error = scene.dispatcher.join(Duration::ZERO).blocking();
    let error = error.expect_err("its handler is held");
    assert_eq!((error.unfinished_count(), error.emissions()), (0, 1));
    scene.gate.open(1);
    scene
        .dispatcher
        .join(LONG)
        .blocking()
        .expect("it is in time");
    drop(emission);
}

#[handler(queue = UI)]
fn show(_event: &Packed, _window: &mut ()) {}

#[tokio::test(start_paused = true)]
async fn a_queue_whose_deliveries_nothing_runs_is_named_with_what_to_do() {
    let scene = Scene::new(|builder| builder.handler(pack).handler(show));
    let tasks = scene.dispatcher.queue(&TASKS).expect("a handler names it");
    let ui = scene.dispatcher.queue(&UI).expect("a handler names it");
    tasks.pause();
    scene.dispatcher.emit(Placed);
    scene.dispatcher.emit(Packed);
    let error = scene
        .dispatcher
        .join(SECOND)
        .await
        .expect_err("nothing runs them");
    let at = error.unfinished();
    let text = format!(
        "2 deliveries not ended within 1s\n  \
         1 of {}\n  \
         1 of {}\n  \
         queue `join tasks` is paused: call `resume()` on its handle\n  \
         queue `join ui` runs where it is pumped: call `pump(…)` on its handle",
        at[0].0, at[1].0,
    );
    assert_eq!(error.to_string(), text);
    tasks.resume();
    scene.gate.open_for_all();
    ui.pump(&mut ());
    idle().await;
    ui.pump(&mut ());
    scene.dispatcher.join(LONG).await.expect("it is in time");
}

#[handler]
async fn joins(_event: &Shipped, events: &DispatcherHandle, journal: &Journal) {
    let dispatcher = events.get().expect("it is built");
    if let Err(error) = dispatcher.join(SECOND).await {
        journal.write(format!("{:?}", unfinished(&error)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_joins_its_dispatcher_waits_for_itself_until_the_limit() {
    let scene = Scene::new(|builder| {
        let events = Arc::new(builder.handle());
        builder.handler(joins).provide_arc(events)
    });
    scene.dispatcher.emit(Shipped);
    scene.dispatcher.join(LONG).await.expect("it is in time");
    assert_eq!(scene.journal.take(), [r#"[("joins", 1)]"#]);
}
