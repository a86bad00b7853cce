//! Runs seeds.

use std::sync::Arc;

use event_core::__private::{Scheduler, with_scheduler};

use super::random::{Random, SeededJitter};
use super::scenario::{self, Outcome};

/// How many seeds are run if nobody says it.
const SEEDS: u64 = 10_000;

pub(super) fn simulate<F: Future>(seed: u64, future: F) -> F::Output {
    let jitter: Arc<dyn Scheduler> = Arc::new(SeededJitter(Random::new(!seed)));
    with_scheduler(&jitter, || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_time().start_paused(true).build().unwrap();
        runtime.block_on(future)
    })
}

fn run(seed: u64) -> Outcome {
    simulate(seed, scenario::run(seed))
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    let number = text.parse();
    Some(number.unwrap_or_else(|_| panic!("the environment variable `{name}` is no number")))
}

#[test]
fn whatever_fails_each_committed_event_is_handled_and_no_other() {
    let seeds = match number("OUTBOX_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("OUTBOX_SEEDS").unwrap_or(SEEDS),
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let seeds = seeds.clone();
            scope.spawn(move || {
                for seed in seeds.skip(thread).step_by(threads) {
                    let outcome = run(seed);
                    assert!(
                        outcome.violations.is_empty(),
                        "seed {seed}: {}\nhelp: run it alone: `OUTBOX_SEED={seed} cargo test -p event-outbox \
                         --test simulation`",
                        outcome.violations.join("\n  ")
                    );
                }
            });
        }
    });
}

#[test]
fn a_seed_does_the_same_each_time() {
    for seed in 0..20 {
        let told = || {
            let told = run(seed).runs.into_iter();
            let told = told.map(|run| {
                let handler = run.target.1;
                (
                    run.process,
                    handler,
                    run.order,
                    run.begun,
                    run.ended,
                    run.is_success,
                )
            });
            told.collect::<Vec<_>>()
        };
        assert_eq!(told(), told(), "seed {seed}");
    }
}
