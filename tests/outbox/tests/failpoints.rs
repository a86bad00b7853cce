//! One death at each step of the outbox, on each store.
//!
//! A first process dies with deliveries in its hands, a second one at the step, and a third one makes what is left.
//! Then the books must be right.

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::time::Instant;

use event_outbox::failpoints::{Point, VARIABLE};
use event_outbox_servers::{Assignment, Books, Place, Server, Task, Version};

/// The handlers of a worker that can end their process.
const HANDLERS: [&str; 9] = [
    "ship", "shipped", "pack", "announce", "hear", "heal", "refuse", "book", "thank",
];

const SIGABRT: i32 = 6;

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_outbox-worker"))
}

/// With leases that are extended soon.
fn assignment(place: &Place, task: Task, run: i64) -> Assignment {
    Assignment {
        lease: 1000,
        ..Assignment::new(place, task, run)
    }
}

/// Starts a worker, and waits until it has ended; returns whether it aborted.
fn aborts(assignment: &Assignment, at: Option<(Point, u32)>) -> bool {
    let at = at.map(|(point, time)| (VARIABLE, format!("{}:{time}", point.name())));
    let status = assignment.start(program(), at.as_slice()).ended();
    assert!(
        status.success() || status.signal() == Some(SIGABRT),
        "{status}"
    );
    !status.success()
}

/// Has somebody die with deliveries in its hands.
fn leave_deliveries(place: &Place) {
    let dies = aborts(&assignment(place, Task::Tour, 1), Some((Point::Begun, 5)));
    assert!(dies, "a delivery begins");
}

async fn make_the_rest(place: &Place) {
    let drain = assignment(place, Task::Drain, 3);
    assert!(!aborts(&drain, None));
    Books::check(place).await;
}

const fn is_of(point: Point, place: &Place) -> bool {
    place.is_sqlite() || !matches!(point, Point::BatchWritten | Point::BatchCommitted)
}

async fn die_at_each_step(new_place: impl AsyncFn() -> Place) {
    let begun = Instant::now();
    let mut cases = 0;
    for point in Point::ALL.iter().copied() {
        // The first time, and one when there is more to do.
        for time in [1, 4] {
            let place = new_place().await;
            if !is_of(point, &place) {
                continue;
            }
            let makes_tables = matches!(point, Point::Migrating | Point::Migrated);
            if !makes_tables {
                leave_deliveries(&place);
            }
            let died = aborts(&assignment(&place, Task::Tour, 2), Some((point, time)));
            assert!(died || time > 1, "nobody passes {point:?}");
            make_the_rest(&place).await;
            cases += usize::from(died);
        }
    }
    println!("{cases} deaths in {:.0?}", begun.elapsed());
}

async fn die_in_each_handler(new_place: impl AsyncFn() -> Place) {
    for handler in HANDLERS {
        let place = new_place().await;
        let fatal = Assignment {
            fatal: Some(handler.to_owned()),
            ..assignment(&place, Task::Tour, 1)
        };
        assert!(aborts(&fatal, None), "nobody calls `{handler}`");
        make_the_rest(&place).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_can_die_at_each_step_on_sqlite() {
    die_at_each_step(Place::sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_can_die_at_each_step_on_postgres() {
    let server = Server::shared(Version::Newest);
    die_at_each_step(async || Place::postgres(&server).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_can_die_in_each_handler_on_sqlite() {
    die_in_each_handler(Place::sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_can_die_in_each_handler_on_postgres() {
    let server = Server::shared(Version::Newest);
    die_in_each_handler(async || Place::postgres(&server).await).await;
}
