//! An event with one durable handler, which does nothing but count.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use event_core::{Dispatcher, Event, handler};
use event_outbox::store::{Due, NewDelivery, Store};
use event_outbox::{Outbox, Settings};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::NOTE;

/// What happened.
#[derive(Event, Serialize, Deserialize, Debug)]
#[event(name = "bench.parcel_sent", durable)]
pub struct ParcelSent {
    /// Its number.
    pub number: u64,
    /// What is written on it.
    pub note: String,
}

impl ParcelSent {
    /// Makes the event of a number.
    #[must_use]
    pub fn new(number: u64) -> Self {
        Self {
            number,
            note: NOTE.to_owned(),
        }
    }
}

/// Counts what was handled, and when the last was begun.
#[derive(Debug, Default)]
pub struct Handled {
    count: AtomicUsize,
    last: Mutex<Option<Instant>>,
    changed: Notify,
}

impl Handled {
    /// Returns how many were handled.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    /// Waits until so many were handled.
    pub async fn reaches(&self, count: usize) {
        loop {
            let changed = self.changed.notified();
            if self.count() >= count {
                return;
            }
            changed.await;
        }
    }

    /// Returns when the last one was begun.
    ///
    /// # Panics
    ///
    /// Panics if none was.
    pub fn last(&self) -> Instant {
        let last = self.last.lock().expect("nothing panics with it");
        last.expect("one was handled")
    }
}

/// The handler.
///
/// # Panics
///
/// Never: nothing panics with what it locks.
#[handler(durable, id = "bench.deliver", concurrency = 1024)]
pub async fn deliver(_event: &ParcelSent, handled: &Handled) {
    *handled.last.lock().expect("nothing panics with it") = Some(Instant::now());
    handled.count.fetch_add(1, Ordering::Release);
    handled.changed.notify_one();
}

/// Returns a row of an event for a handler, as the outbox stores it.
///
/// # Panics
///
/// Never: the data is valid.
#[must_use]
pub fn row(handler: &'static str, event: &ParcelSent, due: Due) -> NewDelivery {
    let id = Uuid::now_v7();
    let envelope = json!({
        "specversion": "1.0",
        "id": id,
        "source": "/outbox",
        "type": "bench.parcel_sent",
        "time": "2026-01-01T00:00:00Z",
        "data": event,
    });
    NewDelivery {
        event_id: id,
        handler: handler.into(),
        event: "bench.parcel_sent".into(),
        version: 1,
        key: None,
        body: envelope.to_string().into_bytes().into(),
        due,
    }
}

/// Returns a row for [`deliver`].
#[must_use]
pub fn delivery(number: u64, due: Due) -> NewDelivery {
    row("bench.deliver", &ParcelSent::new(number), due)
}

/// Stores rows that belong to nobody.
///
/// # Panics
///
/// Panics if the store refuses.
pub async fn fill(store: &impl Store, rows: usize, due: Due) {
    const BATCH: usize = 500;
    for begin in (0..rows).step_by(BATCH) {
        let numbers = begin..rows.min(begin + BATCH);
        let deliveries = numbers.map(|at| delivery(at as u64, due)).collect();
        store
            .insert(None, deliveries)
            .await
            .expect("they are stored");
    }
}

/// An outbox at work.
#[derive(Debug)]
pub struct Running<S: Store> {
    /// The outbox.
    pub outbox: Outbox<S>,
    /// What it has handled.
    pub handled: Arc<Handled>,
    _dispatcher: Dispatcher,
}

impl<S: Store> Running<S> {
    /// Starts an outbox on a store that has its tables.
    ///
    /// # Panics
    ///
    /// Panics if it does not start.
    pub async fn start(store: S) -> Self {
        let settings = Settings::new().concurrency(512);
        Self::start_with(store, settings).await
    }

    /// Starts an outbox with other settings.
    ///
    /// # Panics
    ///
    /// Panics if it does not start.
    pub async fn start_with(store: S, settings: Settings) -> Self {
        let outbox = Outbox::open_on(store, settings).await.expect("it opens");
        let handled = Arc::new(Handled::default());
        let dispatcher = Dispatcher::empty()
            .handler(deliver)
            .provide_arc(Arc::clone(&handled))
            .outbox(&outbox)
            .build()
            .expect("it is built");
        Self {
            outbox,
            handled,
            _dispatcher: dispatcher,
        }
    }

    /// Waits until nothing is stored, and stops.
    ///
    /// # Panics
    ///
    /// Panics if it does not stop in a minute.
    pub async fn stop(self) {
        while !self.is_drained().await {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let is_stopped = self.outbox.shutdown(Duration::from_mins(1)).await;
        assert!(is_stopped, "a handler runs on");
    }

    /// Returns whether nothing is stored.
    ///
    /// # Panics
    ///
    /// Panics if the store cannot be read.
    pub async fn is_drained(&self) -> bool {
        let next = self.outbox.store().next_due(&["bench.deliver"]).await;
        next.expect("the store is read").is_none()
    }
}
