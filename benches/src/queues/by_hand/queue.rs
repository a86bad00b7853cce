//! A bounded channel of erased events and their handlers, with consumers that catch panics, and counts.

use std::any::Any;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use async_channel::{Receiver, Sender, bounded};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::runtime::Runtime;
use tokio::sync::Notify;

use crate::queues::CAPACITY;

/// A function that handles an event of one type.
type Handler = fn(Arc<dyn Any + Send + Sync>) -> BoxFuture<'static, ()>;

/// What events that stay in order have in common.
pub(super) type Key = Option<u64>;

/// One event for one handler.
struct Delivery {
    event: Arc<dyn Any + Send + Sync>,
    handler: Handler,
}

/// The queue, as producers see it.
pub(super) struct Queue {
    /// One for all consumers, or one for each.
    channels: Vec<Sender<Delivery>>,
    /// Without a random seed, so that instructions repeat.
    hasher: BuildHasherDefault<DefaultHasher>,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    offered: AtomicU64,
    high_water: AtomicUsize,
    running: AtomicUsize,
    done: AtomicU64,
    panicked: AtomicU64,
    quiet: Notify,
}

impl Queue {
    /// A queue with so many consumers, which are tasks on this runtime.
    pub(super) fn open(runtime: &Runtime, consumers: usize) -> Self {
        let counts = Arc::<Counts>::default();
        let (sender, receiver) = bounded(CAPACITY);
        for _ in 0..consumers {
            runtime.spawn(consume(receiver.clone(), Arc::clone(&counts)));
        }
        Self::new(vec![sender], counts)
    }

    /// A queue in which each consumer has a channel of its own.
    pub(super) fn open_sharded(runtime: &Runtime, consumers: usize) -> Self {
        let counts = Arc::<Counts>::default();
        let open = |_| {
            let (sender, receiver) = bounded(CAPACITY / consumers);
            runtime.spawn(consume(receiver, Arc::clone(&counts)));
            sender
        };
        let channels = (0..consumers).map(open).collect();
        Self::new(channels, counts)
    }

    fn new(channels: Vec<Sender<Delivery>>, counts: Arc<Counts>) -> Self {
        Self {
            channels,
            hasher: BuildHasherDefault::new(),
            counts,
        }
    }

    /// Lets an event wait for its handler, as soon as there is room.
    pub(super) async fn send(&self, event: impl Any + Send + Sync, key: Key, handler: Handler) {
        let channel = self.channel(key);
        self.counts.offered.fetch_add(1, Ordering::SeqCst);
        let event = Arc::new(event);
        let sent = channel.send(Delivery { event, handler }).await;
        assert!(sent.is_ok(), "there are consumers");
        self.counts
            .high_water
            .fetch_max(channel.len(), Ordering::Relaxed);
    }

    fn channel(&self, key: Key) -> &Sender<Delivery> {
        let shard = match (&*self.channels, key) {
            ([_], _) | (_, None) => 0,
            (channels, Some(key)) => {
                let channels = u64::try_from(channels.len()).unwrap_or(u64::MAX);
                let shard = self.hasher.hash_one(key) % channels;
                usize::try_from(shard).unwrap_or(usize::MAX)
            }
        };
        &self.channels[shard]
    }

    /// Waits until every event that was sent is handled.
    pub(super) async fn join(&self) {
        loop {
            let mut quiet = pin!(self.counts.quiet.notified());
            // From here on it is woken.
            quiet.as_mut().enable();
            if self.counts.are_even() {
                return;
            }
            quiet.await;
        }
    }

    /// How many handlers have panicked.
    pub(super) fn panicked(&self) -> u64 {
        self.counts.panicked.load(Ordering::SeqCst)
    }
}

impl Counts {
    /// Whether everything that was offered has ended.
    fn are_even(&self) -> bool {
        let ended = self.done.load(Ordering::SeqCst) + self.panicked.load(Ordering::SeqCst);
        ended == self.offered.load(Ordering::SeqCst)
    }
}

/// A consumer: runs one delivery after the other, until the queue is gone.
async fn consume(receiver: Receiver<Delivery>, counts: Arc<Counts>) {
    while let Ok(Delivery { event, handler }) = receiver.recv().await {
        counts.running.fetch_add(1, Ordering::Relaxed);
        // What a handler broke when it panicked belongs to the handler.
        let ended = AssertUnwindSafe(handler(event)).catch_unwind().await;
        counts.running.fetch_sub(1, Ordering::Relaxed);
        let count = match ended {
            Ok(()) => &counts.done,
            Err(_) => &counts.panicked,
        };
        count.fetch_add(1, Ordering::SeqCst);
        if counts.are_even() {
            counts.quiet.notify_waiters();
        }
    }
}
