//! How a dispatcher ends: open, then draining, then closed.
//!
//! While it drains, it takes no new roots, but what draining deliveries cause. Whoever ends the
//! last delivery closes it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::Waker;

use event_listener::Event as Waiters;

use super::inner::Inner;
use super::phase::Phase;
use super::shared::Item;
use crate::account::{self, Tally};
use crate::handler::HandlerInfo;
use crate::queue::buffer::{Buffer, Label};
use crate::queue::line::{Line, Serves};

/// Where a dispatcher stands on its way to its end.
#[derive(Default)]
pub(crate) struct Closing {
    phase: Phase,
    /// Told when the phase is over.
    pub(crate) closed: Waiters,
    /// It was closed before all was quiet.
    out_of_time: AtomicBool,
    /// Streams, which end with the dispatcher.
    streams: Mutex<Vec<std::sync::Weak<Line>>>,
}

impl Closing {
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

impl Inner {
    /// Takes no more roots, and lets what is under way end.
    pub(crate) fn drain(self: &Arc<Self>) {
        if !self.closing.phase.drain(&self.tasks, &self.buffers()) {
            return;
        }
        self.watch();
        for line in &self.lines {
            line.end_pauses();
        }
        self.close_if_quiet();
    }

    /// Closes a draining dispatcher in which nothing is under way any more.
    pub(crate) fn close_if_quiet(&self) {
        if self.closing.is_open() {
            return;
        }
        let closing = &self.closing.phase;
        if let Some(woken) = closing.close_if_quiet(&self.tasks, &self.buffers()) {
            woken.into_iter().for_each(Waker::wake);
            self.end_streams_and_tell();
        }
    }

    /// Ends it. What still waits is abandoned, and tasks are dropped.
    pub(crate) fn close(self: &Arc<Self>) {
        let closing = &self.closing.phase;
        let Some(given_up) = closing.close(&self.tasks, &self.buffers()) else {
            return;
        };
        self.closing.out_of_time.store(true, Ordering::Release);
        for aborter in given_up.aborters {
            aborter.abort();
        }
        for line in &self.lines {
            line.abort();
        }
        given_up.woken.into_iter().for_each(Waker::wake);
        for (line, items) in self.lines.iter().zip(given_up.items) {
            line.end_abandoned(self, items);
        }
        self.end_streams_and_tell();
    }

    /// What was drained, what was abandoned, and how many emissions were cut short.
    pub(crate) fn account(&self) -> (Tally<HandlerInfo>, Tally<HandlerInfo>, usize) {
        let (mut drained, mut abandoned, cut_short) = self.tasks.account();
        for line in &self.lines {
            let (of_line, abandoned_by_line) = line.buffer.account();
            self.name(of_line, &mut drained);
            self.name(abandoned_by_line, &mut abandoned);
        }
        (drained, abandoned, cut_short)
    }

    fn name(&self, labels: Tally<Label>, handlers: &mut Tally<HandlerInfo>) {
        for (label, deliveries) in labels {
            if let Some(handler) = self.labelled(label) {
                account::add(handlers, handler, deliveries);
            }
        }
    }

    fn buffers(&self) -> Vec<&Buffer<Item>> {
        self.lines.iter().map(|line| &line.buffer).collect()
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
        let tasks = self.tasks.running();
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
