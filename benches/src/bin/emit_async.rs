//! Times one async emit of every candidate.
//!
//! `emit_async SECONDS` measures each set of candidates for that long, all inside of one `block_on` of a
//! current-thread runtime. They take turns in batches of 0.3 ms of CPU time, as in `emit`. For each candidate
//! it prints
//!
//! ```text
//! time async.10.join_all 250.4 419.4  least and median nanoseconds per emit
//! ratio async.10.join_all 0.61        median over the rounds of ours divided by theirs
//! ```
//!
//! and the same of handlers that await what is ready: `async-ready.10`; and of handlers that wait once:
//! `async-pending.10` of those that are woken all at once, and `async-woken.10` of those that are woken one after the
//! other.

use std::env;
use std::time::{Duration, Instant};

use event_benches::awaited::pending::{self, Wakes};
use event_benches::awaited::{self, Awaited, COUNTS, ready};
use event_benches::clock::thread_time;
use event_benches::rounds::{self, Series};

/// Long enough that reading the clock does not count, short enough that a round sees one machine.
const BATCH: Duration = Duration::from_micros(300);

/// A median of fewer rounds is not worth printing, however slow the machine.
const ROUNDS: usize = 30;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let seconds = env::args()
        .nth(1)
        .and_then(|seconds| seconds.parse().ok())
        .unwrap_or(2.0);
    let patience = Duration::from_secs_f64(seconds);

    for handlers in COUNTS {
        measure("async", handlers, awaited::all(handlers), patience).await;
    }
    for handlers in COUNTS {
        measure("async-ready", handlers, ready::all(handlers), patience).await;
    }
    for wakes in Wakes::ALL {
        for handlers in pending::COUNTS {
            let set = pending::all(handlers, wakes);
            measure(wakes.group(), handlers, set, patience).await;
        }
    }
}

async fn measure(group: &str, handlers: usize, candidates: Vec<Awaited>, patience: Duration) {
    let mut set = Vec::new();
    for candidate in candidates {
        set.push(Timed::new(candidate).await);
    }
    let start = Instant::now();
    let mut round = 0;
    while round < ROUNDS || start.elapsed() < patience {
        // Each round starts with another candidate, so that no place in the order is an advantage.
        for turn in 0..set.len() {
            let index = (round + turn) % set.len();
            set[index].run().await;
        }
        round += 1;
    }
    let set: Vec<_> = set.iter().map(|timed| &timed.series).collect();
    rounds::print(group, handlers, &set, &[]);
}

/// A candidate, how many emits make a batch, and the nanoseconds per emit in each round.
struct Timed {
    candidate: Awaited,
    batch: u32,
    series: Series,
}

impl Timed {
    /// Finds how many emits make a batch, which also warms the candidate up.
    async fn new(mut candidate: Awaited) -> Self {
        let mut batch = 1;
        while time(&mut candidate, batch).await < BATCH {
            batch *= 2;
        }
        Self {
            series: Series::new(candidate.name),
            candidate,
            batch,
        }
    }

    async fn run(&mut self) {
        let spent = time(&mut self.candidate, self.batch).await;
        self.series
            .rounds
            .push(spent.as_secs_f64() * 1e9 / f64::from(self.batch));
    }
}

/// The CPU time of this thread, on which everything runs.
async fn time(candidate: &mut Awaited, batch: u32) -> Duration {
    let start = thread_time();
    candidate.emit(batch.into()).await;
    thread_time().saturating_sub(start)
}
