//! How tests wait: with a deadline, or until nothing is left to run.

use std::fmt::Display;
use std::io::{self, Write as _};
use std::panic::Location;
use std::thread;
use std::time::{Duration, Instant};

/// How long a test waits before it fails.
const PATIENCE: Duration = Duration::from_secs(30);

struct Deadline<W> {
    start: Instant,
    patience: Duration,
    what: W,
    /// Who waits.
    at: &'static Location<'static>,
}

impl<W: Display> Deadline<W> {
    #[track_caller]
    fn new(patience: Duration, what: W) -> Self {
        Self {
            start: Instant::now(),
            patience,
            what,
            at: Location::caller(),
        }
    }

    fn check(&self) {
        let Self {
            start,
            patience,
            what,
            at,
        } = self;
        if start.elapsed() < *patience {
            return;
        }
        let text = format!("{at}: waited {patience:?}, and it does not hold that {what}");
        // Inside of a scope of threads the panic waits for those, perhaps for ever. What is written to the
        // stream itself is seen meanwhile: the harness captures `eprintln!` and the panic's message alone.
        let _ = writeln!(io::stderr(), "{text}");
        panic!("{text}");
    }
}

/// Gives other threads their turn until `holds`: for what gives no signal, such as a count. `what` says in
/// the panic what was waited for.
///
/// # Panics
///
/// It does not hold within 30 seconds.
#[track_caller]
pub fn until(what: impl Display, mut holds: impl FnMut() -> bool) {
    let deadline = Deadline::new(PATIENCE, what);
    while !holds() {
        deadline.check();
        thread::yield_now();
    }
}

/// The same for a task, which gives the other tasks of its runtime their turn.
///
/// # Panics
///
/// It does not hold within 30 seconds of the system's clock, though that of the runtime may be paused.
#[track_caller]
pub fn until_async(
    what: impl Display,
    mut holds: impl FnMut() -> bool,
) -> impl Future<Output = ()> {
    let deadline = Deadline::new(PATIENCE, what);
    async move {
        while !holds() {
            deadline.check();
            tokio::task::yield_now().await;
        }
    }
}

/// Waits until every task of this runtime waits. Its clock is paused, and such a clock moves only when the
/// runtime has nothing to run: what has not happened by then needs a signal or a later time.
///
/// The threads of queues are not part of the runtime; [`Gate`](crate::Gate) and counts tell of them.
///
/// # Panics
///
/// The clock of the runtime runs.
pub async fn idle() {
    let now = tokio::time::Instant::now();
    thread::yield_now();
    assert_eq!(
        now.elapsed(),
        Duration::ZERO,
        "the clock of this runtime is not paused"
    );
    tokio::time::sleep(Duration::from_millis(1)).await;
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use std::time::Duration;

    use super::{Deadline, idle};

    #[test]
    #[should_panic(expected = "waited 0ns, and it does not hold that the gate is open")]
    fn a_deadline_says_what_was_waited_for() {
        Deadline::new(Duration::ZERO, "the gate is open").check();
    }

    #[tokio::test(start_paused = true)]
    async fn idle_returns_when_tasks_that_yield_often_and_start_others_have_ended() {
        let ran = Arc::new(AtomicUsize::new(0));
        let in_task = ran.clone();
        tokio::spawn(async move {
            for _ in 0..1_000 {
                tokio::task::yield_now().await;
            }
            tokio::spawn(async move {
                tokio::task::yield_now().await;
                in_task.fetch_add(1, Ordering::Relaxed);
            });
        });
        idle().await;
        assert_eq!(ran.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    #[should_panic(expected = "not paused")]
    async fn idle_refuses_a_clock_that_runs() {
        idle().await;
    }
}
