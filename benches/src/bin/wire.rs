//! Times writing and reading an event as a CloudEvent, for every candidate and size.
//!
//! `wire SECONDS` measures each set of candidates for that long, in turns, as `emit` does. For each it prints
//!
//! ```text
//! bytes wire.small 476                    of an envelope
//! time wire.encode.small.ours 520 541     least and median nanoseconds per envelope
//! ratio wire.encode.small.serde_json 1.1  median over the rounds of ours divided by theirs
//! ratio wire.encode.serde_json 1.2        the largest of these
//! ```

use std::env;
use std::time::Duration;

use event_benches::rounds::{self, named};
use event_benches::timed::{Timed, measure};
use event_benches::wire::{Direction, SIZES, set};

fn main() {
    let seconds = env::args()
        .nth(1)
        .and_then(|seconds| seconds.parse().ok())
        .unwrap_or(2.0);
    let patience = Duration::from_secs_f64(seconds);

    for direction in Direction::ALL {
        let group = format!("wire.{}", direction.name());
        let mut most: f64 = 0.0;
        for size in SIZES {
            let (set, bytes) = set(direction, size);
            if direction == Direction::Encode {
                println!("bytes wire.{size} {bytes}");
            }
            let set = set.into_iter().map(|mut candidate| {
                let name = candidate.name;
                Timed::new(name, move |times| candidate.run(times))
            });
            let series = measure(set.collect(), patience);
            let series: Vec<_> = series.iter().collect();
            rounds::print(&group, size, &series, &[]);
            most = most.max(named(&series, "ours").over(named(&series, "serde_json")));
        }
        println!("ratio {group}.serde_json {most:.2}");
    }
}
