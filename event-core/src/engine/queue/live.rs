//! One queue of a dispatcher: its buffer, its consumers and its counts.

use std::any::Any;
use std::array;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};

use arc_swap::ArcSwapOption;
use event_listener::Event as Waiters;

use crate::engine::emission::deferred_delivery::DeferredDelivery;
use crate::engine::plan::executor::PortWithRing;
use crate::engine::plan::port::PortAddress;
use crate::panics;
use crate::queue::QueueSettings;
use crate::queue::buffer::Buffer;
use crate::report::status::DeliveryStatus;
use crate::runtime::Aborter;

/// One queue of a dispatcher.
pub(crate) struct LiveQueue {
    pub(crate) name: &'static str,
    pub(crate) settings: QueueSettings,
    pub(crate) buffer: Buffer<DeferredDelivery>,
    /// The handlers whose events wait by value, each at the index of its ring.
    pub(crate) ports: Box<[PortAddress]>,
    serves: ServedBy,
    /// Whether deliveries of one key may have to wait for each other.
    has_lanes: AtomicBool,
    pub(crate) start: Once,
    /// Notified when a delivery is delayed, and when the queue closes.
    pub(crate) delayed: Waiters,
    pub(crate) start_timer: Once,
    /// Consumers that have not ended.
    pub(crate) alive: AtomicUsize,
    /// The dispatcher drains, and pauses are over.
    is_draining: AtomicBool,
    /// No consumer will run deliveries of the queue any more.
    pub(crate) has_no_consumer: AtomicBool,
    /// Deliveries that were not done, by how they ended.
    not_done: [AtomicU64; DeliveryStatus::WAYS],
    /// The abandoned deliveries that were running.
    abandoned_running: AtomicU64,
    /// How often an emitter had to wait for capacity.
    waits: AtomicU64,
    aborters: Mutex<Vec<Aborter>>,
    /// Wakes the thread that pumps the queue.
    wake: ArcSwapOption<Wake>,
}

pub(crate) type Wake = Box<dyn Fn() + Send + Sync>;

/// What runs or takes the deliveries of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServedBy {
    /// Threads, since a handler of the queue may block.
    Threads,
    /// Tasks, since all handlers of the queue are `async fn`s.
    Tasks,
    /// The owner of the value that a pump lends.
    Pump,
    /// The owner of a stream.
    Stream,
}

/// The result of an offer of a delivery.
pub(crate) enum OfferResult {
    Waits,
    /// The queue is full, and lets emitters wait.
    NoCapacity(DeferredDelivery),
    /// The queue is full, and rejects the delivery.
    Rejected(DeferredDelivery),
    /// The queue is full, and drops the delivery.
    Dropped(DeferredDelivery),
    Closed(DeferredDelivery),
    /// The `Hash` of the event's key panicked.
    Panicked(DeferredDelivery, Box<dyn Any + Send>),
    /// The queue has no consumer any more.
    NoConsumer(DeferredDelivery),
}

impl LiveQueue {
    /// Makes a queue. `is_ordered` says whether a delivery keeps its lane until its next attempt.
    pub(crate) fn new(
        name: &'static str,
        settings: QueueSettings,
        serves: ServedBy,
        ports: Vec<PortWithRing>,
        is_ordered: bool,
    ) -> Arc<Self> {
        let (ports, rings): (Vec<_>, Vec<_>) = ports.into_iter().unzip();
        Arc::new(Self {
            name,
            settings,
            buffer: Buffer::new(settings.capacity, |item| item.label, rings.into()),
            ports: ports.into(),
            serves,
            has_lanes: AtomicBool::new(is_ordered || settings.consumers > 1),
            start: Once::new(),
            delayed: Waiters::new(),
            start_timer: Once::new(),
            alive: AtomicUsize::new(0),
            is_draining: AtomicBool::new(false),
            has_no_consumer: AtomicBool::new(false),
            not_done: array::from_fn(|_| AtomicU64::new(0)),
            abandoned_running: AtomicU64::new(0),
            waits: AtomicU64::new(0),
            aborters: Mutex::default(),
            wake: ArcSwapOption::empty(),
        })
    }

    pub(crate) fn serves(&self) -> ServedBy {
        self.serves
    }

    /// Whether deliveries of one key may have to wait for each other.
    #[inline]
    pub(crate) fn has_lanes(&self) -> bool {
        self.has_lanes.load(Ordering::Relaxed)
    }

    /// Lets a delivery keep its lane until its next attempt. Events that are emitted later have lanes, and only
    /// these may have to wait.
    pub(crate) fn keep_lanes(&self) {
        self.has_lanes.store(true, Ordering::Relaxed);
    }

    /// Counts how a delivery ended.
    pub(crate) fn count(&self, ended: DeliveryStatus) {
        if ended != DeliveryStatus::Done {
            self.not_done[ended.index()].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts a delivery that was dropped while it ran.
    pub(crate) fn count_abandoned_running(&self) {
        self.count(DeliveryStatus::Abandoned);
        self.abandoned_running.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn abandoned_running(&self) -> u64 {
        self.abandoned_running.load(Ordering::Relaxed)
    }

    /// Counts an emitter that has to wait for capacity.
    pub(crate) fn count_wait(&self) {
        self.waits.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn waits(&self) -> u64 {
        self.waits.load(Ordering::Relaxed)
    }

    pub(crate) fn not_done(&self, ended: DeliveryStatus) -> u64 {
        self.not_done[ended.index()].load(Ordering::Relaxed)
    }

    /// Sets the callback that wakes the pump's thread. Returns `false` if one is set already.
    pub(crate) fn set_wake(&self, wake: Wake) -> bool {
        let none: Option<Arc<Wake>> = None;
        let before = self.wake.compare_and_swap(&none, Some(Arc::new(wake)));
        before.is_none()
    }

    /// Takes the callback, which the caller drops.
    pub(crate) fn take_wake(&self) -> Option<Arc<Wake>> {
        self.wake.swap(None)
    }

    /// Lets deliveries start, and ignores later pauses: the dispatcher drains.
    pub(crate) fn end_pauses(&self) {
        self.is_draining.store(true, Ordering::SeqCst);
        self.set_paused(false);
    }

    /// Lets no further delivery start, or lets deliveries start again.
    pub(crate) fn set_paused(&self, paused: bool) {
        self.buffer.set_paused(paused);
        if paused && self.is_draining.load(Ordering::SeqCst) {
            self.buffer.set_paused(false);
        }
        if !paused && self.buffer.counts().depth > 0 {
            self.wake();
        }
    }

    /// Wakes the thread that pumps the queue, by the user's callback.
    pub(crate) fn wake(&self) {
        if let Some(wake) = &*self.wake.load() {
            let _ = panics::catch(&***wake);
        }
    }

    /// Adds a task that ends with the queue.
    pub(crate) fn add_aborter(&self, aborter: Aborter) {
        self.aborters().push(aborter);
    }

    fn aborters(&self) -> MutexGuard<'_, Vec<Aborter>> {
        self.aborters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Aborts the queue's tasks.
    pub(crate) fn abort(&self) {
        let aborters = std::mem::take(&mut *self.aborters());
        for aborter in aborters {
            aborter.abort();
        }
    }
}
