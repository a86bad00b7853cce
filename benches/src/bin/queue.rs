//! Times one delivery through a queue, for every candidate: one producer, one and two consumers.
//!
//! `queue SECONDS` measures each set of candidates for that long. The candidates of a set take turns in
//! batches, and a ratio is taken within one round. It is *wall time*, since several threads work at once and
//! wait for each other; so a busy machine adds noise that `emit` does not have, and the median is what
//! counts. Every batch asserts that all events arrived. For each candidate it prints
//!
//! ```text
//! time queue.1.flume 108.5 131.0      least and median nanoseconds per delivery
//! ratio queue.1.flume 1.21            median over the rounds of ours divided by theirs
//! ```
//!
//! for each of the three modes: `queue` are tasks on a runtime of two workers, `queue-ct` tasks on a
//! current-thread runtime, `queue-threads` threads that block. The first is the one that targets are about:
//! it is the runtime that programs have, it is the only one in which producer and consumer work at the same
//! time *and* tokio's channel can be compared, and it hides nothing, neither the wake-ups across threads that
//! a current-thread runtime never has nor the contention for one line of memory.
//!
//! Other kinds of work follow, such as `queue-waits.1` and `queue-key.2`, on the current-thread runtime: ours and the
//! queue by hand.

use std::env;
use std::rc::Rc;
use std::time::{Duration, Instant};

use event_benches::queues::{self, Candidate, Mode, TIMED};
use event_benches::rounds::{self, Series};
use tokio::runtime::{Builder, Runtime};

/// A median of fewer rounds is not worth printing, however slow the machine.
const ROUNDS: usize = 15;

fn main() {
    let seconds = env::args()
        .nth(1)
        .and_then(|seconds| seconds.parse().ok())
        .unwrap_or(2.0);
    let patience = Duration::from_secs_f64(seconds);

    let two_workers = runtime(Builder::new_multi_thread().worker_threads(2));
    let current_thread = runtime(&mut Builder::new_current_thread());
    for consumers in [1, 2] {
        for (group, mode) in [
            ("queue", Mode::Tasks(&two_workers)),
            ("queue-ct", Mode::Tasks(&current_thread)),
            ("queue-threads", Mode::Threads(&current_thread)),
        ] {
            measure(group, consumers, queues::all(mode, consumers), patience);
        }
    }
    for set in TIMED {
        let candidates = set.candidates(&current_thread);
        measure(set.group, set.consumers, candidates, patience);
    }
}

fn runtime(builder: &mut Builder) -> Rc<Runtime> {
    Rc::new(builder.build().expect("a runtime"))
}

/// Measures a set and prints its figures.
fn measure(group: &str, consumers: usize, mut set: Vec<Candidate>, patience: Duration) {
    let named = |candidate: &Candidate| Series::new(candidate.name);
    let mut series: Vec<_> = set.iter().map(named).collect();
    for candidate in &mut set {
        // Warms it up.
        candidate.deliver();
    }
    let start = Instant::now();
    let mut round = 0;
    while round < ROUNDS || start.elapsed() < patience {
        // Each round starts with another candidate, so that no place in the order is an advantage.
        for turn in 0..set.len() {
            let index = (round + turn) % set.len();
            series[index].rounds.push(set[index].deliver());
        }
        round += 1;
    }
    let series: Vec<_> = series.iter().collect();
    rounds::print(group, consumers, &series, &[]);
}
