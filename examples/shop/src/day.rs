//! A day of the shop, from the first purchase to the last receipt.

use std::time::{Duration, Instant};

use event_core::{Dispatcher, dispatcher::ShutdownReport, flag::Flag};
use tokio::{select, time::timeout};

use crate::{input::Lines, replay::Till};

/// How a day went.
#[derive(Debug)]
pub(crate) struct Day {
    /// Whether it ended before its time.
    pub(crate) interrupted: bool,
    /// How long the till was open.
    pub(crate) till: Duration,
    /// How long it was until all was sent, too.
    pub(crate) whole: Duration,
    /// What was read.
    pub(crate) lines: Lines,
    /// What was left to do when the till was closed, and what became of it.
    pub(crate) shutdown: ShutdownReport,
}

/// Waits until all purchases are made and all they led to has ended, however long that takes.
///
/// An interrupt closes the till first, so that no purchase is left half done, and then lets what
/// waits go on: both within `drain_limit`. The caller says so to the user in `on_interrupt`.
pub(crate) async fn day(
    dispatcher: &Dispatcher,
    till: Till,
    interrupted: &Flag,
    drain_limit: Duration,
    on_interrupt: impl FnOnce(),
) -> Day {
    let since = till.since;
    let undisturbed = async {
        till.closed().await;
        dispatcher.shutdown(Duration::MAX).await
    };
    let interrupted = select! {
        shutdown = undisturbed => Ok(shutdown),
        () = interrupted.wait() => Err(Instant::now()),
    };
    let (interrupted, shutdown) = match interrupted {
        Ok(shutdown) => (false, shutdown),
        Err(at) => {
            on_interrupt();
            till.stop();
            let _ = timeout(drain_limit, till.closed()).await;
            let left = drain_limit.saturating_sub(at.elapsed());
            (true, dispatcher.shutdown(left).await)
        }
    };
    // A purchase that still waited has heard by now that nothing takes its receipt any more.
    let (till, lines) = till.took();
    Day {
        interrupted,
        till,
        whole: since.elapsed(),
        lines,
        shutdown,
    }
}
