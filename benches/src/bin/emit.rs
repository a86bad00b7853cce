//! Times one emit of every candidate.
//!
//! `emit SECONDS` measures each set of candidates for that long. The candidates of a set take turns in
//! batches of 0.3 ms of CPU time, so whatever disturbs the machine hits all of them alike, and a ratio is
//! taken within one round. For each candidate it prints
//!
//! ```text
//! time emit.10.slice 20.1 22.4        least and median nanoseconds per emit
//! ratio emit.10.slice 1.67            median over the rounds of ours divided by theirs
//! ```

use std::env;
use std::time::{Duration, Instant};

use event_benches::baseline;
use event_benches::candidate::{COUNTS, Candidate};
use event_benches::clock::time;
use event_benches::rounds::{self, Series, named};
use event_benches::{ours, peers};

/// Long enough that reading the clock does not count, short enough that a round sees one machine.
const BATCH: Duration = Duration::from_micros(300);

/// A median of fewer rounds is not worth printing, however slow the machine.
const ROUNDS: usize = 30;

fn main() {
    let seconds = env::args()
        .nth(1)
        .and_then(|seconds| seconds.parse().ok())
        .unwrap_or(2.0);
    let patience = Duration::from_secs_f64(seconds);

    for handlers in COUNTS {
        let mut set = vec![ours::candidate(handlers)];
        if matches!(handlers, 1 | 10) {
            set.push(ours::subscribed(handlers));
        }
        set.extend([baseline::slice(handlers), baseline::boxed(handlers)]);
        set.extend(peers::all(handlers));
        Rounds::measure(set, patience).print("emit", handlers);
    }
    for handlers in [1, 10, 100] {
        let set = vec![
            ours::branching(handlers),
            baseline::slice_branching(handlers),
            baseline::boxed_branching(handlers),
        ];
        Rounds::measure(set, patience).print("emit-branching", handlers);
    }
}

/// A candidate, how many emits make a batch, and the nanoseconds per emit in each round.
struct Timed {
    candidate: Candidate,
    batch: u32,
    series: Series,
}

struct Rounds(Vec<Timed>);

impl Rounds {
    fn measure(set: Vec<Candidate>, patience: Duration) -> Self {
        let mut set: Vec<_> = set.into_iter().map(Timed::new).collect();
        let start = Instant::now();
        let mut round = 0;
        while round < ROUNDS || start.elapsed() < patience {
            // Each round starts with another candidate, so that no place in the order is an advantage.
            for turn in 0..set.len() {
                let index = (round + turn) % set.len();
                set[index].run();
            }
            round += 1;
        }
        Self(set)
    }

    fn print(&self, group: &str, handlers: usize) {
        let set: Vec<_> = self.0.iter().map(|timed| &timed.series).collect();
        rounds::print(group, handlers, &set, &["subscribed"]);
        if set.iter().any(|series| series.name == "subscribed") {
            let subscribed = named(&set, "subscribed");
            println!(
                "ratio {group}-subscribed.{handlers}.slice {:.2}",
                subscribed.over(named(&set, "slice"))
            );
            println!(
                "ratio {group}-subscribed.{handlers}.plain {:.2}",
                subscribed.over(named(&set, "ours"))
            );
        }
    }
}

impl Timed {
    /// Finds how many emits make a batch, which also warms the candidate up.
    fn new(mut candidate: Candidate) -> Self {
        let mut batch = 1;
        while time(|| candidate.emit(batch.into())) < BATCH {
            batch *= 2;
        }
        Self {
            series: Series::new(candidate.name),
            candidate,
            batch,
        }
    }

    fn run(&mut self) {
        let spent = time(|| self.candidate.emit(self.batch.into()));
        self.series
            .rounds
            .push(spent.as_secs_f64() * 1e9 / f64::from(self.batch));
    }
}
