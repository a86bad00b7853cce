//! Rules of the engine about time, each in a situation of its own, without faults.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use event_core::{Dispatcher, Meta, handler};
use tokio::time::{Instant, sleep};

use super::handlers::{LEASE, OrderBooked, POLL, Running};
use super::process::{Process, World};
use super::seeds::simulate;

/// Longer than a lease lasts.
#[handler(durable, id = "sim.slow")]
async fn slow(event: &OrderBooked, meta: Meta, process: &Process) {
    let run = process.begin((meta.id(), "sim.slow".to_owned()), event.order, None);
    sleep(LEASE * 3).await;
    process.gate().await;
    process.end(run, true);
}

/// Two processes with the slow handler, which the first one runs.
async fn two_processes() -> (Arc<World>, Running, Running) {
    let world = World::new(0);
    world.has_faults.store(false, Ordering::Relaxed);
    let start = async |id| {
        let process = Process::new(id, &world);
        Running::start_with(process, Dispatcher::empty().handler(slow)).await
    };
    let (first, second) = (start(0).await, start(1).await);
    first.outbox.emit(OrderBooked { order: 1 }).await.unwrap();
    until(|| world.runs.lock().unwrap().len() == 1).await;
    (world, first, second)
}

async fn until(holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < LEASE * 20, "it does not come to that");
        sleep(Duration::from_millis(1)).await;
    }
}

#[test]
fn a_shutdown_keeps_the_lease_of_what_runs() {
    simulate(0, async {
        let (world, first, _second) = two_processes().await;
        assert!(first.outbox.shutdown(LEASE * 10).await);
        assert!(world.rows().by_number.is_empty());
        assert_eq!(world.runs.lock().unwrap().len(), 1);
    });
}

#[test]
fn what_outlasts_the_limit_of_a_shutdown_is_made_by_another_process() {
    simulate(0, async {
        let (world, first, _second) = two_processes().await;
        let begun = Instant::now();
        assert!(!first.outbox.shutdown(LEASE / 3).await);
        until(|| world.runs.lock().unwrap().len() == 2).await;
        assert!(
            begun.elapsed() <= LEASE * 4 / 3 + POLL * 4,
            "{:?}",
            begun.elapsed()
        );
        assert_eq!(world.runs.lock().unwrap()[1].process, 1);
    });
}

#[test]
fn an_idle_process_asks_one_question_a_poll() {
    simulate(0, async {
        let (world, first, _second) = two_processes().await;
        until(|| world.rows().by_number.is_empty()).await;
        let asked = |call| first.process.calls(call);
        let before = (asked("claim"), asked("recover"));
        sleep(POLL * 30).await;
        let after = (asked("claim") - before.0, asked("recover") - before.1);
        assert_eq!(after, (10, 20));
    });
}

#[test]
fn what_a_killed_process_had_is_taken_over_within_two_polls_and_mostly_within_one() {
    let mut waits: Vec<Duration> = (0..100)
        .map(|seed: u32| {
            simulate(u64::from(seed), async move {
                let (world, first, _second) = two_processes().await;
                sleep(POLL * seed * 3 / 100).await;
                first.process.kill();
                let killed = Instant::now();
                until(|| world.runs.lock().unwrap().len() == 2).await;
                killed.elapsed()
            })
        })
        .collect();
    waits.sort_unstable();
    assert!(waits[50] < POLL, "{waits:?}");
    assert!(
        waits[99] <= POLL * 2 + Duration::from_millis(10),
        "{waits:?}"
    );
}
