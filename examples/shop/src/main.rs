//! A CD shop as a modular monolith: its modules know the shop's facts (`shop-events`) and not each
//! other.
//!
//! ```text
//! cargo run -p shop                              the 6919 purchases that come with it
//! cargo run -p shop -- --audit audit.ndjson      and every fact, one JSON line each
//! cargo run -p shop -- purchases.txt             your own file, see --help for its columns
//! cargo run -p shop -- --receipt-delay 5ms       with a slow mail server; try Ctrl-C
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
//! * Receipts go through a queue, which the module that sends them declares: see `receipts/`. What
//!   becomes of them when the shop closes, or Ctrl-C closes it, is in `src/day.rs`.
//! * The eight purchases of 0.00 dollars make one handler of receipts fail, and nothing else: look
//!   for them near the end of the summary.

mod args;
mod chart;
mod day;
mod interrupt;
mod line;
mod purchases;
mod replay;
mod shop;
mod summary;
mod tally;

use std::{
    io::{self, ErrorKind, IsTerminal, Write},
    process::ExitCode,
    sync::Arc,
};

use args::Args;
use clap::Parser;
use day::{Day, day};
use event_core::BoxError;
use interrupt::INTERRUPTED;
use purchases::{Malformed, Purchases};
use replay::{Till, progress_bar};
use shop::Shop;
use shop_events::PurchaseMade;
use summary::Summary;
use tokio::runtime::{self, Runtime};

/// More malformed lines than this are counted, not shown.
const MALFORMED_SHOWN: usize = 20;

fn main() -> ExitCode {
    run(&Args::parse()).unwrap_or_else(|error| {
        complain(&error.to_string());
        ExitCode::from(2)
    })
}

/// Replays the purchases and prints the summary. An error means that nothing was replayed.
fn run(args: &Args) -> Result<ExitCode, BoxError> {
    let source = args.source();
    let file = args.read()?;
    let Purchases {
        valid,
        lines,
        malformed,
    } = Purchases::parse(&file);
    complain_about(&malformed, &source);
    if valid.is_empty() {
        let what = if file.is_empty() {
            "is empty"
        } else {
            "has no valid line"
        };
        return Err(format!("{source} {what}").into());
    }

    let audit = args.create_audit()?;
    // Its thread listens for Ctrl-C and keeps the time, and is free for that whatever the shop does.
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let shop = Shop::open(runtime.handle(), &args.receipts, audit)?;
    let purchases = valid.len();
    let day = trade(args, &runtime, &shop, valid)?;
    let audited = shop.audit.as_ref().map_or(Ok(()), |audit| audit.flush());

    let malformed = malformed.len();
    let summary = Summary {
        source: &source,
        lines,
        malformed,
        purchases,
        shop: &shop,
        receipts: &args.receipts,
        day: &day,
    };
    let printed = match io::stdout().write_all(summary.to_string().as_bytes()) {
        // Whoever reads (`shop | head -1`) has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        printed => printed,
    };

    let mut status = ExitCode::SUCCESS;
    for (what, outcome) in [("audit file", audited), ("summary", printed)] {
        if let Err(error) = outcome {
            complain(&format!("the {what} is incomplete: {error}"));
            status = ExitCode::FAILURE;
        }
    }
    if day.interrupted {
        status = ExitCode::from(INTERRUPTED);
    }
    Ok(status)
}

/// Makes the purchases, and waits until all they led to has ended or Ctrl-C ends it.
fn trade(
    args: &Args,
    runtime: &Runtime,
    shop: &Shop,
    purchases: Vec<PurchaseMade>,
) -> io::Result<Day> {
    let (delay, limit) = (args.receipts.delay, args.drain_limit);
    let interrupted = interrupt::listen(runtime.handle())?;
    if !delay.is_zero() {
        let takes = format!("each receipt takes {delay:?}; Ctrl-C stops the replay");
        complain(&takes);
    }
    let bar = progress_bar(purchases.len(), io::stdout().is_terminal());
    let (dispatcher, tally) = (shop.dispatcher.clone(), Arc::clone(&shop.tally));
    let till = Till::open(dispatcher, tally, purchases, bar.clone())?;
    let day = day(&shop.dispatcher, till, &interrupted, limit, || {
        bar.finish_and_clear();
        let have = format!("interrupted; receipts that wait have {limit:?}");
        complain(&format!("{have}, another Ctrl-C ends at once"));
    });
    Ok(runtime.block_on(day))
}

fn complain_about(malformed: &[Malformed], source: &str) {
    for Malformed { line, problem } in malformed.iter().take(MALFORMED_SHOWN) {
        complain(&format!("{source}, line {line}: {problem}"));
    }
    if let Some(more @ 1..) = malformed.len().checked_sub(MALFORMED_SHOWN) {
        complain(&format!("{source}: and {more} more malformed lines"));
    }
}

/// Writes to standard error; unlike `eprintln!`, does not panic if that is closed.
fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "shop: {text}");
}
