//! The end of a dispatcher: open, then draining, then closed.
//!
//! A draining dispatcher takes no new roots, but takes the events that draining deliveries cause. The
//! thread or task that ends the last delivery closes the dispatcher.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use event_listener::Event as Waiters;

use crate::engine::emission::deferred_delivery::DeferredDelivery;
use crate::engine::queue::live::LiveQueue;
use crate::engine::shutdown::phase::Phase;
use crate::engine::shutdown::quiet::{self, UnfinishedWork};
use crate::engine::shutdown::tasks::Tasks;
use crate::engine::state::DispatcherState;
use crate::panics;
use crate::queue::buffer::Buffer;

/// The shutdown state of a dispatcher.
///
/// It is separate from the user's values that the dispatcher owns, so that a task or consumer drops those
/// before it reports that its work has ended.
pub(crate) struct Closing {
    pub(crate) phase: Phase,
    tasks: Arc<Tasks>,
    queues: Arc<[Arc<LiveQueue>]>,
    /// The dispatcher, after its last clone is dropped and while deliveries run.
    kept_alive: Mutex<Option<Arc<DispatcherState>>>,
    /// Notified when the dispatcher is closed.
    pub(crate) closed: Waiters,
    /// Whether the dispatcher was closed before all deliveries had ended.
    pub(crate) out_of_time: AtomicBool,
    /// The streams, which end with the dispatcher.
    pub(crate) streams: Mutex<Vec<std::sync::Weak<LiveQueue>>>,
}

impl Closing {
    pub(crate) fn new(tasks: &Arc<Tasks>, queues: &Arc<[Arc<LiveQueue>]>) -> Arc<Self> {
        Arc::new(Self {
            phase: Phase::default(),
            tasks: Arc::clone(tasks),
            queues: Arc::clone(queues),
            kept_alive: Mutex::default(),
            closed: Waiters::new(),
            out_of_time: AtomicBool::new(false),
            streams: Mutex::default(),
        })
    }

    pub(crate) fn is_open(&self) -> bool {
        self.phase.is_open()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.phase.is_closed()
    }

    /// Whether a root may be emitted; handlers that drain may continue to emit.
    pub(crate) fn takes_roots(&self, is_outermost: bool) -> bool {
        self.phase.takes_roots(is_outermost)
    }

    /// Whether the dispatcher was closed before all deliveries had ended.
    pub(crate) fn ran_out_of_time(&self) -> bool {
        self.out_of_time.load(Ordering::Acquire)
    }

    /// Counts one more dispatcher.
    pub(crate) fn join(&self) {
        self.phase.join();
    }

    /// Counts one more dispatcher, if any is left; returns whether it did.
    pub(crate) fn join_others(&self) -> bool {
        self.phase.join_others()
    }

    /// Counts one dispatcher less; returns whether it was the last.
    pub(crate) fn leave(&self) -> bool {
        self.phase.leave()
    }

    /// Adds a stream that ends with the dispatcher.
    pub(crate) fn add_stream(&self, stream: &Arc<LiveQueue>) {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        // Ended streams are removed when the list is full, and the list grows if few had ended: adding
        // one of many costs no more than adding the first.
        if streams.len() == streams.capacity() {
            streams.retain(|other| other.strong_count() > 0);
            let lives = streams.len();
            streams.reserve(lives);
        }
        streams.push(Arc::downgrade(stream));
        drop(streams);
        if !self.is_open() {
            stream.buffer.close();
        }
    }
}

/// Counts a task among those of its dispatcher, until it is dropped.
pub(crate) struct TaskGuard {
    closing: Arc<Closing>,
    id: u64,
}

impl TaskGuard {
    pub(crate) fn new(inner: &DispatcherState, id: u64) -> Self {
        Self {
            closing: Arc::clone(&inner.closing),
            id,
        }
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }
}

impl Drop for TaskGuard {
    fn drop(&mut self) {
        self.closing.tasks.leave(self.id);
        self.closing.close_if_quiet();
    }
}

impl Closing {
    /// Closes a draining dispatcher in which no delivery is left.
    pub(crate) fn close_if_quiet(&self) {
        if self.is_open() {
            return;
        }
        if let Some(woken) = self.phase.close_if_quiet(&self.tasks, &self.buffers()) {
            woken.into_iter().for_each(Waker::wake);
            self.end_streams_and_notify();
        }
    }

    pub(crate) fn buffers(&self) -> Vec<&Buffer<DeferredDelivery>> {
        self.queues.iter().map(|queue| &queue.buffer).collect()
    }

    /// Waits for a moment at which no task and no queue has a delivery.
    pub(crate) async fn quiet(&self) {
        quiet::wait(&self.tasks, &self.buffers()).await;
    }

    /// Returns what has not ended; `None` if no task and no queue has a delivery.
    pub(crate) fn unfinished(&self) -> Option<UnfinishedWork> {
        quiet::unfinished(&self.tasks, &self.buffers())
    }

    /// Keeps the dispatcher alive until it is closed, for the deliveries that are left.
    pub(crate) fn keep(&self, inner: &Arc<DispatcherState>) {
        let mut kept_alive = self.kept_alive();
        if !self.is_closed() {
            *kept_alive = Some(Arc::clone(inner));
        }
    }

    fn kept_alive(&self) -> MutexGuard<'_, Option<Arc<DispatcherState>>> {
        self.kept_alive
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn end_streams_and_notify(&self) {
        let streams = self.streams.lock();
        let streams = std::mem::take(&mut *streams.unwrap_or_else(PoisonError::into_inner));
        for stream in streams.iter().filter_map(std::sync::Weak::upgrade) {
            stream.buffer.close();
        }
        for queue in &*self.queues {
            queue.delayed.notify(usize::MAX);
        }
        let kept_alive = self.kept_alive().take();
        panics::drop_caught(kept_alive);
        self.closed.notify(usize::MAX);
    }
}
