//! The figures of one outbox, through the facade `metrics`.

use std::fmt;
use std::time::Duration;

use metrics::{Unit, counter, describe_counter, describe_gauge, gauge};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};
use tracing::warn;

use crate::outbox::Outbox;
use crate::store::Store;

const OLDEST: &str = "event_outbox_oldest_age_seconds";
const DEAD: &str = "event_outbox_dead_letters";
const ORPHANED: &str = "event_outbox_orphaned";
const RUNNING: &str = "event_outbox_is_running";
const DONE: &str = "event_outbox_done_total";
const RETRIED: &str = "event_outbox_retried_total";
const BURIED: &str = "event_outbox_dead_total";
const STALE: &str = "event_outbox_stale_total";

/// The interval at which the store is asked.
const INTERVAL: Duration = Duration::from_secs(10);

/// Records what an outbox does through the [`metrics`] facade, until the returned guard is dropped.
///
/// | name | kind | what |
/// | --- | --- | --- |
/// | `event_outbox_oldest_age_seconds` | gauge | for how long the oldest delivery has been due that nobody works on; 0 if none is |
/// | `event_outbox_dead_letters` | gauge | dead letters in the store |
/// | `event_outbox_orphaned` | gauge | deliveries in the store of handlers that this program lacks |
/// | `event_outbox_is_running` | gauge | 1 while the outbox makes deliveries, else 0 |
/// | `event_outbox_done_total` | counter | deliveries that ended well in this process |
/// | `event_outbox_retried_total` | counter | attempts in this process that failed and were followed by another |
/// | `event_outbox_dead_total` | counter | deliveries that became dead letters in this process |
/// | `event_outbox_stale_total` | counter | deliveries that another process had taken over when they ended here |
///
/// The store is asked every ten seconds, by one query; see [`Outbox::health`] for its cost. If the store cannot be asked,
/// that is logged, and the first three gauges stay what they were. Emissions and deliveries of each event and handler are
/// counted by `event_telemetry::record`.
///
/// # Panics
///
/// Panics outside of a tokio runtime.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), event_outbox::OutboxError> {
/// let outbox = event_outbox::sqlite::Outbox::in_memory().await?;
/// let _recording = event_outbox::record(&outbox);
/// # Ok(()) }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
pub fn record<S: Store>(outbox: &Outbox<S>) -> Recording<S> {
    describe();
    let watched = outbox.clone();
    let task = tokio::spawn(async move {
        let mut ticks = interval(INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            look(&watched).await;
        }
    });
    Recording {
        outbox: outbox.clone(),
        task,
    }
}

/// A guard: recording ends when it is dropped.
#[must_use = "dropping it ends the recording, and `let _ =` drops it at once: bind it to a name"]
pub struct Recording<S: Store> {
    outbox: Outbox<S>,
    task: JoinHandle<()>,
}

impl<S: Store> Recording<S> {
    /// Reads the figures now, as is done every ten seconds, for a caller that needs current ones.
    pub async fn update(&self) {
        look(&self.outbox).await;
    }
}

impl<S: Store> Drop for Recording<S> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl<S: Store> fmt::Debug for Recording<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording").finish_non_exhaustive()
    }
}

#[allow(clippy::cast_precision_loss, reason = "gauges are floats")]
async fn look<S: Store>(outbox: &Outbox<S>) {
    let counts = outbox.counts();
    counter!(DONE).absolute(counts.done);
    counter!(RETRIED).absolute(counts.retried);
    counter!(BURIED).absolute(counts.dead);
    counter!(STALE).absolute(counts.stale);
    gauge!(RUNNING).set(if outbox.is_running() { 1.0 } else { 0.0 });
    match outbox.health().await {
        Ok(health) => {
            gauge!(OLDEST).set(health.oldest.unwrap_or_default().as_secs_f64());
            gauge!(DEAD).set(health.dead as f64);
            gauge!(ORPHANED).set(health.orphaned as f64);
        }
        Err(why) => warn!(error = %why, "the figures of the outbox cannot be read"),
    }
}

fn describe() {
    describe_gauge!(
        OLDEST,
        Unit::Seconds,
        "for how long the oldest delivery has been due that nobody works on"
    );
    describe_gauge!(DEAD, "dead letters in the store");
    describe_gauge!(
        ORPHANED,
        "deliveries in the store of handlers that this program lacks"
    );
    describe_gauge!(RUNNING, "1 while the outbox makes deliveries");
    describe_counter!(DONE, "deliveries that ended well in this process");
    describe_counter!(
        RETRIED,
        "attempts in this process that failed and were followed by another"
    );
    describe_counter!(
        BURIED,
        "deliveries that became dead letters in this process"
    );
    describe_counter!(
        STALE,
        "deliveries that another process had taken over when they ended here"
    );
}
