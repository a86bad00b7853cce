//! Candidates that take turns, so that whatever disturbs the machine hits all of them alike.

use std::fmt;
use std::time::{Duration, Instant};

use crate::clock::time;
use crate::rounds::Series;

/// Long enough that reading the clock does not count, short enough that a round sees one machine.
const BATCH: Duration = Duration::from_micros(300);

/// A median of fewer rounds is not worth printing, however slow the machine.
const ROUNDS: usize = 30;

/// A candidate, how many times it runs in a batch, and the nanoseconds per run in each round.
pub struct Timed {
    run: Box<dyn FnMut(u64)>,
    batch: u32,
    /// How many each run counts as.
    parts: u32,
    series: Series,
}

impl fmt::Debug for Timed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timed")
            .field("batch", &self.batch)
            .field("series", &self.series)
            .finish_non_exhaustive()
    }
}

impl Timed {
    /// One that runs as often as `run` is told. Finds how many runs make a batch, which also warms it up.
    pub fn new(name: &'static str, run: impl FnMut(u64) + 'static) -> Self {
        Self::per(name, 1, run)
    }

    /// The same of a run that does so many things, whose time is given for each.
    pub fn per(name: &'static str, parts: u32, mut run: impl FnMut(u64) + 'static) -> Self {
        let mut batch = 1;
        while time(|| run(batch.into())) < BATCH {
            batch *= 2;
        }
        Self {
            run: Box::new(run),
            batch,
            parts,
            series: Series::new(name),
        }
    }

    fn run(&mut self) {
        let spent = time(|| (self.run)(self.batch.into()));
        self.series
            .rounds
            .push(spent.as_secs_f64() * 1e9 / f64::from(self.batch) / f64::from(self.parts));
    }
}

/// Lets a set take turns for that long, in batches of 0.3 ms of CPU time.
#[must_use]
pub fn measure(mut set: Vec<Timed>, patience: Duration) -> Vec<Series> {
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
    set.into_iter().map(|timed| timed.series).collect()
}
