//! A CD shop as a modular monolith: its modules know the shop's facts (`shop-events`) and not each
//! other.
//!
//! ```text
//! cargo run -p shop                              the 6919 purchases that come with it
//! cargo run -p shop -- --audit audit.ndjson      and every fact, one JSON line each
//! cargo run -p shop -- purchases.txt             your own file, see --help for its columns
//! cargo run -p shop -- --receipt-delay 5ms       with a slow mail server; try Ctrl-C
//! cargo run -p shop -- --record events.ndjson    writes down all that happens
//! cargo run -p shop -- --replay events.ndjson    and lets it happen again, with the same totals; also
//!                                                after `kill -9` of the run that recorded it
//! cargo run -p shop -- --db shop.db              keeps its books in SQLite: `kill -9` it, run it again
//! cargo run -p shop -- events outbox status --database shop.db   what is left to do in it, also while it runs
//! cargo run -p shop -- events list               who reacts to what, from what is linked
//! cargo run -p shop -- events graph --format svg > shop.svg
//! cargo run -p shop -- events docs --out target/shop-events   a site about all of it
//! cargo run -p shop -- events check              whether programs of before read what this one writes
//! ```
//!
//! Where to look:
//!
//! * `events/` declares the facts; its front page says who tells which, and who reacts.
//! * `sales/`, `loyalty/`, `stock/`, `receipts/`, `audit/` are the modules. In each, `lib.rs` has
//!   the handlers, which are plain functions and are tested as such, and a file has the state that
//!   they work on.
//! * `src/shop.rs` wires them: the one place that names all modules.
//! * `src/replay.rs` emits the purchases, `src/tally.rs` adds up what that leads to. They name no
//!   handler.
//! * `src/journal.rs` emits a journal instead: each event once, those that handlers caused the first
//!   time among them. What handlers cause this time is discarded.
//! * `books/` is one more module, for `--db`: its events are durable, and an outbox keeps what is to be done
//!   about them. `src/database/` records the purchases; nothing else has to do with it.
//! * Receipts go through a queue, which the module that sends them declares: see `receipts/`. What
//!   becomes of them when the shop closes, or Ctrl-C closes it, is in `src/day.rs`.
//! * The eight purchases of 0.00 dollars make one handler of receipts fail, and nothing else: look
//!   for them near the end of the summary.

mod args;
mod chart;
mod database;
mod day;
mod input;
mod interrupt;
mod journal;
mod line;
mod purchases;
mod replay;
mod shop;
mod summary;
mod tally;

use std::{
    env, fmt,
    io::{self, ErrorKind, IsTerminal, Write},
    process::ExitCode,
    sync::Arc,
};

use args::Args;
use clap::Parser;
use database::Books;
use day::{Day, day};
use event_core::{error::BoxError, wire::journal::JournalWriter};
use indicatif::ProgressBar;
use input::Input;
use interrupt::INTERRUPTED;
use replay::Till;
use shop::Shop;
use summary::Summary;
use tokio::runtime::{self, Runtime};

fn main() -> ExitCode {
    // The one file of purchases that it would shadow is reached as `./events`.
    if let Some(status) = event_catalog::run(env::args_os()) {
        return status;
    }
    run(&Args::parse()).unwrap_or_else(|error| {
        complain(&error.to_string());
        ExitCode::from(2)
    })
}

/// Replays the purchases, or a journal, and prints the summary. An error means that nothing was
/// replayed.
fn run(args: &Args) -> Result<ExitCode, BoxError> {
    let source = args.source();
    let (input, bar) = Input::open(args, io::stdout().is_terminal())?;
    // Its thread listens for Ctrl-C and keeps the time, and is free for that whatever the shop does.
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    if let (Some(file), Input::Purchases(purchases, lines)) = (&args.db, &input) {
        let books = Books {
            file,
            source: &source,
            purchases,
            lines: *lines,
        };
        return runtime.block_on(database::run(args, &books, &bar));
    }

    let (purchases, is_journal) = (input.purchases(), args.replay.is_some());
    let audit = args.create_audit()?;
    let journal = args.start_journal()?;
    let shop = Shop::open(runtime.handle(), &args.receipts, audit, journal)?;
    if let Some(torn @ 1..) = shop.recorder.as_ref().map(|it| it.flush().torn()) {
        complain(&format!(
            "the journal continues after {torn} bytes of an event that is cut off"
        ));
    }
    let day = trade(args, &runtime, &shop, input, &bar)?;
    let audited = shop.audit.as_ref().map_or(Ok(()), |audit| audit.flush());
    let recorded = shop.recorder.as_ref().map(JournalWriter::finish);

    let summary = Summary {
        source: &source,
        purchases,
        shop: &shop,
        receipts: &args.receipts,
        day: &day,
        recorded: recorded.as_ref().zip(args.record.as_deref()),
    };
    let printed = print(&summary);

    let mut status = ExitCode::SUCCESS;
    let recorded = match recorded {
        Some(recorded) if !recorded.is_complete() => Err(recorded.to_string()),
        _ => Ok(()),
    };
    for (what, outcome) in [
        ("audit file", audited.map_err(|error| error.to_string())),
        ("journal", recorded),
        ("summary", printed.map_err(|error| error.to_string())),
    ] {
        if let Err(error) = outcome {
            complain(&format!("the {what} is incomplete: {error}"));
            status = ExitCode::FAILURE;
        }
    }
    if is_journal && day.lines.malformed > 0 {
        status = ExitCode::FAILURE;
    }
    if day.interrupted {
        status = ExitCode::from(INTERRUPTED);
    }
    Ok(status)
}

/// Replays it all, and waits until all it led to has ended or Ctrl-C ends it.
fn trade(
    args: &Args,
    runtime: &Runtime,
    shop: &Shop,
    input: Input,
    bar: &ProgressBar,
) -> io::Result<Day> {
    let (delay, limit) = (args.receipts.delay, args.drain_limit);
    let interrupted = interrupt::listen(runtime.handle())?;
    if !delay.is_zero() {
        let takes = format!("each receipt takes {delay:?}; Ctrl-C stops the replay");
        complain(&takes);
    }
    let (dispatcher, tally) = (shop.dispatcher.clone(), Arc::clone(&shop.tally));
    let shows = bar.clone();
    let till = Till::open(move |stop| input.replay(&dispatcher, &tally, stop, &shows))?;
    let day = day(&shop.dispatcher, till, &interrupted, limit, || {
        bar.finish_and_clear();
        let have = format!("interrupted; receipts that wait have {limit:?}");
        complain(&format!("{have}, another Ctrl-C ends at once"));
    });
    Ok(runtime.block_on(day))
}

/// Writes to standard output.
fn print(summary: &impl fmt::Display) -> io::Result<()> {
    match io::stdout().write_all(summary.to_string().as_bytes()) {
        // Whoever reads (`shop | head -1`) has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        printed => printed,
    }
}

/// Writes a line to standard error. Unlike `eprintln!`, it does not panic if that is closed, and it writes the line
/// at once: an audit that goes there, too, is a file of its own, whose lines would be in the middle of this one.
fn complain(text: &str) {
    let _ = io::stderr().write_all(format!("shop: {text}\n").as_bytes());
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_facts_are_compatible_with_those_of_the_lock() {
        event_catalog::assert_compatible!("events.lock", strict);
    }
}
