//! Counts the heap allocations of one async emit, as `allocs async.10 10`, and those of the peers, as
//! `allocs async.10.join_all 11`.

use std::alloc::System;

use event_benches::awaited::pending::{self, Wakes};
use event_benches::awaited::{self, Awaited, COUNTS, ready};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// More than one, so that an allocation every so often would show as a fraction.
const EMITS: u32 = 100;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    for handlers in COUNTS {
        count("async", handlers, awaited::all(handlers)).await;
        count("async-ready", handlers, ready::all(handlers)).await;
    }
    for wakes in Wakes::ALL {
        for handlers in pending::COUNTS {
            count(wakes.group(), handlers, pending::all(handlers, wakes)).await;
        }
    }
}

async fn count(group: &str, handlers: usize, candidates: Vec<Awaited>) {
    for mut candidate in candidates {
        candidate.emit(EMITS.into()).await;
        // The difference leaves out what a batch allocates once.
        let once = allocations(&mut candidate, EMITS).await;
        let twice = allocations(&mut candidate, 2 * EMITS).await;
        let name = match candidate.name {
            "ours" => String::new(),
            name => format!(".{name}"),
        };
        println!(
            "allocs {group}.{handlers}{name} {}",
            (twice - once) / f64::from(EMITS)
        );
    }
}

async fn allocations(candidate: &mut Awaited, emits: u32) -> f64 {
    let region = Region::new(HEAP);
    candidate.emit(emits.into()).await;
    let change = region.change();
    u32::try_from(change.allocations + change.reallocations).map_or(f64::INFINITY, f64::from)
}
