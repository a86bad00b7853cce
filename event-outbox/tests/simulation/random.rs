//! Random numbers that a seed determines.

use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use event_core::__private::Scheduler;

/// `SplitMix64`.
pub(super) struct Random(AtomicU64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    pub(super) fn next(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let state = self.0.fetch_add(STEP, Ordering::Relaxed);
        let mut mixed = state.wrapping_add(STEP);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&self, end: u64) -> u64 {
        self.next() % end
    }

    pub(super) fn permille(&self, chance: u64) -> bool {
        self.below(1000) < chance
    }

    pub(super) fn millis(&self, end: u64) -> Duration {
        Duration::from_millis(self.below(end))
    }

    pub(super) fn one<'a, T>(&self, of: &'a [T]) -> &'a T {
        let length = u64::try_from(of.len()).unwrap();
        &of[usize::try_from(self.below(length)).unwrap()]
    }
}

/// Leaves the order of tasks to the runtime, which has one thread, and takes the jitter of retries from the seed.
pub(super) struct SeededJitter(pub(super) Random);

impl Scheduler for SeededJitter {
    fn join(&self) -> u64 {
        0
    }

    fn poll_turn(&self, _task: u64, _context: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    fn end_turn(&self, _task: u64) {}

    fn leave(&self, _task: u64) {}

    fn random(&self) -> u64 {
        self.0.next()
    }
}
