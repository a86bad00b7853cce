//! Counts the heap allocations of writing and of reading one envelope, as `allocs wire.encode.small.ours 1`.

use std::alloc::System;

use event_benches::wire::{Direction, SIZES, set};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// More than one, so that an allocation every so often would show as a fraction.
const TIMES: u32 = 100;

fn main() {
    for direction in Direction::ALL {
        for size in SIZES {
            for mut candidate in set(direction, size).0 {
                candidate.run(1);
                let region = Region::new(HEAP);
                candidate.run(TIMES.into());
                let change = region.change();
                let count =
                    u32::try_from(change.allocations + change.reallocations).unwrap_or(u32::MAX);
                println!(
                    "allocs wire.{}.{size}.{} {}",
                    direction.name(),
                    candidate.name,
                    f64::from(count) / f64::from(TIMES)
                );
            }
        }
    }
}
