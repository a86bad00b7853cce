//! What consumers do with an event: they count it, each thread on cache lines of its own.

use std::ops::Sub;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// More than ever count at once.
const THREADS: usize = 64;

static COUNTS: [Counts; THREADS] = [const { Counts::new() }; THREADS];
static NEXT: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static MINE: &'static Counts = &COUNTS[NEXT.fetch_add(1, Ordering::Relaxed) % THREADS];
}

/// Two cache lines, since processors fetch them in pairs.
#[repr(align(128))]
struct Counts {
    events: AtomicU64,
    ids: AtomicU64,
}

impl Counts {
    const fn new() -> Self {
        Self {
            events: AtomicU64::new(0),
            ids: AtomicU64::new(0),
        }
    }
}

/// How many events arrived, and the sum of their ids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// The sum of their `total`, which is 1.
    pub events: u64,
    /// The sum of their ids.
    pub ids: u64,
}

impl Sub for Total {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            events: self.events - before.events,
            ids: self.ids - before.ids,
        }
    }
}

/// Counts an event.
#[inline]
pub fn add(id: u64, total: u64) {
    MINE.with(|mine| {
        mine.events.fetch_add(total, Ordering::Relaxed);
        mine.ids.fetch_add(id, Ordering::Relaxed);
    });
}

/// What all threads have counted so far.
#[must_use]
pub fn total() -> Total {
    COUNTS.iter().fold(Total::default(), |sum, counts| Total {
        events: sum.events + counts.events.load(Ordering::Relaxed),
        ids: sum.ids + counts.ids.load(Ordering::Relaxed),
    })
}
