//! How emitting slows down when a second thread emits on the same dispatcher, as `scaling.2 0.98`.
//!
//! `scaling SECONDS` compares the CPU time of an emit to ten handlers alone and beside a second thread that
//! emits without a pause, and the same for the slice of functions, which shares nothing. The figure is ours
//! divided by the slice's: 1 says that the dispatcher adds no contention. The handlers write to cells of
//! their own thread.

use std::env;
use std::hint::spin_loop;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use event_benches::baseline::{emit_slice, slice_of};
use event_benches::clock::time;
use event_benches::ours;
use event_benches::work::Order;

/// What the second thread does meanwhile. It spins rather than sleeps, so the core's clock stays the same.
const SPIN: u8 = 0;
const SLICE: u8 = 1;
const OURS: u8 = 2;
const STOP: u8 = 3;

const BATCH: u64 = 20_000;

fn main() {
    let seconds = env::args()
        .nth(1)
        .and_then(|seconds| seconds.parse().ok())
        .unwrap_or(2.0);
    let patience = Duration::from_secs_f64(seconds);

    let dispatcher = ours::dispatcher();
    let slice = slice_of::<false>(10);
    let emit_ours = |times| (0..times).for_each(|id| ours::emit_ten(&dispatcher, id));
    let emit_slice = |times| (0..times).for_each(|id| emit_slice(slice, Order { id, total: 1 }));

    let other = AtomicU8::new(SPIN);
    let mut ratios = Vec::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            loop {
                match other.load(Ordering::Relaxed) {
                    SPIN => spin_loop(),
                    SLICE => emit_slice(64),
                    OURS => emit_ours(64),
                    _ => break,
                }
            }
        });
        let _stop = StopAtEnd(&other);
        let start = Instant::now();
        while ratios.len() < 10 || start.elapsed() < patience {
            let beside = |what, emit: &dyn Fn(u64)| {
                other.store(what, Ordering::Relaxed);
                // The second thread is under way before the clock starts.
                emit(BATCH / 10);
                time(|| emit(BATCH)).as_secs_f64()
            };
            let slice_slows = beside(SLICE, &emit_slice) / beside(SPIN, &emit_slice);
            let ours_slows = beside(OURS, &emit_ours) / beside(SPIN, &emit_ours);
            ratios.push(slice_slows / ours_slows);
        }
    });
    ratios.sort_by(f64::total_cmp);
    println!("scaling.2 {:.2}", ratios[ratios.len() / 2]);
}

/// Ends the second thread, also when the first panics.
struct StopAtEnd<'a>(&'a AtomicU8);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(STOP, Ordering::Relaxed);
    }
}
