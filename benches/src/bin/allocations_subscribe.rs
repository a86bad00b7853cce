//! Counts the heap allocations of one of ten thousand subscriptions, as `allocs subscribe.ours 2.1`, and of its
//! cancellation, as `allocs cancel.ours 0`; the same of the peer.

use std::alloc::System;

use event_benches::subscribing::{Async, Ours, Signals2, Source, Weak};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const SUBSCRIPTIONS: u32 = 10_000;

fn main() {
    count::<Ours>();
    count::<Weak>();
    count::<Async>();
    count::<Signals2>();
}

fn count<S: Source>() {
    let source = S::new();
    let mut guards = Vec::with_capacity(SUBSCRIPTIONS as usize);
    let subscribe = allocations(|| guards.extend((0..SUBSCRIPTIONS).map(|_| source.subscribe())));
    source.emit(1);
    let cancel = allocations(|| guards.into_iter().for_each(S::cancel));
    for (what, count) in [("subscribe", subscribe), ("cancel", cancel)] {
        println!("allocs {what}.{} {count:.2}", S::NAME);
    }
}

fn allocations(work: impl FnOnce()) -> f64 {
    let region = Region::new(HEAP);
    work();
    let change = region.change();
    let count = u32::try_from(change.allocations + change.reallocations);
    count.map_or(f64::INFINITY, f64::from) / f64::from(SUBSCRIPTIONS)
}
