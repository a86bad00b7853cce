//! What a queue keeps on the heap in which a hundred thousand events of 16 bytes wait, divided by what a `VecDeque`
//! keeps into which as many are pushed one by one, as `memory.queue 1.5`.
//!
//! What the build of the dispatcher allocates belongs to the queue: it may make room in advance.

use std::alloc::System;
use std::collections::VecDeque;

use event_core::queue::Queue;
use event_core::{Dispatcher, Event, handler};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tokio::runtime::{Builder, Runtime};

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const EVENTS: usize = 100_000;

static QUEUE: Queue = Queue::new("memory").capacity(EVENTS);

#[derive(Event)]
struct Placed {
    id: u64,
    total: u64,
}

const _: () = assert!(size_of::<Placed>() == 16);

#[handler(queue = QUEUE)]
async fn add(event: &Placed) {
    std::hint::black_box(event.id + event.total);
}

fn main() {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let ours = ours(&runtime);
    let deque = deque();
    println!("memory.queue {:.2}", ours / deque);
}

fn ours(runtime: &Runtime) -> f64 {
    let region = Region::new(HEAP);
    let dispatcher = Dispatcher::builder()
        .runtime(runtime.handle().clone())
        .build()
        .unwrap_or_else(|error| panic!("{error}"));
    let queue = dispatcher.queue(&QUEUE).expect("a handler names it");
    queue.pause();
    for event in events() {
        let report = dispatcher.emit(event);
        assert!(report.is_ok(), "{report:?}");
    }
    assert_eq!(queue.counts().depth, EVENTS);
    kept(&region)
}

fn deque() -> f64 {
    let region = Region::new(HEAP);
    let mut queue = VecDeque::new();
    for event in events() {
        queue.push_back(event);
    }
    assert_eq!(queue.len(), EVENTS);
    kept(&region)
}

fn events() -> impl Iterator<Item = Placed> {
    (0..EVENTS as u64).map(|id| Placed { id, total: 1 })
}

fn kept(region: &Region<'_, System>) -> f64 {
    let change = region.change();
    let kept = change.bytes_allocated - change.bytes_deallocated;
    u32::try_from(kept).map_or(f64::INFINITY, f64::from)
}
