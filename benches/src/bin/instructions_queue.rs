//! Delivers `instructions_queue GROUP.CONSUMERS.CANDIDATE TIMES` and does nothing else, for callgrind to count.
//! Everything runs on a current-thread runtime.
//!
//! Two runs with different `TIMES` differ by the deliveries alone.

use std::env;
use std::process::ExitCode;
use std::rc::Rc;

use event_benches::queues::{COUNTED, Candidate};
use tokio::runtime::Builder;

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [what, times] = arguments.as_slice() else {
        eprintln!("usage: instructions_queue GROUP.CONSUMERS.CANDIDATE TIMES");
        return ExitCode::from(2);
    };
    let times = times.parse().expect("TIMES is a number");
    candidate(what).deliver_some(times);
    ExitCode::SUCCESS
}

/// The candidate that is called `queue-key.2.ours`, or like it.
fn candidate(what: &str) -> Candidate {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let runtime = Rc::new(runtime);
    let set = COUNTED.into_iter().find_map(|set| {
        let name = what.strip_prefix(&format!("{}.{}.", set.group, set.consumers))?;
        let mut candidates = set.candidates(&runtime).into_iter();
        candidates.find(|candidate| candidate.name == name)
    });
    set.unwrap_or_else(|| panic!("no candidate is called `{what}`"))
}
