//! Failed deliveries are tried again by the policy of their handler.

use std::time::Duration;

use event_core::error::BoxError;
use event_core::queue::Queue;
use event_core::retry::{Permanent, RetryAfter};
use event_core::{Event, Meta, handler};
use event_tests::Journal;
use tokio::runtime::Runtime;

mod attempts;
mod load;
mod refused;
mod seen;
mod waits;

static TASKS: Queue = Queue::new("retry tasks");
static THREADS: Queue = Queue::new("retry threads");

/// What the handlers do in their first attempts, the first one first. Later attempts succeed.
#[derive(Event)]
struct Paid {
    attempts: Vec<Attempt>,
}

#[derive(Clone, Copy, Debug)]
enum Attempt {
    Busy,
    Declined,
    CardExpired,
    TryIn(Duration),
    Panics,
    Hangs,
}

impl Paid {
    fn failing(attempts: &[Attempt]) -> Self {
        Self {
            attempts: attempts.to_vec(),
        }
    }

    /// Returns the outcome of this attempt; the journal gets its number.
    fn pay(&self, meta: &Meta, journal: &Journal) -> Result<(), BoxError> {
        journal.write(meta.attempt().to_string());
        match self.attempts.get(meta.attempt() as usize - 1) {
            None | Some(Attempt::Hangs) => Ok(()),
            Some(Attempt::Busy) => Err("busy".into()),
            Some(Attempt::Declined) => Err(Declined.into()),
            Some(Attempt::CardExpired) => Err(Permanent::new("card expired").into()),
            Some(Attempt::TryIn(wait)) => Err(RetryAfter::new(*wait, "too many requests").into()),
            Some(Attempt::Panics) => event_tests::quiet_panic(),
        }
    }

    async fn pay_in_time(&self, meta: &Meta, journal: &Journal) -> Result<(), BoxError> {
        let paid = self.pay(meta, journal);
        let attempt = self.attempts.get(meta.attempt() as usize - 1);
        if let Some(Attempt::Hangs) = attempt {
            std::future::pending::<()>().await;
        }
        paid
    }
}

#[derive(Debug)]
struct Declined;

impl std::fmt::Display for Declined {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("declined")
    }
}

impl std::error::Error for Declined {}

fn is_temporary(error: &BoxError) -> bool {
    !error.is::<Declined>()
}

#[handler(timeout = "1s", retry(attempts = 4, backoff = "1ms..2ms"))]
async fn pays(event: &Paid, meta: Meta, journal: &Journal) -> Result<(), BoxError> {
    event.pay_in_time(&meta, journal).await
}

#[handler(queue = TASKS, retry(attempts = 4, backoff = "1ms..2ms"))]
async fn pays_as_a_task(event: &Paid, meta: Meta, journal: &Journal) -> Result<(), BoxError> {
    event.pay_in_time(&meta, journal).await
}

#[handler(queue = THREADS, retry(attempts = 4, backoff = "1ms..2ms"))]
fn pays_on_a_thread(event: &Paid, meta: Meta, journal: &Journal) -> Result<(), BoxError> {
    event.pay(&meta, journal)
}

#[handler(retry(attempts = 4, backoff = "1ms..2ms", when = is_temporary))]
async fn pays_unless_declined(event: &Paid, meta: Meta, journal: &Journal) -> Result<(), BoxError> {
    event.pay(&meta, journal)
}

#[handler(queue = THREADS, retry(attempts = 4, backoff = "1ms..2ms", when = is_temporary))]
fn pays_on_a_thread_unless_declined(
    event: &Paid,
    meta: Meta,
    journal: &Journal,
) -> Result<(), BoxError> {
    event.pay(&meta, journal)
}

/// A runtime of this thread, whose clock stands still until all of its tasks wait.
fn paused_runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime")
}
