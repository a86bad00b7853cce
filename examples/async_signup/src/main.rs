//! Somebody signs up, and five async handlers react side by side: what Python does with
//! `asyncio.gather`.
//!
//! ```text
//! cargo run -p async_signup
//! ```
//!
//! What to look at:
//!
//! * `audit` and `welcome` meet: each waits for the other before it goes on. Run one after the other
//!   neither would ever meet anybody; they do, so they overlap.
//! * One handler fails, one panics, and one never ends and is dropped when its time is over. None of
//!   them reaches another or the emitter. All three are in the report of `emit_async`, each under its own
//!   name.
//! * `emit` waits for none of them. They run as tasks, their failures go to `on_failure`, and
//!   `shutdown` waits for them.
//!
//! In Python `gather(…, return_exceptions=True)` waits for a handler that never ends as long as that
//! takes, a failure does not say whose it is, and whoever does not await the bus gets handlers that
//! nobody waits for. Here a handler says how long it may take, a failure knows its handler, and a
//! shutdown knows what is under way.

mod handlers;

use std::time::Duration;

use event_core::report::Failure;
use event_core::{Dispatcher, dispatcher::DispatcherBuilder, error::BoxError};
use handlers::{Meeting, UserSignedUp};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    // Rust's own message of a panic, on stderr, would only repeat what the report says.
    std::panic::set_hook(Box::new(|_| {}));
    let dispatcher = wire().build()?;

    println!("Ada signs up, and we wait for the handlers.");
    let report = dispatcher.emit_async(UserSignedUp { name: "Ada" }).await;
    println!("= {report}");

    println!("Grace signs up, and we do not wait.");
    let report = dispatcher.emit(UserSignedUp { name: "Grace" });
    println!("= {report}");

    println!("We close, and wait at most ten seconds.");
    let shutdown = dispatcher.shutdown(Duration::from_secs(10)).await;
    println!("= all has ended: {}", shutdown.is_complete());
    Ok(())
}

/// The program without its `main`, so that tests can replace parts of it.
fn wire() -> DispatcherBuilder {
    Dispatcher::builder()
        .provide(Meeting::of_two())
        .on_failure(|failure: &Failure| println!("  heard: {failure}"))
}

#[cfg(test)]
mod tests;
