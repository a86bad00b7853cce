//! A CD shop as a modular monolith: its modules know the shop's facts (`shop-events`) and not each
//! other.
//!
//! ```text
//! cargo run -p shop                              the 6919 purchases that come with it
//! cargo run -p shop -- --audit audit.ndjson      and every fact, one JSON line each
//! cargo run -p shop -- purchases.txt             your own file, see --help for its columns
//! ```
//!
//! Where to look:
//!
//! * `events/` declares the facts; its front page says who tells which, and who reacts.
//! * `sales/`, `loyalty/`, `stock/`, `receipts/`, `audit/` are the modules. In each, `lib.rs` has
//!   the handlers, which are plain functions and are tested as such, and a file has the state that
//!   they work on.
//! * `src/shop.rs` wires them: the one place that names all modules.
//! * `src/replay.rs` emits the purchases and adds up the reports. It names no handler.
//! * The eight purchases of 0.00 dollars make one handler of receipts fail, and nothing else: look
//!   for them near the end of the summary.

mod args;
mod chart;
mod line;
mod purchases;
mod replay;
mod shop;
mod summary;

use std::{
    io::{self, ErrorKind, IsTerminal, Write},
    process::ExitCode,
};

use args::Args;
use clap::Parser;
use event_core::BoxError;
use purchases::{Malformed, Purchases};
use replay::replay;
use shop::Shop;
use summary::Summary;

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

    let shop = Shop::open(args.create_audit()?)?;
    let tally = replay(&shop.dispatcher, valid, io::stdout().is_terminal());
    let audited = shop.audit.as_ref().map_or(Ok(()), |audit| audit.flush());

    let malformed = malformed.len();
    let summary = Summary {
        source: &source,
        lines,
        malformed,
        shop: &shop,
        tally: &tally,
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
    Ok(status)
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
