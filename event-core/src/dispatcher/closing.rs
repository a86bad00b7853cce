//! How a dispatcher ends: open, then draining, then closed.
//!
//! While it drains, it takes no new roots, but what draining deliveries cause. Whoever ends the
//! last delivery closes it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use event_listener::Event as Waiters;

use super::inner::Inner;
use crate::handler::HandlerInfo;
use crate::queue::line::{Line, Serves};

mod phase {
    pub(super) const OPEN: u8 = 0;
    pub(super) const DRAINING: u8 = 1;
    pub(super) const CLOSED: u8 = 2;
}

/// Where a dispatcher stands on its way to its end.
pub(crate) struct Closing {
    phase: AtomicU8,
    /// How many dispatchers share it; what works for them does not count.
    dispatchers: AtomicUsize,
    /// Told when the phase is over.
    pub(crate) closed: Waiters,
    /// Deliveries that ended while it drained, by handler.
    drained: Mutex<Vec<(HandlerInfo, usize)>>,
    /// Streams, which end with the dispatcher.
    streams: Mutex<Vec<std::sync::Weak<Line>>>,
}

impl Default for Closing {
    fn default() -> Self {
        Self {
            phase: AtomicU8::new(phase::OPEN),
            dispatchers: AtomicUsize::new(0),
            closed: Waiters::new(),
            drained: Mutex::default(),
            streams: Mutex::default(),
        }
    }
}

impl Closing {
    pub(crate) fn is_open(&self) -> bool {
        self.phase.load(Ordering::Acquire) == phase::OPEN
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.phase.load(Ordering::Acquire) == phase::DRAINING
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.phase.load(Ordering::Acquire) == phase::CLOSED
    }

    /// Whether a root may be emitted; handlers that drain may go on emitting.
    pub(crate) fn takes_roots(&self, is_outermost: bool) -> bool {
        match self.phase.load(Ordering::Acquire) {
            phase::OPEN => true,
            phase::DRAINING => !is_outermost,
            _ => false,
        }
    }

    /// Counts a delivery that ended while the dispatcher drained.
    pub(crate) fn count(&self, handler: impl FnOnce() -> HandlerInfo) {
        if !self.is_draining() {
            return;
        }
        let handler = handler();
        let mut drained = self.drained.lock().unwrap_or_else(PoisonError::into_inner);
        add(&mut drained, handler);
    }

    /// What was counted.
    pub(crate) fn drained(&self) -> Vec<(HandlerInfo, usize)> {
        self.drained
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// One dispatcher more.
    pub(crate) fn join(&self) {
        self.dispatchers.fetch_add(1, Ordering::Relaxed);
    }

    /// One dispatcher more, if there is one left.
    pub(crate) fn join_others(&self) -> bool {
        let next = |dispatchers| (dispatchers > 0).then_some(dispatchers + 1);
        self.dispatchers
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, next)
            .is_ok()
    }

    /// One dispatcher less; answers whether it was the last.
    pub(crate) fn leave(&self) -> bool {
        self.dispatchers.fetch_sub(1, Ordering::AcqRel) == 1
    }

    /// Ends a stream with the dispatcher.
    pub(crate) fn add_stream(&self, stream: &Arc<Line>) {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        streams.retain(|other| other.strong_count() > 0);
        streams.push(Arc::downgrade(stream));
        drop(streams);
        if !self.is_open() {
            stream.buffer.close();
        }
    }
}

/// Counts one delivery of a handler.
pub(crate) fn add(counts: &mut Vec<(HandlerInfo, usize)>, handler: HandlerInfo) {
    match counts.iter_mut().find(|(other, _)| *other == handler) {
        Some((_, count)) => *count += 1,
        None => counts.push((handler, 1)),
    }
}

impl Inner {
    /// Takes no more roots, and lets what is under way end.
    pub(crate) fn drain(self: &Arc<Self>) {
        let began = self.closing.phase.compare_exchange(
            phase::OPEN,
            phase::DRAINING,
            Ordering::AcqRel,
            Ordering::Acquire,
        );
        if began.is_err() {
            return;
        }
        self.watch();
        for line in &self.lines {
            line.buffer.set_paused(false);
        }
        self.close_if_quiet();
    }

    /// Closes a draining dispatcher in which nothing is under way any more.
    pub(crate) fn close_if_quiet(self: &Arc<Self>) {
        if !self.closing.is_draining() {
            return;
        }
        // Two looks: whatever was offered to one queue behind the first look's back shows in the
        // second, as work or as a count.
        if let (Some(first), Some(second)) = (self.taken(), self.taken())
            && first == second
        {
            self.close();
        }
    }

    /// How many deliveries were ever taken in; `None` if some are under way.
    fn taken(&self) -> Option<u64> {
        let (mut taken, running) = self.tasks.counts();
        if running > 0 {
            return None;
        }
        for line in &self.lines {
            let counts = line.buffer.counts();
            if counts.depth > 0 || counts.running > 0 {
                return None;
            }
            taken += counts.offered;
        }
        Some(taken)
    }

    /// Ends it. What still waits is abandoned, and tasks are dropped; answers whose deliveries they
    /// were.
    pub(crate) fn close(self: &Arc<Self>) -> Vec<HandlerInfo> {
        if self.closing.phase.swap(phase::CLOSED, Ordering::AcqRel) == phase::CLOSED {
            return Vec::new();
        }
        let mut abandoned = self.tasks.abort();
        for line in &self.lines {
            line.buffer.close();
            abandoned.extend(line.abandon(self));
            abandoned.extend(line.running());
            line.abort();
        }
        let streams = std::mem::take(
            &mut *self
                .closing
                .streams
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        for stream in streams.iter().filter_map(std::sync::Weak::upgrade) {
            stream.buffer.close();
        }
        self.closing.closed.notify(usize::MAX);
        abandoned
    }

    /// The last dispatcher is gone: what is queued still runs, while somebody serves it.
    pub(crate) fn left_alone(self: &Arc<Self>) {
        if !self.closing.is_open() {
            return;
        }
        let waiting: usize = self
            .lines
            .iter()
            .map(|line| line.buffer.counts().depth)
            .sum();
        let (_, tasks) = self.tasks.counts();
        if waiting + tasks > 0 {
            crate::log::left_alone(waiting, tasks);
        }
        self.drain();
        // Nobody can pump these any more.
        for line in &self.lines {
            if line.serves() == Serves::Pump {
                line.abandon(self);
            }
        }
        self.close_if_quiet();
    }
}
