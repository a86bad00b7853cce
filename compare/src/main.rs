//! The work of `cargo xtask compare`, done by ours. `python/measure.py` is its twin: the same
//! operations, with the same arguments and the same lines printed.
//!
//! ```text
//! event-compare OPERATION=TIMES ...
//! ```
//!
//! does each operation so many times, three times over, and prints a line for each:
//!
//! ```text
//! OPERATION NANOSECONDS CALLS SUM
//! ```
//!
//! the least nanoseconds of processor time of the three, how often handlers were called in one of
//! them, and a sum of what they saw. Like Python's, all of it runs on one thread.

#[path = "../../benches/src/stamp.rs"]
#[macro_use]
mod stamp;

/// A hundred handlers, by a macro that makes ten of them.
macro_rules! hundred {
    ($ten:ident, $event:ident) => {
        $ten!(hundred_0, 0, $event);
        $ten!(hundred_1, 10, $event);
        $ten!(hundred_2, 20, $event);
        $ten!(hundred_3, 30, $event);
        $ten!(hundred_4, 40, $event);
        $ten!(hundred_5, 50, $event);
        $ten!(hundred_6, 60, $event);
        $ten!(hundred_7, 70, $event);
        $ten!(hundred_8, 80, $event);
        $ten!(hundred_9, 90, $event);
    };
}

mod awaited;
mod clock;
mod inline;
mod ledger;
mod order;
mod queued;
mod subscribed;

use std::env;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use awaited::{A1, A10, A100, Waiting};
use event_core::{Dispatcher, dispatcher::Module};
use inline::{E1, E10, E100, Ordered};
use ledger::Ledger;
use tokio::runtime::{Builder, Runtime};

/// As often is each operation measured.
const SERIES: u32 = 3;

/// Does something so many times, and says how long that took.
type Operation = fn(&Arc<Ledger>, u64) -> Duration;

const OPERATIONS: [(&str, Operation); 11] = [
    ("emit.1", |ledger, times| inline::emit(ledger, times, E1)),
    ("emit.10", |ledger, times| inline::emit(ledger, times, E10)),
    ("emit.100", |ledger, times| {
        inline::emit(ledger, times, E100)
    }),
    ("on-off", subscribed::on_off),
    ("once", subscribed::once),
    ("priority.10", |ledger, times| {
        inline::emit(ledger, times, Ordered)
    }),
    ("gather.1", |ledger, times| awaited::emit(ledger, times, A1)),
    ("gather.10", |ledger, times| {
        awaited::emit(ledger, times, A10)
    }),
    ("gather.100", |ledger, times| {
        awaited::emit(ledger, times, A100)
    }),
    ("gather-waiting.10", |ledger, times| {
        awaited::emit(ledger, times, Waiting)
    }),
    ("queue.2", queued::ship_all),
];

fn main() -> ExitCode {
    println!("version event-core {}", env!("CARGO_PKG_VERSION"));
    for argument in env::args().skip(1) {
        match measure(&argument) {
            Ok(line) => println!("{line}"),
            Err(problem) => {
                eprintln!("event-compare: {problem}");
                return ExitCode::from(2);
            }
        }
    }
    ExitCode::SUCCESS
}

/// The line of one operation.
fn measure(argument: &str) -> Result<String, String> {
    let (name, times) = argument
        .split_once('=')
        .and_then(|(name, times)| Some((name, times.parse::<u32>().ok()?)))
        .ok_or_else(|| format!("expected OPERATION=TIMES, not `{argument}`"))?;
    let (_, operation) = OPERATIONS
        .into_iter()
        .find(|(other, _)| *other == name)
        .ok_or_else(|| format!("no operation `{name}`"))?;
    let series: Vec<_> = (0..SERIES)
        .map(|_| {
            let ledger = Arc::new(Ledger::default());
            let took = operation(&ledger, times.into());
            (took, ledger.calls(), ledger.sum())
        })
        .collect();
    let (took, calls, sum) = series.into_iter().min().expect("there are some");
    let each = took.as_secs_f64() * 1e9 / f64::from(times);
    Ok(format!("{name} {each:.1} {calls} {sum}"))
}

/// A dispatcher with the handlers of one module, which write to this ledger.
fn dispatcher(module: Module, ledger: &Arc<Ledger>) -> Dispatcher {
    Dispatcher::builder()
        .only_modules([module])
        .provide_arc(Arc::clone(ledger))
        .build()
        .unwrap_or_else(|error| panic!("{error}"))
}

/// One thread, as in asyncio.
fn runtime() -> Runtime {
    Builder::new_current_thread().build().expect("a runtime")
}
