//! Runs `instructions_wire DIRECTION.SIZE.CANDIDATE TIMES` and does nothing else, for callgrind to count.
//!
//! Two runs with different `TIMES` differ by what is written or read alone.

use std::env;
use std::process::ExitCode;

use event_benches::wire::{Direction, set};

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [what, times] = arguments.as_slice() else {
        eprintln!("usage: instructions_wire DIRECTION.SIZE.CANDIDATE TIMES");
        return ExitCode::from(2);
    };
    let [direction, size, name] = what.split('.').collect::<Vec<_>>()[..] else {
        panic!("`{what}` is not DIRECTION.SIZE.CANDIDATE");
    };
    let direction = Direction::ALL
        .into_iter()
        .find(|it| it.name() == direction)
        .expect("DIRECTION is `encode` or `decode`");
    let times = times.parse().expect("TIMES is a number");
    let (candidates, _) = set(direction, size);
    let candidate = candidates.into_iter().find(|it| it.name == name);
    candidate.expect("a candidate of the set").run(times);
    ExitCode::SUCCESS
}
