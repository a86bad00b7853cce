//! What an emit and a handler cost in memory. One test: the counters are the process's.

use std::alloc::System;

use event_core::{Dispatcher, Event, handler};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

struct Dependency(std::sync::atomic::AtomicU64);

#[derive(Event)]
struct Unhandled(u64);

#[derive(Event)]
struct Handled(u64);

macro_rules! handlers {
    ($($name:ident)+) => {$(
        #[handler]
        fn $name(event: &Handled, dependency: &Dependency) {
            dependency.0.fetch_add(event.0, std::sync::atomic::Ordering::Relaxed);
        }
    )+};
}

handlers!(h00 h01 h02 h03 h04 h05 h06 h07 h08 h09 h10 h11 h12 h13 h14 h15 h16 h17 h18 h19);

#[test]
fn an_emit_allocates_nothing_and_a_handler_costs_one_small_allocation() {
    let build = || Dispatcher::builder().provide(Dependency(std::sync::atomic::AtomicU64::new(0)));
    // The first build of the process gives the event types their indices.
    drop(build().build());

    let region = Region::new(ALLOCATOR);
    let without = Dispatcher::empty()
        .provide(Dependency(std::sync::atomic::AtomicU64::new(0)))
        .build()
        .expect("wired");
    let empty = region.change();
    let region = Region::new(ALLOCATOR);
    let dispatcher = build().build().expect("wired");
    let full = region.change();
    let live = |stats: &stats_alloc::Stats| stats.bytes_allocated - stats.bytes_deallocated;
    let blocks = |stats: &stats_alloc::Stats| stats.allocations - stats.deallocations;
    let per_handler = (live(&full) - live(&empty)) / 20;
    assert!(per_handler <= 64, "{per_handler} bytes for each handler");
    let blocks = blocks(&full) - blocks(&empty);
    // The two lists, and the dependency that they keep alive.
    assert!(blocks <= 20 + 3, "{blocks} allocations for 20 handlers");
    drop(without);

    // Subscribing allocates; emitting to a subscription does not.
    let subscription = dispatcher.subscribe(|event: &Unhandled| {
        std::hint::black_box(event.0);
    });
    dispatcher.emit(Unhandled(0));
    // The counters are the process's, and the thread that waits for this test may allocate
    // in a run. An emit that allocates does so in all of them.
    let allocations = (0..5).map(|_| {
        let region = Region::new(ALLOCATOR);
        for n in 0..1_000 {
            dispatcher.emit(Handled(n));
            dispatcher.emit(Unhandled(n));
        }
        // Nor does asking for the handlers: the list of the subscription was made by the emit.
        assert_eq!(dispatcher.handlers_of::<Handled>().count(), 20);
        assert!(dispatcher.has_handlers::<Unhandled>());
        let emits = region.change();
        emits.allocations + emits.deallocations
    });
    assert_eq!(allocations.min(), Some(0));
    drop(subscription);
}
