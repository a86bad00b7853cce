//! Times ten thousand subscriptions of one event, and their cancellation.
//!
//! `subscribe SECONDS` measures each set of candidates for that long, from one thread and from ten. The
//! candidates take turns, each round with a new source: all subscribe, one event is emitted, all cancel. For
//! each candidate it prints
//!
//! ```text
//! time subscribe.10.signals2 410.2 455.0  least and median nanoseconds of wall time per subscription
//! ratio subscribe.10.signals2 0.71        median over the rounds of ours divided by theirs
//! ms subscribe.10 4.9                     median milliseconds of all ours
//! ```
//!
//! and `time observed.10000.ours 88.1 90.3`, nanoseconds per delivery of an observed emission to so many
//! subscriptions, with `ratio observed.10000.few` of those to a hundred.

use std::env;
use std::sync::{Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use event_benches::rounds::{self, Series, named};
use event_benches::subscribing::{Async, Observed, Ours, Signals2, Source, Weak};
use event_benches::timed::{Timed, measure};
use event_benches::work::sum;

const SUBSCRIPTIONS: u32 = 10_000;

/// A median of fewer rounds is not worth printing, however slow the machine.
const ROUNDS: usize = 15;

/// The peer copies all slots at each change, so that one round of it takes about ten seconds.
const ROUNDS_OF_PEER: usize = 1;

fn main() {
    let seconds = env::args()
        .nth(1)
        .and_then(|seconds| seconds.parse().ok())
        .unwrap_or(2.0);
    let patience = Duration::from_secs_f64(seconds);

    for threads in [1, 10] {
        come_and_go(threads, patience);
    }
    observed(patience);
}

/// What one candidate took to subscribe, and to cancel.
struct Pair {
    round: fn(u32) -> (Duration, Duration),
    /// In how many rounds it takes part, from the first on.
    rounds: usize,
    subscribe: Series,
    cancel: Series,
}

impl Pair {
    fn new<S: Source>(rounds: usize) -> Self {
        Self {
            round: round::<S>,
            rounds,
            subscribe: Series::new(S::NAME),
            cancel: Series::new(S::NAME),
        }
    }
}

fn come_and_go(threads: u32, patience: Duration) {
    let mut set = [
        Pair::new::<Ours>(usize::MAX),
        Pair::new::<Weak>(usize::MAX),
        Pair::new::<Async>(usize::MAX),
        Pair::new::<Signals2>(ROUNDS_OF_PEER),
    ];
    let start = Instant::now();
    let mut rounds = 0;
    while rounds < ROUNDS || start.elapsed() < patience {
        // Each round starts with another candidate, so that no place in the order is an advantage.
        for turn in 0..set.len() {
            let index = (rounds + turn) % set.len();
            let pair = &mut set[index];
            if rounds >= pair.rounds {
                continue;
            }
            let (subscribe, cancel) = (pair.round)(threads);
            let each = |spent: Duration| spent.as_secs_f64() * 1e9 / f64::from(SUBSCRIPTIONS);
            pair.subscribe.rounds.push(each(subscribe));
            pair.cancel.rounds.push(each(cancel));
        }
        rounds += 1;
    }
    let own = ["ours-weak", "ours-async"];
    for (group, of) in [
        (
            "subscribe",
            (|pair| &pair.subscribe) as fn(&Pair) -> &Series,
        ),
        ("cancel", |pair| &pair.cancel),
    ] {
        let set: Vec<_> = set.iter().map(of).collect();
        rounds::print(group, threads, &set, &own);
        let median = named(&set, "ours").median();
        println!(
            "ms {group}.{threads} {:.2}",
            median * f64::from(SUBSCRIPTIONS) / 1e6
        );
    }
}

/// Subscribes and cancels once from so many threads; returns the wall time of each.
fn round<S: Source>(threads: u32) -> (Duration, Duration) {
    let source = S::new();
    let guards: Vec<_> = (0..threads).map(|_| Mutex::new(Vec::new())).collect();
    let each = SUBSCRIPTIONS / threads;
    let subscribe = side_by_side(threads, |thread| {
        let mut guards = guards[thread].lock().expect("no panic");
        guards.extend((0..each).map(|_| source.subscribe()));
    });
    let before = sum();
    source.emit(1);
    assert_eq!(sum() - before, u64::from(SUBSCRIPTIONS), "all are called");
    let cancel = side_by_side(threads, |thread| {
        let mut guards = guards[thread].lock().expect("no panic");
        guards.drain(..).for_each(S::cancel);
    });
    let before = sum();
    source.emit(1);
    assert_eq!(sum(), before, "none is called");
    (subscribe, cancel)
}

/// Runs `work` on so many threads at once; returns the wall time from the first start to the last end.
fn side_by_side(threads: u32, work: impl Fn(usize) + Sync) -> Duration {
    let barrier = Barrier::new(threads as usize);
    let run = |thread| {
        barrier.wait();
        let start = Instant::now();
        work(thread);
        (start, Instant::now())
    };
    if threads == 1 {
        let (start, end) = run(0);
        return end - start;
    }
    let spans: Vec<_> = thread::scope(|scope| {
        let threads = (0..threads as usize).map(|thread| {
            scope.spawn({
                let run = &run;
                move || run(thread)
            })
        });
        let threads: Vec<_> = threads.collect();
        let spans = threads.into_iter().map(thread::ScopedJoinHandle::join);
        spans.map(|span| span.expect("no panic")).collect()
    });
    let start = spans.iter().map(|(start, _)| *start).min();
    let end = spans.iter().map(|(_, end)| *end).max();
    end.zip(start)
        .map_or(Duration::ZERO, |(end, start)| end - start)
}

/// Emissions to many subscriptions that somebody observes, beside some to few.
fn observed(patience: Duration) {
    let timed = |name, subscriptions: u32| {
        let source = Observed::new();
        let guards: Vec<_> = (0..subscriptions).map(|_| source.subscribe()).collect();
        Timed::per(name, subscriptions, move |times| {
            let _guards = &guards;
            (0..times).for_each(|id| source.emit(id));
        })
    };
    let set = measure(
        vec![timed("ours", SUBSCRIPTIONS), timed("few", 100)],
        patience,
    );
    let set: Vec<_> = set.iter().collect();
    rounds::print("observed", SUBSCRIPTIONS, &set, &[]);
}
