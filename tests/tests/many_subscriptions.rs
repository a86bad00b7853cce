//! What each of many subscriptions costs does not grow with their number.
//!
//! One test of memory: the counters are the process's.

use std::alloc::System;
use std::sync::Arc;

use event_core::queue::Overflow;
use event_core::{Dispatcher, Event};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[derive(Event)]
struct Tick;

const MANY: usize = 10_000;

/// More than the node of a subscription and its share of a map, and far less than a list of all.
const BYTES: usize = 2_048;

/// The bytes that each of many calls allocated.
fn bytes_each(work: impl FnOnce()) -> usize {
    let region = Region::new(ALLOCATOR);
    work();
    region.change().bytes_allocated / MANY
}

fn check<G>(what: &str, mut subscribe: impl FnMut(&Dispatcher) -> G) {
    let dispatcher = Dispatcher::empty().build().expect("wired");
    let mut guards = Vec::with_capacity(MANY);
    let bytes = bytes_each(|| guards.extend((0..MANY).map(|_| subscribe(&dispatcher))));
    assert!(
        bytes <= BYTES,
        "{what}: {bytes} bytes for each subscription"
    );
    // An emission reads a list of all, which the first change takes away.
    let report = pollster::block_on(dispatcher.emit_async(Tick));
    assert_eq!(report.deliveries(), MANY, "{what}");
    let bytes = bytes_each(|| guards.clear());
    assert!(
        bytes <= BYTES,
        "{what}: {bytes} bytes for each cancellation"
    );
    let report = pollster::block_on(dispatcher.emit_async(Tick));
    assert_eq!(report.deliveries(), 0, "{what}");
}

#[test]
fn subscribing_and_cancelling_cost_the_same_whatever_the_number_of_subscriptions() {
    check("plain", |dispatcher| dispatcher.subscribe(|_: &Tick| {}));
    let target = Arc::new(());
    check("weak", |dispatcher| {
        let options = dispatcher.subscription_builder().weak(&target);
        options.subscribe(|(): &(), _: &Tick| {})
    });
    check("once", |dispatcher| {
        dispatcher
            .subscription_builder()
            .once()
            .subscribe(|_: &Tick| {})
    });
    check("async", |dispatcher| {
        dispatcher.subscribe_async(|_: Arc<Tick>| std::future::ready(()))
    });
    check("stream", |dispatcher| {
        dispatcher.stream::<Tick>(1, Overflow::DropNewest)
    });
}
