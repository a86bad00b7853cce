//! Subscribes `instructions_subscribe CANDIDATE TIMES` and cancels all, for callgrind to count.
//!
//! Two runs with different `TIMES` differ by the subscriptions and their cancellations alone.

use std::env;
use std::process::ExitCode;

use event_benches::subscribing::{Async, Ours, Signals2, Source};

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [candidate, times] = arguments.as_slice() else {
        eprintln!("usage: instructions_subscribe CANDIDATE TIMES");
        return ExitCode::from(2);
    };
    let times = times.parse().expect("TIMES is a number");
    match candidate.as_str() {
        Ours::NAME => come_and_go::<Ours>(times),
        Async::NAME => come_and_go::<Async>(times),
        Signals2::NAME => come_and_go::<Signals2>(times),
        other => panic!("no candidate `{other}`"),
    }
    ExitCode::SUCCESS
}

fn come_and_go<S: Source>(times: usize) {
    let source = S::new();
    let guards: Vec<_> = (0..times).map(|_| source.subscribe()).collect();
    guards.into_iter().for_each(S::cancel);
}
