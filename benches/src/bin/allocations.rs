//! Counts the heap allocations of one emit, as `allocs emit.10 0`.

use std::alloc::System;

use event_benches::candidate::COUNTS;
use event_benches::ours;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// More than one, so that an allocation every so often would show as a fraction.
const EMITS: u32 = 1_000;

fn main() {
    for handlers in COUNTS {
        let mut candidate = ours::candidate(handlers);
        candidate.emit(1);
        let region = Region::new(HEAP);
        candidate.emit(EMITS.into());
        let change = region.change();
        let count = u32::try_from(change.allocations + change.reallocations).unwrap_or(u32::MAX);
        println!(
            "allocs emit.{handlers} {}",
            f64::from(count) / f64::from(EMITS)
        );
    }
}
