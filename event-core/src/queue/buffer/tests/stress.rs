//! Many threads at once, with random numbers from a seed.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use pollster::block_on;

use crate::queue::buffer::ticket::Ticket;
use crate::queue::buffer::{Buffer, Offer, WhenFull};

const PRODUCERS: u64 = 3;
const ITEMS: u64 = 4_000;
/// The lanes of half of the items.
const LANES: [u64; 4] = [0, 1, 2, 3];

/// The producer, its number of the item, and the lane.
type Item = (u64, u64, Option<u64>);

/// A small generator of pseudorandom numbers from a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

#[derive(Default)]
struct Seen {
    /// The last number, by producer and lane.
    last: Mutex<HashMap<(u64, u64), u64>>,
    busy: [AtomicBool; LANES.len()],
    delivered: AtomicU64,
    displaced: AtomicU64,
    refused: AtomicU64,
}

impl Seen {
    fn deliver(&self, (producer, number, lane): Item) {
        self.delivered.fetch_add(1, Ordering::Relaxed);
        let Some(lane) = lane else { return };
        let busy = &self.busy[LANES
            .iter()
            .position(|other| *other == lane)
            .expect("one of them")];
        assert!(
            !busy.swap(true, Ordering::Acquire),
            "two at once in lane {lane}"
        );
        let last = self
            .last
            .lock()
            .expect("no panic")
            .insert((producer, lane), number);
        assert!(
            last.is_none_or(|last| last < number),
            "{last:?} came before {number}"
        );
        busy.store(false, Ordering::Release);
    }
}

fn produce(buffer: &Buffer<Item>, seen: &Seen, producer: u64) {
    let mut random = Random(0x9E37_79B9_7F4A_7C15 + producer);
    for number in 0..ITEMS {
        let lane = Some(random.below(8)).filter(|lane| LANES.contains(lane));
        let when_full = match random.below(8) {
            0 => WhenFull::Displace,
            1 => WhenFull::Refuse,
            _ => WhenFull::Wait,
        };
        loop {
            match buffer.offer((producer, number, lane), lane, when_full, None) {
                Offer::Waits => {}
                Offer::Displaced(_) => {
                    seen.displaced.fetch_add(1, Ordering::Relaxed);
                }
                Offer::Full(_) if when_full == WhenFull::Refuse => {
                    seen.refused.fetch_add(1, Ordering::Relaxed);
                }
                Offer::Full(_) if number % 2 == 0 => {
                    buffer.capacity_free_blocking();
                    continue;
                }
                Offer::Full(_) => {
                    block_on(buffer.capacity_free());
                    continue;
                }
                Offer::Closed(_) => unreachable!("it is closed when all have produced"),
            }
            break;
        }
    }
}

fn consume(buffer: &Buffer<Item>, seen: &Seen, as_task: bool) {
    let mut finished: Option<Ticket> = None;
    loop {
        let taken = if as_task {
            block_on(buffer.take(finished.take()))
        } else {
            buffer.take_blocking(finished.take())
        };
        let Some(taken) = taken else { break };
        let leaves = taken.item.1 % 5 == 0;
        seen.deliver(taken.item);
        if leaves {
            buffer.finish(taken.ticket);
        } else {
            finished = Some(taken.ticket);
        }
    }
}

#[test]
fn with_many_threads_and_tasks_nothing_is_lost_twice_or_out_of_order() {
    let buffer = Buffer::new(16, |_| 0, Box::default());
    let seen = Seen::default();
    thread::scope(|scope| {
        let (buffer, seen) = (&buffer, &seen);
        let producers =
            [0, 1, 2].map(|producer| scope.spawn(move || produce(buffer, seen, producer)));
        for as_task in [false, true, false] {
            scope.spawn(move || consume(buffer, seen, as_task));
        }
        scope.spawn(|| {
            for _ in 0..50 {
                buffer.set_paused(true);
                thread::yield_now();
                buffer.set_paused(false);
                thread::yield_now();
            }
        });
        for producer in producers {
            producer.join().expect("no panic");
        }
        assert!(buffer.quiet_blocking(None));
        buffer.close();
    });
    let counts = buffer.counts();
    let [delivered, displaced, refused] = [&seen.delivered, &seen.displaced, &seen.refused]
        .map(|count| count.load(Ordering::Relaxed));
    assert_eq!((counts.depth, counts.running), (0, 0));
    assert_eq!(counts.finished, delivered);
    assert_eq!(counts.displaced, displaced);
    assert_eq!(counts.refused, refused);
    assert_eq!(counts.offered, delivered + displaced);
    assert_eq!(counts.offered + counts.refused, PRODUCERS * ITEMS);
    assert!(counts.high_water <= 16);
}
