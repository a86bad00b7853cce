//! Counts the heap allocations of one delivery through a queue, as `allocs queue-key.2 1.5`, and those of the queue by
//! hand, as `allocs queue-key.2.by-hand 2`. Everything runs on a current-thread runtime.

use std::alloc::System;
use std::rc::Rc;

use event_benches::queues::{COUNTED, Candidate, ITEMS};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tokio::runtime::Builder;

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let runtime = Rc::new(runtime);
    for set in COUNTED {
        for mut candidate in set.candidates(&runtime) {
            // Warms it up.
            candidate.deliver();
            // The difference leaves out what a batch allocates once.
            let once = allocations(&mut candidate, ITEMS);
            let twice = allocations(&mut candidate, 2 * ITEMS);
            let name = match candidate.name {
                "ours" => String::new(),
                name => format!(".{name}"),
            };
            println!(
                "allocs {}.{}{name} {:.4}",
                set.group,
                set.consumers,
                (twice - once) / f64::from(ITEMS)
            );
        }
    }
}

fn allocations(candidate: &mut Candidate, items: u32) -> f64 {
    let region = Region::new(HEAP);
    candidate.deliver_some(items);
    let change = region.change();
    u32::try_from(change.allocations + change.reallocations).map_or(f64::INFINITY, f64::from)
}
