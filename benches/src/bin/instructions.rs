//! Emits `instructions CANDIDATE HANDLERS TIMES` and does nothing else, for callgrind to count.
//!
//! Two runs with different `TIMES` differ by the emits alone.

use std::env;
use std::process::ExitCode;

use event_benches::{baseline, ours};

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [candidate, handlers, times] = arguments.as_slice() else {
        eprintln!("usage: instructions CANDIDATE HANDLERS TIMES");
        return ExitCode::from(2);
    };
    let handlers = handlers.parse().expect("HANDLERS is a number");
    let times = times.parse().expect("TIMES is a number");
    let mut candidate = match candidate.as_str() {
        "ours" => ours::candidate(handlers),
        "subscribed" => ours::subscribed(handlers),
        "slice" => baseline::slice(handlers),
        "boxed" => baseline::boxed(handlers),
        other => panic!("no candidate `{other}`"),
    };
    candidate.emit(times);
    ExitCode::SUCCESS
}
