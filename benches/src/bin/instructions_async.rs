//! Emits `instructions_async GROUP.HANDLERS.CANDIDATE TIMES` and does nothing else, for callgrind to count.
//!
//! Two runs with different `TIMES` differ by the emits alone.

use std::env;
use std::process::ExitCode;

use event_benches::awaited::pending::{self, Wakes};
use event_benches::awaited::{self, Awaited, ready};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [what, times] = arguments.as_slice() else {
        eprintln!("usage: instructions_async GROUP.HANDLERS.CANDIDATE TIMES");
        return ExitCode::from(2);
    };
    let [group, handlers, name] = what.split('.').collect::<Vec<_>>()[..] else {
        panic!("`{what}` is not GROUP.HANDLERS.CANDIDATE");
    };
    let handlers = handlers.parse().expect("HANDLERS is a number");
    let times = times.parse().expect("TIMES is a number");
    candidate(group, handlers, name).emit(times).await;
    ExitCode::SUCCESS
}

fn candidate(group: &str, handlers: usize, name: &str) -> Awaited {
    let wakes = Wakes::ALL.into_iter().find(|wakes| wakes.group() == group);
    let set = match wakes {
        Some(wakes) => pending::all(handlers, wakes),
        None if group == "async-ready" => ready::all(handlers),
        None => awaited::all(handlers),
    };
    let mut set = set.into_iter();
    set.find(|candidate| candidate.name == name)
        .expect("a candidate of the set")
}
