//! Drains and closes a dispatcher.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Waker;

use crate::engine::deferred::offer::{abandon_all, fail_waiting};
use crate::engine::queue::live::ServedBy;
use crate::engine::state::DispatcherState;
use crate::handler_info::HandlerInfo;
use crate::queue::account;
use crate::queue::account::HandlerCounts;
use crate::queue::buffer::slots::Label;

impl DispatcherState {
    /// Takes no more roots, and lets deliveries that wait or run end.
    pub(crate) fn drain(&self) {
        let closing = &self.closing;
        if !closing.phase.drain(&self.tasks, &closing.buffers()) {
            return;
        }
        self.watch();
        for queue in &*self.queues {
            queue.end_pauses();
        }
        closing.close_if_quiet();
    }

    /// Closes the dispatcher: abandons the deliveries that still wait, and aborts tasks.
    pub(crate) fn close(self: &Arc<Self>) {
        let closing = &self.closing;
        let Some(given_up) = closing.phase.close(&self.tasks, &closing.buffers()) else {
            return;
        };
        closing.out_of_time.store(true, Ordering::Release);
        for aborter in given_up.aborters {
            aborter.abort();
        }
        for queue in &*self.queues {
            queue.abort();
        }
        given_up.woken.into_iter().for_each(Waker::wake);
        for (queue, items) in self.queues.iter().zip(given_up.items) {
            abandon_all(queue, self, items);
        }
        closing.end_streams_and_notify();
    }

    /// Returns what was drained, what was abandoned, and how many emissions were cut short.
    pub(crate) fn account(
        &self,
    ) -> (
        HandlerCounts<HandlerInfo>,
        HandlerCounts<HandlerInfo>,
        usize,
    ) {
        let (mut drained, mut abandoned, cancel) = self.tasks.account();
        for queue in &*self.queues {
            let (of_line, abandoned_by_line) = queue.buffer.account();
            self.add_by_handler(of_line, &mut drained);
            self.add_by_handler(abandoned_by_line, &mut abandoned);
        }
        (drained, abandoned, cancel)
    }

    fn add_by_handler(
        &self,
        labels: HandlerCounts<Label>,
        handlers: &mut HandlerCounts<HandlerInfo>,
    ) {
        for (label, deliveries) in labels {
            if let Some(handler) = self.labelled(label) {
                account::add(handlers, handler, deliveries);
            }
        }
    }

    /// Drains after the last dispatcher was dropped: queued deliveries still run where a queue has consumers.
    pub(crate) fn on_last_owner_dropped(self: &Arc<Self>) {
        if self.closing.is_closed() {
            return;
        }
        let waiting: usize = self
            .queues
            .iter()
            .map(|queue| queue.buffer.counts().depth)
            .sum();
        let tasks = self.tasks.running();
        if waiting + tasks > 0 {
            crate::log::dropped_with_work(self.name().map(|name| &**name), waiting, tasks);
        }
        self.drain();
        // Without a dispatcher no caller can pump these queues.
        for queue in &*self.queues {
            if queue.serves() == ServedBy::Pump {
                fail_waiting(queue, self);
            }
        }
        self.closing.close_if_quiet();
        self.closing.keep(self);
    }
}
