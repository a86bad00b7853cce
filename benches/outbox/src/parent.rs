//! Starts workers and reads what they say.

use std::env;
use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use event_outbox::store::{Due, Lease, NewDelivery, Owner, Store};

use crate::ours::{self, ParcelSent};
use crate::rates::quantile;
use crate::worker::{HOLD, REPORT, now_micros};

/// A worker, which is killed when it is dropped.
#[derive(Debug)]
pub struct Worker {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Worker {
    /// Starts this program with the argument `worker` and the address of a database, and waits until it is ready.
    ///
    /// # Panics
    ///
    /// Panics if it does not start.
    #[must_use]
    pub fn start(database: &str) -> Self {
        let program = env::current_exe().expect("this program has a path");
        let mut command = Command::new(program);
        command.args(["worker", database]).stdout(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let output = child.stdout.take().expect("it is a pipe");
        let mut lines = BufReader::new(output).lines();
        assert_eq!(lines.next().and_then(Result::ok).as_deref(), Some("ready"));
        Self { child, lines }
    }

    /// Waits until a delivery begins; returns its number, and when it began, in microseconds since 1970.
    ///
    /// # Panics
    ///
    /// Panics if the worker ends.
    pub fn begun(&mut self) -> (u64, u128) {
        let line = self.lines.next().and_then(Result::ok);
        let line = line.expect("the worker goes on");
        let mut words = line.split(' ').skip(1);
        let mut word = || words.next().expect("a line has three words");
        let number = word().parse().expect("it is a number");
        (number, word().parse().expect("it is a number"))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn row(number: u64, note: &str) -> NewDelivery {
    let note = note.to_owned();
    ours::row(REPORT, &ParcelSent { number, note }, Due::Now)
}

/// Prints how long it takes from a commit here to the start of the handler in an idle worker.
///
/// # Panics
///
/// Panics if the store refuses.
#[allow(clippy::cast_precision_loss, reason = "microseconds of a second")]
pub async fn other_process(store: &impl Store, database: &str, deliveries: u64) {
    let mut worker = Worker::start(database);
    let mut micros = Vec::new();
    for number in 0..deliveries {
        let rows = vec![row(number, "")];
        store.insert(None, rows).await.expect("it is stored");
        let committed = now_micros();
        store.notify().await.expect("the worker is told");
        let (begun, at) = worker.begun();
        assert_eq!(begun, number);
        micros.push(at.saturating_sub(committed) as f64);
        // The worker has nothing to do when the next one comes.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    println!("micros other.process.p50 {:.0}", quantile(&micros, 0.5));
    println!("micros other.process.p99 {:.0}", quantile(&micros, 0.99));
}

/// Prints how long it takes from the death of one of two processes to the start of its delivery in the other.
///
/// # Panics
///
/// Panics if the store refuses.
pub async fn recovery(store: &impl Store, database: &str, kills: u64) {
    let mut millis = Vec::new();
    let mut living = Worker::start(database);
    for number in 0..kills {
        let rows = vec![row(number, HOLD)];
        store.insert(None, rows).await.expect("it is stored");
        store.notify().await.expect("the worker is told");
        assert_eq!(living.begun().0, number);
        let mut other = Worker::start(database);
        // At any moment of the other's second.
        tokio::time::sleep(Duration::from_millis(500 + number * 137 % 1_000)).await;
        let killed = Instant::now();
        drop(living);
        let begun = other.begun();
        millis.push(killed.elapsed().as_secs_f64() * 1e3);
        assert_eq!(begun.0, number);
        // It is killed with its delivery, which is taken back.
        drop(other);
        let owner = Owner::new();
        store.register(owner).await.expect("it is registered");
        store.recover(owner).await.expect("the row is freed");
        let length = Duration::from_mins(1);
        let claimed = store.claim(Lease { owner, length }, &[REPORT], 1).await;
        let claimed = claimed.expect("it is claimed");
        let done = store.complete(&[claimed[0].fence]).await;
        assert_eq!(done.expect("it is gone").len(), 1);
        store.unregister(owner).await.expect("it is gone");
        living = Worker::start(database);
    }
    println!("millis recovery.p50 {:.0}", quantile(&millis, 0.5));
    println!("millis recovery.p99 {:.0}", quantile(&millis, 0.99));
}
