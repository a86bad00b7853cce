//! Times the catalogue of a program with 1,000 events and 5,000 handlers, and the tracking of emits.
//!
//! `catalog ROUNDS` lets each pair take turns, and prints
//!
//! ```text
//! bytes lock 3120441                    of the file
//! time check.ours 38.0 40.1             least and median milliseconds, to read the lock, compare, and write what differs
//! time check.serde_json 12.1 12.3       and to parse the lock alone
//! ratio check.serde_json 3.2            median over the rounds of ours divided by theirs
//! ```

mod by_hand;

use std::env;
use std::hint::black_box;
use std::time::Duration;

use event_bench_catalog_events::{Line, Payment};
use event_catalog::lock::{CheckOptions, Lock};
use event_catalog::{Catalog, EventsCommand, ListArgs, Terminal};
use event_core::{Dispatcher, Event, handler};
use event_testing::DispatcherExt as _;
use rustix::time::{ClockId, clock_gettime};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The last of the 1,000 events, and the one that is emitted.
#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(name = "shop99.event_9", wire, schema, key = id)]
struct Ordered {
    /// Who.
    id: u64,
    total: u64,
    note: Option<String>,
    lines: Vec<Line>,
    #[serde(default)]
    paid: Option<Payment>,
}

#[handler(priority = 0)]
fn h0(event: &Ordered) {
    black_box(event.id);
}

#[handler(priority = 1)]
fn h1(event: &Ordered) {
    black_box(event.id);
}

#[handler(priority = 2)]
fn h2(event: &Ordered) {
    black_box(event.id);
}

#[handler(priority = 3)]
fn h3(event: &Ordered) {
    black_box(event.id);
}

#[handler(priority = 4)]
fn h4(event: &Ordered) {
    black_box(event.id);
}

/// How often an event is emitted.
const EMITS: u64 = 10_000;

fn main() {
    let rounds = env::args().nth(1).and_then(|rounds| rounds.parse().ok());
    let rounds = rounds.unwrap_or(15);

    let lock = Catalog::linked().lock().to_string();
    println!("bytes lock {}", lock.len());
    // Every second event has a narrower number than the lock says.
    let changed = lock.replace("\"format\": \"uint32\"", "\"format\": \"uint64\"");
    assert_ne!(changed, lock);
    assert_eq!(check(&lock), (0, true));
    assert_eq!(check(&changed), (500, false));
    for (name, text) in [("check", &lock), ("check_changed", &changed)] {
        let ours = || {
            black_box(check(text));
        };
        let theirs = || drop(black_box(serde_json::from_str::<Value>(text)));
        compare(name, rounds, ours, ("serde_json", theirs));
    }

    assert_eq!(list(), by_hand::list(), "both write the same");
    assert_eq!(list().lines().count(), 1_000 * 7 + 1);
    println!("bytes list {}", list().len());
    let theirs = || drop(black_box(by_hand::list()));
    compare(
        "list",
        rounds,
        || drop(black_box(list())),
        ("by_hand", theirs),
    );

    let dispatcher = Dispatcher::builder().build();
    let dispatcher = dispatcher.unwrap_or_else(|error| panic!("{error}"));
    let tracked = || dispatcher.track_blocking(emit);
    compare(
        "track",
        rounds,
        tracked,
        ("untracked", || emit(&dispatcher)),
    );
}

/// Reads a lock, compares the program with it, and writes what differs; returns how many errors there are, and
/// whether the lock is current.
fn check(text: &str) -> (usize, bool) {
    let lock: Lock = text.parse().unwrap_or_else(|error| panic!("{error}"));
    let check = Catalog::linked().check(&lock, CheckOptions::default());
    black_box(check.to_string());
    (check.errors().count(), check.is_current())
}

fn list() -> String {
    let command = EventsCommand::List(ListArgs::default());
    command.reply(&Catalog::linked(), &Terminal::plain()).output
}

fn emit(dispatcher: &Dispatcher) {
    for id in 0..EMITS {
        dispatcher.emit(Ordered {
            id,
            total: 1,
            note: None,
            lines: Vec::new(),
            paid: None,
        });
    }
}

/// Lets two take turns, and prints the median of the times and of the ratios.
fn compare(
    name: &str,
    rounds: usize,
    mut ours: impl FnMut(),
    (other, mut theirs): (&str, impl FnMut()),
) {
    let (mut all_ours, mut all_theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        // Neither is always the first.
        let (our, their) = if round.is_multiple_of(2) {
            let our = time(&mut ours);
            (our, time(&mut theirs))
        } else {
            let their = time(&mut theirs);
            (time(&mut ours), their)
        };
        all_ours.push(our);
        all_theirs.push(their);
        ratios.push(our / their);
    }
    for (who, times) in [("ours", all_ours), (other, all_theirs)] {
        let least = times.iter().copied().fold(f64::INFINITY, f64::min);
        println!("time {name}.{who} {least:.2} {:.2}", median(times));
    }
    println!("ratio {name}.{other} {:.2}", median(ratios));
}

/// Returns the milliseconds of CPU that a call takes.
fn time(call: &mut impl FnMut()) -> f64 {
    let start = clock_gettime(ClockId::ThreadCPUTime);
    call();
    let spent = Duration::try_from(clock_gettime(ClockId::ThreadCPUTime) - start);
    spent.expect("time does not run backwards").as_secs_f64() * 1e3
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
