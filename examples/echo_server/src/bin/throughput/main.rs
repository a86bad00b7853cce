//! How much the echo server gets through, beside a bare loop and a server in Python.
//!
//! ```text
//! cargo xtask bench echo                                     with a table and the target
//! cargo run --release -p echo_server --bin throughput        the figures alone
//! ```
//!
//! Each server is a process of its own, on one thread. The same clients, one thread here, have all
//! their connections open to all of them, and compare every byte. The servers take turns: in a round
//! each gets the same errand, and a ratio is taken within one round, so whatever disturbs the machine
//! hits all of them alike. For each server it prints
//!
//! ```text
//! time echo.bare 5210.3 5402.8        least and median nanoseconds per message
//! ratio echo.bare 0.98                median over the rounds of our throughput divided by theirs
//! ```
//!
//! and on Linux the same as `echo-cpu`: processor time that the server used, which no neighbour on the
//! machine adds much to, and throughput by it.

mod candidate;
mod figures;
mod process;
mod serve;

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use candidate::Candidate;
use clap::Parser;
use echo_server::{Errand, open_files};
use event_core::error::BoxError;
use process::{PYTHON, Process};
use serve::Kind;

/// Measures echo servers beside each other: ours, a bare loop, and one in Python.
#[derive(Debug, Parser)]
struct Args {
    /// Connections to each server, all open at the same time
    #[arg(long, default_value_t = 1000)]
    connections: u32,
    /// Bytes that go to each server, and come back, in a round
    #[arg(long, default_value_t = 5_000_000)]
    bytes: u64,
    /// Bytes in a message; a client sends the next one when it has got the last one back
    #[arg(long, default_value_t = 1024)]
    message: usize,
    /// The fewest rounds
    #[arg(long, default_value_t = 15)]
    rounds: usize,
    /// Begins no further round after so many seconds, but for the fewest
    #[arg(long, default_value_t = 20.0)]
    seconds: f64,
    /// Is one of the servers, instead
    #[arg(long, hide = true)]
    serve: Option<Kind>,
}

/// A round that takes longer has failed, however slow the machine.
const LIMIT: Duration = Duration::from_mins(1);

fn main() -> ExitCode {
    let args = Args::parse();
    let outcome = match args.serve {
        Some(kind) => serve::serve(kind),
        None => measure(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "throughput: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(args: &Args) -> Result<(), BoxError> {
    // The clients of three servers; each server inherits the limit, and needs a third of it.
    open_files::need(3 * u64::from(args.connections) + 64)?;
    let mut candidates = vec![
        Candidate::start("ours", Process::this(Kind::Ours)?, args.connections)?,
        Candidate::start("bare", Process::this(Kind::Bare)?, args.connections)?,
    ];
    match Process::python()? {
        Some(python) => candidates.push(Candidate::start("python", python, args.connections)?),
        None => eprintln!(
            "throughput: `{PYTHON}` is missing, so Python is left out: install it (for example: \
             apt-get install {PYTHON})"
        ),
    }

    let errand = Errand {
        each: args.bytes / u64::from(args.connections),
        message: args.message,
        limit: LIMIT,
    };
    for candidate in &mut candidates {
        candidate.warm_up(errand)?;
    }
    let patience = Duration::from_secs_f64(args.seconds);
    let start = Instant::now();
    let mut round = 0;
    while round < args.rounds || start.elapsed() < patience {
        // Each round starts with another server, so that no place in the order is an advantage.
        for turn in 0..candidates.len() {
            let index = (round + turn) % candidates.len();
            candidates[index].run(errand)?;
        }
        round += 1;
    }
    figures::print(&candidates);
    Ok(())
}
