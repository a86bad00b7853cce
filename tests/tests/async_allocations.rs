//! What deliveries that do not run inline cost in memory. One test: the counters are the process's.

use std::alloc::System;
use std::future::poll_fn;
use std::task::Poll;

use event_core::observer::Observer;
use event_core::queue::LocalQueue;
use event_core::{Dispatcher, Event, handler};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[derive(Event)]
struct Ready(u64);

#[derive(Event)]
struct Waiting(u64);

#[derive(Event)]
struct WaitsAlone(u64);

#[derive(Event)]
struct Queued(u64);

#[derive(Event)]
struct Inline(u64);

static LINE: LocalQueue<u64> = LocalQueue::new("line");

macro_rules! async_handlers {
    ($($ready:ident $waiting:ident)+) => {$(
        #[handler]
        async fn $ready(event: &Ready) {
            std::hint::black_box(event.0);
        }

        #[handler]
        async fn $waiting(event: &Waiting) {
            wait_once().await;
            std::hint::black_box(event.0);
        }
    )+};
}

async_handlers!(a0 b0 a1 b1 a2 b2 a3 b3 a4 b4 a5 b5 a6 b6 a7 b7 a8 b8 a9 b9);

#[handler]
async fn waits_alone(event: &WaitsAlone) {
    wait_once().await;
    std::hint::black_box(event.0);
}

async fn wait_once() {
    let mut has_waited = false;
    poll_fn(|context| {
        if std::mem::replace(&mut has_waited, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[handler(queue = LINE)]
fn first(event: &Queued, sum: &mut u64) {
    *sum += event.0;
}

#[handler(queue = LINE)]
fn second(event: &Queued, sum: &mut u64) {
    *sum += event.0;
}

#[handler]
fn inline(event: &Inline) {
    std::hint::black_box(event.0);
}

struct Watches;

impl Observer for Watches {}

/// The fewest allocations of a round: the thread that waits for this test may allocate in one.
fn fewest(mut round: impl FnMut()) -> usize {
    let allocations = |()| {
        let region = Region::new(ALLOCATOR);
        round();
        region.change().allocations
    };
    [(); 5].map(allocations).into_iter().min().unwrap_or(0)
}

#[test]
fn a_delivery_that_does_not_run_inline_costs_at_most_one_allocation() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let dispatcher = runtime.block_on(async { Dispatcher::builder().build().expect("wired") });

    let emit_all = || {
        runtime.block_on(async {
            for n in 0..100 {
                assert_eq!(dispatcher.emit_async(Ready(n)).await.done(), 10);
            }
        });
    };
    let per_round = fewest(emit_all);
    assert!(
        per_round <= 1_000,
        "{per_round} allocations for 1000 async deliveries"
    );

    let waiting = fewest(|| {
        runtime.block_on(async {
            for n in 0..100 {
                assert_eq!(dispatcher.emit_async(Waiting(n)).await.done(), 10);
            }
        });
    });
    assert!(
        waiting <= 1_100,
        "{waiting} allocations for 100 emissions to ten handlers that wait"
    );
    let alone = fewest(|| {
        runtime.block_on(async {
            for n in 0..100 {
                assert_eq!(dispatcher.emit_async(WaitsAlone(n)).await.done(), 1);
            }
        });
    });
    assert!(
        alone <= 100,
        "{alone} allocations for 100 emissions to one handler that waits"
    );

    // Whoever watched and went leaves nothing behind.
    let watching = dispatcher.observe(Watches);
    let watched = fewest(emit_all);
    drop(watching);
    assert!(watched > per_round, "{watched} while somebody watches");
    assert_eq!(fewest(emit_all), per_round, "after somebody has watched");

    let inline = fewest(|| {
        runtime.block_on(async {
            for n in 0..100 {
                dispatcher.emit_async(Inline(n)).await;
            }
        });
    });
    assert_eq!(inline, 0, "an `emit_async` without async handlers");

    // The event, once, whatever the number of its queues; the waiting line has its room already.
    let mut sum = 0;
    let queued = fewest(|| {
        for n in 0..100 {
            assert_eq!(dispatcher.emit(Queued(n)).handed_over(), 2);
            dispatcher
                .queue(&LINE)
                .expect("a handler names it")
                .pump(&mut sum);
        }
    });
    assert!(
        queued <= 100,
        "{queued} allocations for 100 events in a queue"
    );
}
