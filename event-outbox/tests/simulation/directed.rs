//! Rules of the engine about time, each in a situation of its own, without faults.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use event_core::dispatcher::DispatcherBuilder;
use event_core::{Dispatcher, Meta, handler};
use tokio::time::{Instant, sleep};

use super::handlers::{LEASE, OrderBooked, POLL, Running, Tx};
use super::process::{Process, World};
use super::seeds::simulate;

/// How late a delivery is made at most whose time has come.
const LATE: Duration = Duration::from_millis(10);

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
    let (world, first, second) = two_with(|| Dispatcher::empty().handler(slow)).await;
    first.outbox.emit(OrderBooked { order: 1 }).await.unwrap();
    until(|| world.runs.lock().unwrap().len() == 1).await;
    (world, first, second)
}

async fn two_with(handlers: fn() -> DispatcherBuilder) -> (Arc<World>, Running, Running) {
    let world = World::new(0);
    world.is_slow.store(false, Ordering::Relaxed);
    world.has_faults.store(false, Ordering::Relaxed);
    let start = async |id| {
        let process = Process::new(id, &world);
        Running::start_with(process, handlers(), 100).await
    };
    let (first, second) = (start(0).await, start(1).await);
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
        let before = ["claim", "next_due", "recover"].map(asked);
        sleep(POLL * 30).await;
        let after = ["claim", "next_due", "recover"].map(asked);
        let asked: Vec<u64> = after
            .iter()
            .zip(before)
            .map(|(one, two)| one - two)
            .collect();
        assert_eq!(asked, [0, 10, 20]);
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

/// Ends its process, for some orders.
#[handler(durable, id = "sim.kill")]
async fn kill(event: &OrderBooked, meta: Meta, process: &Process) {
    let run = process.begin((meta.id(), "sim.kill".to_owned()), event.order, None);
    if is_fatal(event.order) {
        process.kill();
    }
    process.gate().await;
    process.end(run, true);
}

const fn is_fatal(order: u32) -> bool {
    order.is_multiple_of(7)
}

/// Handles what others than the fatal handler are for.
#[handler(durable, id = "sim.live")]
async fn live(event: &OrderBooked, meta: Meta, process: &Process) {
    let run = process.begin((meta.id(), "sim.live".to_owned()), event.order, None);
    sleep(process.world.random.millis(50)).await;
    process.gate().await;
    process.end(run, true);
}

#[test]
fn what_was_with_deliveries_that_kill_each_process_is_handled_and_no_dead_letter() {
    const ORDERS: u32 = 20;
    const CRASHES: u32 = 5;
    for seed in 0..100 {
        simulate(seed, async {
            let world = World::new(seed);
            world.has_faults.store(false, Ordering::Relaxed);
            let mut processes = Vec::new();
            let mut start = async |id| {
                let handlers = Dispatcher::empty().handler(kill).handler(live);
                let process = Process::new(id, &world);
                processes.push(Running::start_with(process, handlers, CRASHES).await);
                let last = &processes[processes.len() - 1];
                (Arc::clone(&last.process), last.outbox.clone())
            };
            let (mut process, outbox) = start(0).await;
            for order in 1..=ORDERS {
                let outbox = outbox.clone();
                tokio::spawn(async move { outbox.emit(OrderBooked { order }).await });
            }
            let mut deaths = 0;
            let begun = Instant::now();
            while world.rows().committed.is_empty() || !world.rows().by_number.is_empty() {
                assert!(
                    begun.elapsed() < LEASE * 100,
                    "seed {seed}: {deaths} deaths"
                );
                if process.is_dead() {
                    deaths += 1;
                    (process, _) = start(deaths).await;
                }
                sleep(Duration::from_millis(10)).await;
            }
            let rows = world.rows();
            let runs = world.runs.lock().unwrap();
            let ended = |target: &_| {
                runs.iter()
                    .any(|run| run.target == *target && run.is_success)
            };
            for target in rows.committed.keys() {
                let order = runs.iter().find(|run| run.target == *target).unwrap().order;
                let is_dead = target.1 == "sim.kill" && is_fatal(order);
                let found = (rows.letters.contains(target), ended(target));
                assert_eq!(found, (is_dead, !is_dead), "seed {seed}: {target:?}");
            }
            assert_eq!(*world.violations.lock().unwrap(), [""; 0], "seed {seed}");
        });
    }
}

#[test]
fn what_is_due_at_a_time_to_come_is_made_when_the_time_has_come() {
    // Sooner than the next poll and much later, several at once, and more than one after another.
    let waits = [150_u32, 150, 230, 900, 1700, 1701, 6000, 6400, 30_000];
    for is_other in [false, true] {
        simulate(0, async move {
            let (world, first, second) = two_with(|| Dispatcher::empty().handler(live)).await;
            let emits = if is_other {
                // Nobody makes deliveries here: the other process has to find them.
                first.outbox.shutdown(LEASE).await;
                &first
            } else {
                &second
            };
            let begun = world.elapsed();
            for (order, wait) in (1..).zip(waits) {
                let time = SystemTime::UNIX_EPOCH + begun + Duration::from_millis(wait.into());
                emits
                    .outbox
                    .emit_at(OrderBooked { order }, time)
                    .await
                    .unwrap();
            }
            sleep(Duration::from_secs(40)).await;
            let runs = world.runs.lock().unwrap();
            for (order, wait) in (1..).zip(waits) {
                let run = runs.iter().find(|run| run.order == order).unwrap();
                let due = begun + Duration::from_millis(wait.into());
                let late = run.begun.checked_sub(due).unwrap();
                // What another process emits is found by a poll, if it is not due before.
                let most = if is_other && wait < 3 * 500 {
                    POLL * 3
                } else {
                    LATE
                };
                assert!(
                    late <= most,
                    "{wait} ms: {late:?} late, another process: {is_other}"
                );
            }
        });
    }
}

/// In the transaction of its delivery.
#[handler(
    durable,
    id = "sim.store",
    retry(attempts = 2, backoff = "100ms..100ms")
)]
async fn store(event: &OrderBooked, _tx: &mut Tx, meta: Meta, process: &Process) {
    let run = process.begin((meta.id(), "sim.store".to_owned()), event.order, None);
    process.end(run, true);
}

#[test]
fn what_a_full_disk_refuses_is_tried_until_there_is_room_and_is_no_dead_letter() {
    simulate(0, async {
        let (world, first, _second) = two_with(|| Dispatcher::empty().handler(store)).await;
        world.is_full.store(true, Ordering::Relaxed);
        first.outbox.emit(OrderBooked { order: 1 }).await.unwrap();
        until(|| world.runs.lock().unwrap().len() == 8).await;
        world.is_full.store(false, Ordering::Relaxed);
        until(|| world.rows().by_number.is_empty()).await;
        assert!(world.rows().letters.is_empty());
        assert_eq!(world.rows().completions, 1);
    });
}
