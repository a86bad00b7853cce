//! `cargo xtask`: what developers and CI run.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod bench;
mod ci;
mod steps;
mod test;
mod workspace;

/// Tests, checks and measures this workspace.
///
/// Every command runs cargo in the workspace's root and honours `CARGO_TARGET_DIR`.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Runs every test: unit, integration, compile-fail, golden, link, example and doc tests
    Test,
    /// Checks what CI checks besides the tests: format, lints, docs, each feature alone, the benchmark
    Ci,
    /// Measures what the framework costs
    #[command(subcommand)]
    Bench(Bench),
}

#[derive(Debug, Subcommand)]
enum Bench {
    /// Measures `emit` beside hand-written loops and other crates
    ///
    /// Prints a table and whether each target holds, then one line per figure for a program to read. Counts
    /// instructions with valgrind, which it installs if it may. A missed target is no error.
    Emit {
        /// Takes less than a minute after compiling; the figures are noisier
        #[arg(long)]
        quick: bool,
    },
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Test => test::run(),
        Task::Ci => ci::run(),
        Task::Bench(Bench::Emit { quick }) => bench::emit(quick),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
