//! How a dispatcher ends: open, then draining, then closed.
//!
//! While it drains, it takes no new roots, but what draining deliveries cause. Whoever ends the
//! last delivery closes it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use event_listener::Event as Waiters;

use super::inner::DispatcherState;
use super::phase::Phase;
use super::shared::DeferredDelivery;
use super::tasks::Tasks;
use crate::account::{self, HandlerCounts};
use crate::handler::HandlerInfo;
use crate::panics;
use crate::queue::buffer::{Buffer, Label};
use crate::queue::line::{LiveQueue, ServedBy};

/// Where a dispatcher stands on its way to its end.
///
/// It is apart from what the dispatcher owns of the user's, so that who works for a dispatcher lets go
/// of that before it says that its work has ended.
pub(crate) struct Closing {
    phase: Phase,
    tasks: Arc<Tasks>,
    lines: Arc<[Arc<LiveQueue>]>,
    /// The dispatcher, from its last clone's end on, while deliveries are under way.
    left_alone: Mutex<Option<Arc<DispatcherState>>>,
    /// Told when the phase is over.
    pub(crate) closed: Waiters,
    /// It was closed before all was quiet.
    out_of_time: AtomicBool,
    /// Streams, which end with the dispatcher.
    streams: Mutex<Vec<std::sync::Weak<LiveQueue>>>,
}

impl Closing {
    pub(crate) fn new(tasks: &Arc<Tasks>, lines: &Arc<[Arc<LiveQueue>]>) -> Arc<Self> {
        Arc::new(Self {
            phase: Phase::default(),
            tasks: Arc::clone(tasks),
            lines: Arc::clone(lines),
            left_alone: Mutex::default(),
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

    /// Whether a root may be emitted; handlers that drain may go on emitting.
    pub(crate) fn takes_roots(&self, is_outermost: bool) -> bool {
        self.phase.takes_roots(is_outermost)
    }

    /// Whether it was closed before all was quiet.
    pub(crate) fn ran_out_of_time(&self) -> bool {
        self.out_of_time.load(Ordering::Acquire)
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
    pub(crate) fn add_stream(&self, stream: &Arc<LiveQueue>) {
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

/// A task among those of its dispatcher, until it is dropped.
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
    /// Closes a draining dispatcher in which nothing is under way any more.
    pub(crate) fn close_if_quiet(&self) {
        if self.is_open() {
            return;
        }
        if let Some(woken) = self.phase.close_if_quiet(&self.tasks, &self.buffers()) {
            woken.into_iter().for_each(Waker::wake);
            self.end_streams_and_tell();
        }
    }

    fn buffers(&self) -> Vec<&Buffer<DeferredDelivery>> {
        self.lines.iter().map(|line| &line.buffer).collect()
    }

    /// Keeps the dispatcher until it is closed, for the deliveries that are under way.
    fn keep(&self, inner: &Arc<DispatcherState>) {
        let mut left_alone = self.left_alone();
        if !self.is_closed() {
            *left_alone = Some(Arc::clone(inner));
        }
    }

    fn left_alone(&self) -> MutexGuard<'_, Option<Arc<DispatcherState>>> {
        self.left_alone
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn end_streams_and_tell(&self) {
        let streams = self.streams.lock();
        let streams = std::mem::take(&mut *streams.unwrap_or_else(PoisonError::into_inner));
        for stream in streams.iter().filter_map(std::sync::Weak::upgrade) {
            stream.buffer.close();
        }
        let left_alone = self.left_alone().take();
        panics::drop_caught(left_alone);
        self.closed.notify(usize::MAX);
    }
}

impl DispatcherState {
    /// Takes no more roots, and lets what is under way end.
    pub(crate) fn drain(&self) {
        let closing = &self.closing;
        if !closing.phase.drain(&self.tasks, &closing.buffers()) {
            return;
        }
        self.watch();
        for line in &*self.lines {
            line.end_pauses();
        }
        closing.close_if_quiet();
    }

    /// Ends it. What still waits is abandoned, and tasks are dropped.
    pub(crate) fn close(self: &Arc<Self>) {
        let closing = &self.closing;
        let Some(given_up) = closing.phase.close(&self.tasks, &closing.buffers()) else {
            return;
        };
        closing.out_of_time.store(true, Ordering::Release);
        for aborter in given_up.aborters {
            aborter.abort();
        }
        for line in &*self.lines {
            line.abort();
        }
        given_up.woken.into_iter().for_each(Waker::wake);
        for (line, items) in self.lines.iter().zip(given_up.items) {
            line.end_abandoned(self, items);
        }
        closing.end_streams_and_tell();
    }

    /// What was drained, what was abandoned, and how many emissions were cut short.
    pub(crate) fn account(
        &self,
    ) -> (
        HandlerCounts<HandlerInfo>,
        HandlerCounts<HandlerInfo>,
        usize,
    ) {
        let (mut drained, mut abandoned, cancel) = self.tasks.account();
        for line in &*self.lines {
            let (of_line, abandoned_by_line) = line.buffer.account();
            self.name(of_line, &mut drained);
            self.name(abandoned_by_line, &mut abandoned);
        }
        (drained, abandoned, cancel)
    }

    fn name(&self, labels: HandlerCounts<Label>, handlers: &mut HandlerCounts<HandlerInfo>) {
        for (label, deliveries) in labels {
            if let Some(handler) = self.labelled(label) {
                account::add(handlers, handler, deliveries);
            }
        }
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
        let tasks = self.tasks.running();
        if waiting + tasks > 0 {
            crate::log::left_alone(waiting, tasks);
        }
        self.drain();
        // Nobody can pump these any more.
        for line in &*self.lines {
            if line.serves() == ServedBy::Pump {
                line.desert(self);
            }
        }
        self.closing.close_if_quiet();
        self.closing.keep(self);
    }
}
