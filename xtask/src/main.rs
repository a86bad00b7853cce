//! `cargo xtask`: what developers and CI run.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod api;
mod bench;
mod ci;
mod compare;
mod deny;
mod estimates;
mod fuzz;
mod layers;
mod lower_bounds;
mod msrv;
mod names;
mod steps;
mod test;
mod tools;
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
    /// Runs every test: unit, integration, compile-fail, golden, link, example and doc tests, models, load and storm
    ///
    /// Says before it begins how many steps there are, and about how long they take and how much disk. Every step
    /// runs, even if one before it failed, and the end names those that failed. What it builds has no debug
    /// information and is not incremental, unless `CARGO_PROFILE_DEV_DEBUG` and `CARGO_INCREMENTAL` say otherwise.
    Test {
        /// Adds what needs heavy dependencies or programs that are not cargo's, which it installs if it may
        #[arg(long)]
        all: bool,
        /// Gives the load ten million deliveries a policy and the storm two minutes, instead of ten seconds each
        #[arg(long)]
        long: bool,
    },
    /// Checks what CI checks besides the tests: format, lints, docs, features, the benchmark, dependencies
    ///
    /// Each feature is compiled alone, and the libraries with the lowest versions of their dependencies that
    /// `Cargo.toml` allows, and with the oldest compiler. Says what `test` says, and what it leaves out, since
    /// cargo-deny or that compiler cannot be installed.
    Ci,
    /// Checks that each module of `event-core` names only modules of its own layer and of those below it
    Layers,
    /// Checks that the files and the names that the pages about the code mention exist
    Names,
    /// Checks the licences, the sources and the versions of dependencies with cargo-deny, which it installs
    Deny {
        /// Adds the advisories, whose database is fetched from its repository
        #[arg(long)]
        advisories: bool,
    },
    /// Compiles the libraries with the workspace's `rust-version`, which it installs with rustup
    Msrv,
    /// Reads random inputs as envelopes, led by what they cover, and checks what the codec promises
    ///
    /// Says at the end how many, how much of the code they covered, and where an input is that broke a promise.
    /// What it learned stays in the target directory, and the next run starts from there. Needs a compiler of
    /// C++, which it installs if it may.
    Fuzz {
        /// How long
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        /// Only looks at this input
        #[arg(long)]
        input: Option<PathBuf>,
    },
    /// Kills programs with an outbox at random moments, and checks what is left of their work
    Crash {
        /// How often, on each store
        #[arg(long, default_value_t = 500)]
        kills: u32,
        /// On this store alone
        #[arg(long)]
        store: Option<test::Store>,
    },
    /// Compares the public API of each library with the list beside it
    Api {
        /// Writes the lists
        #[arg(long)]
        update: bool,
    },
    /// Measures what the framework costs
    #[command(subcommand)]
    Bench(Bench),
    /// Does the same work with the event buses that one writes in Python, and prints how many times as fast ours is
    ///
    /// Prints a table and one line per operation for a program to read, of Python's time divided by ours.
    /// Needs python3, which it installs if it may, and less than a minute after compiling.
    Compare,
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
    /// Measures `emit_async` of async handlers that are ready at once, beside `join_all`, tasks, and a
    /// broadcast, and of up to a thousand that wait, beside `join_all` and `FuturesUnordered`
    ///
    /// Prints what `bench emit` prints, also the allocations of all. A missed target is no error.
    Async {
        /// Takes less than half a minute after compiling; the figures are noisier
        #[arg(long)]
        quick: bool,
    },
    /// Measures queues, beside channels of other crates
    ///
    /// One producer; one and two consumers; between tasks on two workers, tasks on one thread, and threads.
    /// Prints what `bench emit` prints. It is wall time, so whatever else runs on the machine shows. A missed
    /// target is no error.
    Queue {
        /// Takes less than half a minute after compiling; the figures are noisier
        #[arg(long)]
        quick: bool,
    },
    /// Measures ten thousand subscriptions of one event and their cancellation, beside `signals2`
    ///
    /// From one thread and from ten, with an emission in between, in wall time; and an observed emission to
    /// them. Prints what `bench emit` prints, also allocations and instructions. A missed target is no error.
    Subscribe {
        /// Takes about half a minute after compiling, which is the peer's; the figures are noisier
        #[arg(long)]
        quick: bool,
    },
    /// Measures the codec, beside `serde_json` with an envelope that is a plain struct
    ///
    /// Both write the same bytes and read them into the same values, for payloads of several sizes. Prints what
    /// `bench emit` prints, also throughput, allocations and instructions. A missed target is no error.
    Wire {
        /// Takes about a minute after compiling; the figures are noisier
        #[arg(long)]
        quick: bool,
    },
    /// Measures the catalogue of a program with 1,000 events and 5,000 handlers, and `track`
    ///
    /// `events check` beside parsing the lock, `events list` beside a loop over what the linker collected that prints
    /// the same, and 10,000 emits with and without `track`. Prints what `bench emit` prints. A missed target is no
    /// error.
    Catalog {
        /// Takes fewer rounds; the figures are noisier
        #[arg(long)]
        quick: bool,
    },
    /// Measures the outbox on SQLite and PostgreSQL, beside raw statements, `graphile_worker` and `apalis`
    ///
    /// Draining a backlog, emits, transactions with an event beside bare ones, the time from a commit to the handler in
    /// this and in another process and after a `kill -9`, the questions of an idle process, claims beside retries of the
    /// future, and the memory of a large backlog. Each commit is synced. Starts a PostgreSQL of its own. Prints what
    /// `bench emit` prints. A missed target is no error.
    Outbox {
        /// Takes fewer rounds and smaller backlogs; the figures are noisier
        #[arg(long)]
        quick: bool,
    },
    /// Measures how much longer a debug build takes for handlers and for events
    ///
    /// Builds generated crates that differ by the attributes alone. Prints what `bench emit` prints. It is wall
    /// time, so whatever else runs on the machine shows. A missed target is no error.
    Build {
        /// Takes less than half a minute after compiling; the figures are noisier
        #[arg(long)]
        quick: bool,
    },
    /// Measures the echo server of the examples, beside a bare loop and a server in Python
    ///
    /// A thousand connections to each server, and the servers take turns. Prints what `bench emit` prints, but
    /// the ratios are of throughput, ours divided by theirs, so more is better. Most of it is the system's
    /// work. Needs python3, which it installs if it may. A missed target is no error.
    Echo {
        /// Takes less than half a minute after compiling; the figures are noisier
        #[arg(long)]
        quick: bool,
    },
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Test { all, long } => test::run(all, long),
        Task::Layers => layers::run(),
        Task::Names => names::run(),
        Task::Ci => ci::run(),
        Task::Deny { advisories } => deny::run(advisories),
        Task::Msrv => msrv::run(),
        Task::Api { update } => api::run(update),
        Task::Crash { kills, store } => test::crash(kills, store),
        Task::Fuzz { seconds, input } => fuzz::run(seconds, input.as_deref()),
        Task::Bench(Bench::Emit { quick }) => bench::emit(quick),
        Task::Bench(Bench::Async { quick }) => bench::asynchronous(quick),
        Task::Bench(Bench::Queue { quick }) => bench::queue(quick),
        Task::Bench(Bench::Subscribe { quick }) => bench::subscribe(quick),
        Task::Bench(Bench::Wire { quick }) => bench::wire(quick),
        Task::Bench(Bench::Catalog { quick }) => bench::catalog(quick),
        Task::Bench(Bench::Outbox { quick }) => bench::outbox(quick),
        Task::Bench(Bench::Build { quick }) => bench::build(quick),
        Task::Bench(Bench::Echo { quick }) => bench::echo(quick),
        Task::Compare => compare::run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
