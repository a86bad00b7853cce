//! A process of its own with an outbox, which says when it begins a delivery.

use std::future::pending;
use std::io::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use event_core::{Dispatcher, handler};
use event_outbox::store::Store;
use event_outbox::{Outbox, Settings};

use crate::ours::ParcelSent;

/// The note of a parcel whose delivery never ends.
pub const HOLD: &str = "hold";

/// The id of the worker's handler.
pub const REPORT: &str = "bench.report";

/// Prints `begun NUMBER MICROS`, with the microseconds since 1970.
#[handler(durable, id = "bench.report")]
async fn report(event: &ParcelSent) {
    let micros = now_micros();
    let _ = writeln!(std::io::stdout().lock(), "begun {} {micros}", event.number);
    if event.note == HOLD {
        pending::<()>().await;
    }
}

/// Returns the microseconds since 1970.
///
/// # Panics
///
/// Panics before 1970.
#[must_use]
pub fn now_micros() -> u128 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.expect("it is after 1970").as_micros()
}

/// Makes deliveries until the process is killed. Prints `ready` first.
///
/// # Panics
///
/// Panics if the outbox does not start.
pub async fn work(store: impl Store) {
    let outbox = Outbox::open_on(store, Settings::new())
        .await
        .expect("it opens");
    let dispatcher = Dispatcher::empty().handler(report).outbox(&outbox).build();
    let _dispatcher = dispatcher.expect("it is built");
    println!("ready");
    pending::<()>().await;
}
