//! Emissions that are dropped midway, and those that are shielded from it.

#![allow(
    clippy::unnecessary_wraps,
    reason = "handlers return what the test is about"
)]

mod dropped;
mod random;
mod shielded;

use event_core::{Event, handler};
use event_tests::Journal;

async fn yields(times: usize) {
    for _ in 0..times {
        tokio::task::yield_now().await;
    }
}

#[derive(Event)]
struct Followed;

#[handler]
fn notes(_event: &Followed, journal: &Journal) {
    journal.write("followed");
}
