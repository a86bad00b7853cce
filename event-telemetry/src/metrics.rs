//! Counters, gauges and histograms of one dispatcher.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, SystemTime};

use event_core::observer::{
    AttemptResult, DeliveryResult, DeliveryView, EmissionView, Observer, ObserverGuard,
};
use event_core::queue::QueueHandle;
use event_core::{Dispatcher, dispatcher::DispatcherHandle};
use metrics::{Label, Unit, counter, describe_counter, describe_gauge, describe_histogram};
use metrics::{gauge, histogram};

const EMITTED: &str = "event_emitted_total";
const DELIVERIES: &str = "event_deliveries_total";
const DURATION: &str = "event_delivery_duration_seconds";
const FAILED_ATTEMPTS: &str = "event_failed_attempts_total";
const OBSERVER_PANICS: &str = "event_observer_panics_total";
const DEPTH: &str = "event_queue_depth";
const RUNNING: &str = "event_queue_running";
const OLDEST: &str = "event_queue_oldest_age_seconds";
const DROPPED: &str = "event_queue_dropped_total";
const SKIPPED: &str = "event_queue_skipped_total";
const REJECTED: &str = "event_queue_rejected_total";
const WAITS: &str = "event_queue_waits_total";

/// The interval at which queues are read.
const INTERVAL: Duration = Duration::from_secs(1);

/// Records what a dispatcher does through the [`metrics`] facade, until the returned guard is dropped.
///
/// | name | kind | labels | what |
/// | --- | --- | --- | --- |
/// | `event_emitted_total` | counter | `event` | emissions, with caused ones |
/// | `event_deliveries_total` | counter | `event`, `handler`, `ended` | deliveries, by how they [ended](event_core::report::DeliveryStatus::as_str) |
/// | `event_failed_attempts_total` | counter | `event`, `handler` | attempts that failed of deliveries that are [tried again](event_core::retry) |
/// | `event_delivery_duration_seconds` | histogram | `event`, `handler` | how long handlers ran, for each attempt |
/// | `event_queue_depth`, `event_queue_running` | gauge | `queue` | deliveries that wait, that run |
/// | `event_queue_oldest_age_seconds` | gauge | `queue` | how long ago the event of the longest waiting delivery was emitted; 0 if none waits |
/// | `event_queue_dropped_total`, `event_queue_rejected_total`, `event_queue_waits_total` | counter | `queue` | deliveries that found the queue full, by what happened to them |
/// | `event_queue_skipped_total` | counter | `queue` | deliveries that the queue did not run, since their [subscription](event_core::dispatcher::SubscriptionBuilder::queue) was cancelled while they waited |
/// | `event_observer_panics_total` | counter | | observers that panicked |
///
/// Emissions and deliveries are counted as they happen. The figures of queues and observers are read once
/// a second, by a thread of its own, and a last time when the guard is dropped: drop it before the
/// dispatcher, or after its `shutdown`, so that the last figures are those of the end. Labels are names
/// that code declares, never an event's data, so their number is bounded. Deliveries that began before
/// this call are not counted.
///
/// A dispatcher with a [name](event_core::dispatcher::DispatcherBuilder::name) has the further label
/// `dispatcher` on each of its figures. Two recorded dispatchers of one process that have no name, or the
/// same one, add to the same counters of events, and overwrite each other's figures of queues.
///
/// # Examples
///
/// ```
/// use event_core::Dispatcher;
///
/// let dispatcher = Dispatcher::builder().build()?;
/// let _recording = event_telemetry::record(&dispatcher);
/// # Ok::<(), event_core::error::BuildError>(())
/// ```
pub fn record(dispatcher: &Dispatcher) -> Recording {
    describe();
    let (stop, stopped) = mpsc::channel::<()>();
    let handle = dispatcher.handle();
    let watched = handle.clone();
    let thread = thread::Builder::new().name("event-metrics".to_owned());
    let thread = thread.spawn(move || {
        // The loop ends when the sender is dropped, or the dispatcher is gone.
        while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) && try_look(&watched)
        {
        }
    });
    Recording {
        handle,
        stop: Some(stop),
        thread: thread.ok(),
        _observation: dispatcher.observe(Deliveries(Labels::of(dispatcher))),
    }
}

/// A guard: recording ends when it is dropped.
#[must_use = "dropping it ends the recording, and `let _ =` drops it at once: bind it to a name"]
pub struct Recording {
    handle: DispatcherHandle,
    stop: Option<mpsc::Sender<()>>,
    /// `None` if the system had no thread for it: queues are then only read at the end.
    thread: Option<thread::JoinHandle<()>>,
    _observation: ObserverGuard,
}

impl Recording {
    /// Reads the queues now, as is done once a second, for a caller that needs current figures.
    pub fn update(&self) {
        look(&self.handle);
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        drop(self.stop.take());
        // The thread itself drops this guard if it was the last owner of a dispatcher that owned the
        // guard.
        let is_self =
            |thread: &thread::JoinHandle<()>| thread.thread().id() == thread::current().id();
        if let Some(thread) = self.thread.take().filter(|thread| !is_self(thread)) {
            let _ = thread.join();
        }
        try_look(&self.handle);
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording").finish_non_exhaustive()
    }
}

/// The labels that each figure of a dispatcher has: its name, if it has one.
#[derive(Clone)]
struct Labels(Option<Label>);

impl Labels {
    fn of(dispatcher: &Dispatcher) -> Self {
        let name = dispatcher.name();
        Self(name.map(|name| Label::new("dispatcher", Arc::<str>::from(name))))
    }

    /// Returns these labels, and others.
    fn and<const N: usize>(&self, others: [(&'static str, &'static str); N]) -> Vec<Label> {
        let mut labels = Vec::with_capacity(N + 1);
        labels.extend(others.map(|(key, value)| Label::from_static_parts(key, value)));
        labels.extend(self.0.clone());
        labels
    }
}

/// Counts emissions and deliveries.
struct Deliveries(Labels);

impl Observer for Deliveries {
    fn emission_started(&self, emission: &EmissionView<'_>) {
        counter!(EMITTED, self.0.and([("event", emission.event().name())])).increment(1);
    }

    fn attempt_failed(&self, delivery: &DeliveryView<'_>, attempt: &AttemptResult<'_>) {
        let event = ("event", delivery.event().name());
        let handler = ("handler", delivery.handler().name());
        counter!(FAILED_ATTEMPTS, self.0.and([event, handler])).increment(1);
        if let Some(took) = attempt.took() {
            histogram!(DURATION, self.0.and([event, handler])).record(took);
        }
    }

    fn delivery_ended(&self, delivery: &DeliveryView<'_>, end: &DeliveryResult<'_>) {
        let event = ("event", delivery.event().name());
        let handler = ("handler", delivery.handler().name());
        let ended = ("ended", end.ended().as_str());
        counter!(DELIVERIES, self.0.and([event, handler, ended])).increment(1);
        if let Some(took) = end.took() {
            histogram!(DURATION, self.0.and([event, handler])).record(took);
        }
    }
}

/// Calls [`look`], and ignores a panic of the recorder, so that the next call still runs.
fn try_look(dispatcher: &DispatcherHandle) -> bool {
    catch_unwind(AssertUnwindSafe(|| look(dispatcher))).unwrap_or(true)
}

/// Records the figures of queues; returns `false` if the dispatcher is gone.
fn look(dispatcher: &DispatcherHandle) -> bool {
    let Ok(dispatcher) = dispatcher.get() else {
        return false;
    };
    let labels = Labels::of(&dispatcher);
    counter!(OBSERVER_PANICS, labels.and([])).absolute(dispatcher.counts().observer_panics);
    for queue in dispatcher.queues() {
        look_at(&queue, &labels);
    }
    true
}

#[allow(clippy::cast_precision_loss, reason = "gauges are floats")]
fn look_at(queue: &QueueHandle, labels: &Labels) {
    let counts = queue.counts();
    let age = queue.oldest().map(|emitted| {
        // A clock that went back, or that is injected, may be behind.
        let age = SystemTime::now().duration_since(emitted);
        age.unwrap_or_default().as_secs_f64()
    });
    let labels = labels.and([("queue", queue.name())]);
    gauge!(DEPTH, labels.iter()).set(counts.depth as f64);
    gauge!(RUNNING, labels.iter()).set(counts.running as f64);
    gauge!(OLDEST, labels.iter()).set(age.unwrap_or_default());
    counter!(DROPPED, labels.iter()).absolute(counts.dropped);
    counter!(SKIPPED, labels.iter()).absolute(counts.skipped);
    counter!(REJECTED, labels.iter()).absolute(counts.rejected);
    counter!(WAITS, labels.iter()).absolute(counts.waits);
}

fn describe() {
    describe_counter!(EMITTED, "events that were emitted");
    describe_counter!(DELIVERIES, "deliveries, by how they ended");
    describe_counter!(
        FAILED_ATTEMPTS,
        "attempts that failed of deliveries that are tried again"
    );
    describe_histogram!(DURATION, Unit::Seconds, "how long handlers ran");
    describe_counter!(OBSERVER_PANICS, "observers that panicked");
    describe_gauge!(DEPTH, "deliveries that wait in a queue");
    describe_gauge!(RUNNING, "deliveries of a queue that run");
    describe_gauge!(
        OLDEST,
        Unit::Seconds,
        "how long ago the event was emitted whose delivery waits longest"
    );
    describe_counter!(DROPPED, "deliveries that a full queue dropped");
    describe_counter!(
        SKIPPED,
        "deliveries of a queue whose subscription was cancelled while they waited"
    );
    describe_counter!(REJECTED, "deliveries that a queue did not take");
    describe_counter!(WAITS, "times that an emitter had to wait for capacity");
}
