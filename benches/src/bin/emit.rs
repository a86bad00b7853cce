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
use std::time::Duration;

use event_benches::baseline;
use event_benches::candidate::{COUNTS, Candidate};
use event_benches::rounds::{self, Series, named};
use event_benches::timed::{Timed, measure};
use event_benches::{ours, peers};

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
        print(&timed(set, patience), "emit", handlers);
    }
    for handlers in [1, 10, 100] {
        let set = vec![
            ours::branching(handlers),
            baseline::slice_branching(handlers),
            baseline::boxed_branching(handlers),
        ];
        print(&timed(set, patience), "emit-branching", handlers);
    }
}

fn timed(set: Vec<Candidate>, patience: Duration) -> Vec<Series> {
    let set = set.into_iter().map(|mut candidate| {
        let name = candidate.name;
        Timed::new(name, move |times| candidate.emit(times))
    });
    measure(set.collect(), patience)
}

fn print(set: &[Series], group: &str, handlers: usize) {
    let set: Vec<_> = set.iter().collect();
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
