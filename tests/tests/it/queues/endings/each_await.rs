//! Consumers that are dropped at each point at which they wait.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use event_core::queue::{Overflow, Queue};
use event_core::{Context, Dispatcher, Event, handler};
use tokio::runtime::Builder;
use tokio::task::yield_now;

use super::adds_up;

static STEPS: Queue = Queue::new("steps").capacity(100).overflow(Overflow::Reject);

#[derive(Event)]
struct Step {
    number: u32,
    drops: Arc<AtomicUsize>,
}

impl Drop for Step {
    fn drop(&mut self) {
        self.drops.fetch_add(1, Ordering::Relaxed);
    }
}

#[derive(Event)]
struct Other {
    number: u32,
}

#[derive(Event)]
struct Caused;

/// The numbers whose handlers began, and those whose handlers ended.
#[derive(Default)]
struct Seen(Mutex<(Vec<u32>, Vec<u32>)>);

impl Seen {
    fn begins(&self, number: u32) {
        self.0.lock().expect("not poisoned").0.push(number);
    }

    fn ends(&self, number: u32) {
        self.0.lock().expect("not poisoned").1.push(number);
    }
}

#[handler(queue = STEPS)]
async fn takes_steps(event: &Step, seen: &Seen) -> Result<(), &'static str> {
    seen.begins(event.number);
    for _ in 0..event.number % 3 {
        yield_now().await;
    }
    seen.ends(event.number);
    if event.number % 4 == 3 {
        Err("each fourth")
    } else {
        Ok(())
    }
}

#[handler(queue = STEPS)]
async fn takes_others(event: &Other, seen: &Seen) -> Option<Caused> {
    seen.begins(event.number);
    yield_now().await;
    seen.ends(event.number);
    event.number.is_multiple_of(2).then_some(Caused)
}

#[handler(queue = STEPS)]
async fn takes_caused(_event: &Caused) {
    yield_now().await;
}

/// A handler that takes a context, so that its deliveries wait as items among the events.
#[handler(queue = STEPS)]
async fn takes_more(event: &Other, _given: Option<Context<u8>>, seen: &Seen) {
    seen.begins(event.number);
    seen.ends(event.number);
}

/// Emits, and ends the runtime after this many turns of its only thread. Returns whether all deliveries had
/// ended.
fn end_after(turns: usize, consumers: usize) -> bool {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let (seen, drops) = (Arc::new(Seen::default()), Arc::new(AtomicUsize::new(0)));
    let dispatcher = Dispatcher::empty()
        .handler(takes_steps)
        .handler(takes_others)
        .handler(takes_more)
        .handler(takes_caused)
        .configure(&STEPS, |queue| queue.consumers(consumers))
        .provide_arc(Arc::clone(&seen))
        .runtime(runtime.handle().clone())
        .build()
        .expect("wired");
    for number in 0..12 {
        let drops = Arc::clone(&drops);
        dispatcher.emit(Step { number, drops });
        if number % 3 == 0 {
            dispatcher.emit(Other {
                number: 100 + number,
            });
        }
    }
    runtime.block_on(async {
        for _ in 0..turns {
            yield_now().await;
        }
    });
    drop(runtime);

    let queue = dispatcher.queue(&STEPS).expect("a handler names it");
    adds_up(&queue);
    let counts = queue.counts();
    assert_eq!((counts.depth, counts.running), (0, 0), "{counts:?}");
    assert_eq!(drops.load(Ordering::Relaxed), 12, "each event once");
    let (mut began, ended) = std::mem::take(&mut *seen.0.lock().expect("not poisoned"));
    assert!(
        began.len() - ended.len() <= consumers,
        "{began:?}, {ended:?}"
    );
    let steps = |numbers: &[u32]| -> Vec<u32> {
        let steps = numbers.iter().copied().filter(|number| *number < 100);
        steps.collect()
    };
    if consumers == 1 {
        let numbers = steps(&began);
        assert!(numbers.is_sorted(), "in order of emission: {numbers:?}");
    }
    // Two handlers see each `Other`, and one each `Step`.
    began.sort_unstable();
    let twice = |number: &u32| began.iter().filter(|other| *other == number).count();
    assert!(
        began
            .iter()
            .all(|number| twice(number) <= 1 + usize::from(*number >= 100))
    );
    counts.abandoned == 0
}

fn at_each_turn(consumers: usize) {
    let mut is_over = false;
    for turns in 0..200 {
        is_over = end_after(turns, consumers);
        if is_over {
            assert!(turns > 5, "there were points to be dropped at");
            break;
        }
    }
    assert!(is_over, "200 turns are enough");
}

#[test]
fn a_consumer_dropped_at_any_await_ends_each_delivery_once() {
    at_each_turn(1);
}

#[test]
fn two_consumers_dropped_at_any_await_end_each_delivery_once() {
    at_each_turn(2);
}
