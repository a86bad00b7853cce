//! What writing and reading an envelope costs in memory. One test: the counters are the process's.

use std::alloc::System;

use event_core::Event;
use event_core::wire::Codec;
use serde::{Deserialize, Serialize};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[derive(Event, Serialize, Deserialize)]
#[event(name = "counted.order_placed", wire, key = order_id)]
struct OrderPlaced {
    order_id: u64,
    lines: Vec<Line>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Line {
    price: u32,
    quantity: u32,
}

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
fn an_envelope_allocates_for_its_text_its_key_and_what_is_read_and_nothing_for_paths() {
    let codec = Codec::new("/orders").expect("a source");
    let line = || Line {
        price: 995,
        quantity: 1,
    };
    let order = OrderPlaced {
        order_id: 7,
        lines: std::iter::repeat_with(line).take(1_000).collect(),
    };
    let written = |id: &str| {
        format!(
            "{{\"specversion\":\"1.0\",\"id\":\"{id}\",\"source\":\"/a\",\"type\":\"counted.order_placed\",\
             \"data\":{}}}",
            serde_json::to_string(&order).expect("it is JSON"),
        )
    };
    let text = written("018f2f3c-1111-7000-8000-0123456789ab");
    let read = codec.decode(text.as_bytes()).expect("it is read");

    // The text and the key; growing is no allocation of its own.
    let writing = fewest(|| drop(codec.encode(read.event(), read.meta())));
    assert!(writing <= 2, "{writing}");
    // The event, its lines, the source, and what serde_json holds brackets in.
    let reading = fewest(|| drop(codec.decode(text.as_bytes())));
    assert!(reading <= 4, "{reading}");
}
