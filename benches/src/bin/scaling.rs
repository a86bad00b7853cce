//! What a second thread costs that emits on the same dispatcher, as `scaling.2 1.00`.
//!
//! `scaling SECONDS` compares the time of an emit to ten handlers beside a second thread that emits on the same
//! dispatcher with the time beside one that emits on a dispatcher of its own. Both threads do the same work
//! either way, so what two threads of one processor take from each other cancels out, and what is left is
//! what they share: 1 says that emits on one dispatcher contend for nothing. The handlers write to cells of
//! their own thread.
//!
//! `scaling.shared` is the same figure where each emit also adds to an atomic that belongs to the
//! dispatcher. It shows that contention would be seen: where it is not well above 1, the machine
//! has no two cores to spare, and `scaling.2` says nothing.

use std::env;
use std::hint::black_box;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use event_benches::ours;
use event_core::Dispatcher;

/// What the second thread does meanwhile.
const SAME: u8 = 0;
const OTHER: u8 = 1;
const STOP: u8 = 2;

const BATCH: u64 = 20_000;

/// How many emits the second thread makes between two looks at what it shall do.
const STRETCH: u64 = 64;

/// A dispatcher, and an atomic that shared work adds to.
struct Side {
    dispatcher: Dispatcher,
    /// In a cache line of its own.
    shared: Line,
}

#[repr(align(128))]
struct Line(AtomicU64);

impl Side {
    fn new() -> Self {
        Self {
            dispatcher: ours::dispatcher(),
            shared: Line(AtomicU64::new(0)),
        }
    }

    fn emit<const SHARED: bool>(&self, times: u64) {
        for id in 0..times {
            ours::emit_ten(&self.dispatcher, id);
            if SHARED {
                black_box(&self.shared.0).fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

fn main() {
    let seconds = env::args()
        .nth(1)
        .and_then(|seconds| seconds.parse().ok())
        .unwrap_or(2.0);
    let patience = Duration::from_secs_f64(seconds / 2.0);
    println!("scaling.2 {:.2}", contention::<false>(patience));
    println!("scaling.shared {:.2}", contention::<true>(patience));
}

/// The median over the rounds of the time beside an emitter on the same dispatcher, divided by that beside an
/// emitter on another.
fn contention<const SHARED: bool>(patience: Duration) -> f64 {
    let (same, other) = (Side::new(), Side::new());
    let what = AtomicU8::new(OTHER);
    let mut ratios = Vec::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            loop {
                match what.load(Ordering::Relaxed) {
                    SAME => same.emit::<SHARED>(STRETCH),
                    OTHER => other.emit::<SHARED>(STRETCH),
                    _ => break,
                }
            }
        });
        let _stop = StopAtEnd(&what);
        let beside = |side| {
            what.store(side, Ordering::Relaxed);
            // The second thread has changed over before the clock starts.
            same.emit::<SHARED>(BATCH / 10);
            let start = Instant::now();
            same.emit::<SHARED>(BATCH);
            start.elapsed().as_secs_f64()
        };
        let start = Instant::now();
        while ratios.len() < 30 || start.elapsed() < patience {
            // Which one comes first changes, so that a machine that gets slower hits both alike.
            ratios.push(if ratios.len() % 2 == 0 {
                beside(SAME) / beside(OTHER)
            } else {
                let beside_other = beside(OTHER);
                beside(SAME) / beside_other
            });
        }
    });
    ratios.sort_by(f64::total_cmp);
    ratios[ratios.len() / 2]
}

/// Ends the second thread, also when the first panics.
struct StopAtEnd<'a>(&'a AtomicU8);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(STOP, Ordering::Relaxed);
    }
}
