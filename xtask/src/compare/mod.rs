//! `cargo xtask compare`: the buses that one writes in Python, and ours, on the same work.
//!
//! `compare/python/buses.py` has Python's and `compare/src` ours. Both programs are told how often to do
//! what, and print how long it took and what their handlers saw; what they saw must be equal.

mod comparison;
mod measured;

use std::process::Command;
use std::time::{Duration, Instant};

use crate::bench::report::{heading, lines, row};
use crate::bench::{figures::Figures, progress};
use crate::tools::Tool;
use crate::workspace::{Metadata, Result, cargo, output, root};
use comparison::Comparison;
use measured::Measured;

/// What is done, how often, and what it is. Each takes Python some hundredths of a second.
const OPERATIONS: [(&str, u32, &str); 11] = [
    ("emit.1", 20_000, "emit to 1 handler"),
    ("emit.10", 5_000, "  to 10"),
    ("emit.100", 500, "  to 100"),
    ("on-off", 10_000, "on, emit, off, emit"),
    ("once", 5_000, "once, emit, emit"),
    ("priority.10", 5_000, "emit to 10 by priority"),
    ("gather.1", 1_000, "await 1 async handler"),
    ("gather.10", 300, "  10"),
    ("gather.100", 50, "  100"),
    ("gather-waiting.10", 300, "  10 that wait"),
    ("queue.2", 5_000, "queue with 2 consumers"),
];

/// A median of fewer rounds is not worth printing, and no more are needed.
const ROUNDS: std::ops::RangeInclusive<usize> = 3..=9;

/// Begins no further round after so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// Measures both in turns, and prints a table and one line per figure.
pub(crate) fn run() -> Result<()> {
    let python = Tool::new("python3", "python3");
    if !python.is_at_hand() {
        return Err(python.missing().into());
    }
    let built = cargo(["build", "--release", "-p", "event-compare"]).status()?;
    if !built.success() {
        return Err("`event-compare` does not compile".into());
    }
    let ours = Metadata::read()?.target().join("release/event-compare");

    let mut comparison = Comparison::default();
    let start = Instant::now();
    for round in 1..=*ROUNDS.end() {
        if round > *ROUNDS.start() && start.elapsed() > PATIENCE {
            break;
        }
        progress(&format!("round {round}"));
        let ours = measure(&mut Command::new(&ours))?;
        // `-B`: it writes nothing into the source tree.
        let script = root().join("compare/python/measure.py");
        let python = measure(Command::new("python3").arg("-B").arg(script))?;
        comparison.add(python, ours)?;
    }
    print(&comparison)
}

fn measure(program: &mut Command) -> Result<Measured> {
    let work = OPERATIONS.map(|(name, times, _)| format!("{name}={times}"));
    Measured::parse(&output(program.args(work))?)
}

fn print(comparison: &Comparison) -> Result<()> {
    let (python, ours) = comparison.versions();
    println!(
        "\n{python} and {ours}, one thread each: nanoseconds of processor time per operation, and how many \
         times as fast ours is (medians of the rounds; in each, both did the same work)\n"
    );
    heading(&["Python", "event-core", "times as fast"]);
    let mut figures = Figures::default();
    for (name, _, title) in OPERATIONS {
        let (python, ours) = comparison.times(name)?;
        let ratio = comparison.ratio(name)?;
        let cells = [
            format!("{python:.0}"),
            format!("{ours:.0}"),
            format!("{ratio:.1}"),
        ];
        row(title, &cells);
        figures.add(&format!("ratio compare.{name}"), ratio, 2);
    }
    lines(&figures);
    Ok(())
}
