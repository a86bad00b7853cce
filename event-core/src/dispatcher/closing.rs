//! How a dispatcher ends: open, then draining, then closed.
//!
//! While it drains, it takes no new roots, but what draining deliveries cause. Whoever ends the
//! last delivery closes it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use event_listener::Event as Waiters;

use super::inner::Inner;
use super::phase::Phase;
use crate::handler::HandlerInfo;
use crate::queue::line::{Line, Serves};

/// Where a dispatcher stands on its way to its end.
pub(crate) struct Closing {
    phase: Phase,
    /// Told when the phase is over.
    pub(crate) closed: Waiters,
    /// Deliveries that ended while it drained, by handler.
    drained: Mutex<Vec<(HandlerInfo, usize)>>,
    /// Deliveries that were abandoned since it began to drain, by handler.
    abandoned: Mutex<Vec<(HandlerInfo, usize)>>,
    /// It was closed before all was quiet.
    out_of_time: AtomicBool,
    /// Shielded emissions that were dropped midway.
    cut_short: AtomicUsize,
    /// Streams, which end with the dispatcher.
    streams: Mutex<Vec<std::sync::Weak<Line>>>,
}

impl Default for Closing {
    fn default() -> Self {
        Self {
            phase: Phase::default(),
            closed: Waiters::new(),
            drained: Mutex::default(),
            abandoned: Mutex::default(),
            out_of_time: AtomicBool::new(false),
            cut_short: AtomicUsize::new(0),
            streams: Mutex::default(),
        }
    }
}

impl Closing {
    pub(crate) fn is_open(&self) -> bool {
        self.phase.is_open()
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.phase.is_draining()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.phase.is_closed()
    }

    /// Whether a root may be emitted; handlers that drain may go on emitting.
    pub(crate) fn takes_roots(&self, is_outermost: bool) -> bool {
        self.phase.takes_roots(is_outermost)
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

    /// Counts a delivery that was abandoned while the dispatcher drained; those that its close finds
    /// are counted there.
    pub(crate) fn count_abandoned(&self, handler: impl FnOnce() -> HandlerInfo) {
        if self.is_draining() {
            self.add_abandoned([handler()], 0);
        }
    }

    fn add_abandoned(&self, handlers: impl IntoIterator<Item = HandlerInfo>, emissions: usize) {
        self.cut_short.fetch_add(emissions, Ordering::Relaxed);
        let mut abandoned = self
            .abandoned
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for handler in handlers {
            add(&mut abandoned, handler);
        }
    }

    /// What was abandoned, and how many shielded emissions were dropped midway.
    pub(crate) fn abandoned(&self) -> (Vec<(HandlerInfo, usize)>, usize) {
        let abandoned = self.abandoned.lock();
        let abandoned = abandoned.unwrap_or_else(PoisonError::into_inner).clone();
        (abandoned, self.cut_short.load(Ordering::Relaxed))
    }

    /// Whether it was closed before all was quiet.
    pub(crate) fn ran_out_of_time(&self) -> bool {
        self.out_of_time.load(Ordering::Acquire)
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
        self.phase.join();
    }

    /// One dispatcher more, if there is one left.
    pub(crate) fn join_others(&self) -> bool {
        self.phase.join_others()
    }

    /// One dispatcher less; answers whether it was the last.
    pub(crate) fn leave(&self) -> bool {
        self.phase.leave()
    }

    /// Ends a stream with the dispatcher.
    pub(crate) fn add_stream(&self, stream: &Arc<Line>) {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that ended are looked for when the list is full, and the list grows if few did: adding
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
        if !self.closing.phase.drain() {
            return;
        }
        self.watch();
        for line in &self.lines {
            line.end_pauses();
        }
        self.close_if_quiet();
    }

    /// Closes a draining dispatcher in which nothing is under way any more.
    pub(crate) fn close_if_quiet(self: &Arc<Self>) {
        if self.closing.phase.is_drained(|| self.taken()) {
            self.close_quietly();
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

    /// Ends it. What still waits is abandoned, and tasks are dropped.
    pub(crate) fn close(self: &Arc<Self>) {
        if !self.closing.phase.close() {
            return;
        }
        self.closing.out_of_time.store(true, Ordering::Release);
        let (mut abandoned, emissions) = self.tasks.abort();
        for line in &self.lines {
            line.buffer.close();
            abandoned.extend(line.abandon(self));
            abandoned.extend(line.running());
            line.abort();
        }
        self.closing.add_abandoned(abandoned, emissions);
        self.end_streams_and_tell();
    }

    /// Ends it when nothing is under way. What an emit on another thread handed over at that very
    /// moment goes on to its end, and is not waited for.
    fn close_quietly(self: &Arc<Self>) {
        if !self.closing.phase.close() {
            return;
        }
        for line in &self.lines {
            line.buffer.close();
            if line.serves() == Serves::Pump {
                line.abandon(self);
            }
        }
        self.end_streams_and_tell();
    }

    fn end_streams_and_tell(&self) {
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
    }

    /// The last dispatcher is gone: what is queued still runs, while somebody serves it.
    pub(crate) fn left_alone(self: &Arc<Self>) {
        if self.closing.is_closed() {
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
                line.desert(self);
            }
        }
        self.close_if_quiet();
    }
}
