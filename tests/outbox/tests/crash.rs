//! Programs that are killed at random moments, and what is left of their work.
//!
//! Workers emit orders, some of which they roll back, while their handlers write down what they have seen. The test
//! kills one worker after another with SIGKILL, each with its database in whatever state it is in; now and then two
//! share the database, and the other one lives on. Then a last worker makes what is left, and the books must be right.
//!
//! `EVENT_OUTBOX_KILLS` says how often to kill; 25 times without it.

use std::path::Path;
use std::time::{Duration, Instant};

use event_outbox_servers::{Assignment, Books, Place, Server, Task, Version, Worker};

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_outbox-worker"))
}

fn kills() -> u32 {
    match std::env::var("EVENT_OUTBOX_KILLS") {
        Ok(kills) => kills.parse().expect("EVENT_OUTBOX_KILLS is a number"),
        Err(_) => 25,
    }
}

fn start(place: &Place, task: Task, run: u32) -> Worker {
    let assignment = Assignment::new(place, task, i64::from(run));
    let mut worker = assignment.start(program(), &[]);
    worker.wait_for("ready");
    worker
}

/// Has a worker make what is left, and end.
fn drain(place: &Place) {
    let mut last = start(place, Task::Drain, 0);
    last.wait_for("ended");
    assert!(last.ended().success());
}

async fn kill_at_random_moments(place: Place) {
    let kills = kills();
    let begun = Instant::now();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut workers = Vec::new();
    let (mut runs, mut shared) = (0, 0);
    for kill in 1..=kills {
        let at_once = if random.below(3) == 0 { 2 } else { 1 };
        while workers.len() < at_once {
            runs += 1;
            workers.push(start(&place, Task::Work, runs));
        }
        std::thread::sleep(Duration::from_micros(random.below(120_000)));
        let victim = usize::try_from(random.below(workers.len() as u64)).expect("one or two");
        let victim: Worker = workers.swap_remove(victim);
        victim.kill();
        shared += workers.len();
        if kill % 10 == 0 {
            // Deliveries that are in one crash after another are made one by one, which takes its time.
            workers.drain(..).for_each(Worker::kill);
            drain(&place);
        }
        if kill % 100 == 0 {
            println!("{kill} of {kills} killed");
        }
    }
    workers.into_iter().for_each(Worker::kill);
    drain(&place);

    let books = Books::check(&place).await;
    assert!(
        books.committed > kills as usize,
        "the workers have worked: {}",
        books.committed
    );
    println!(
        "{kills} kills, {shared} of them beside a worker that lived on, in {:.0?}; {} orders committed: 0 lost, 0 handled \
         though rolled back, 0 booked twice, {} shipped twice, all of them in the hands of a worker that was killed",
        begun.elapsed(),
        books.committed,
        books.twice,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_killed_what_was_committed_is_handled_and_nothing_else_on_sqlite() {
    kill_at_random_moments(Place::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_killed_what_was_committed_is_handled_and_nothing_else_on_postgres() {
    kill_at_random_moments(Place::postgres(&Server::shared(Version::Newest)).await).await;
}

/// A small generator; the moments of the kills need no better one.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}
