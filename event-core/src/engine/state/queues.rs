//! Finds the queues of a dispatcher, and the handlers that they run.

use std::sync::{MutexGuard, PoisonError};

use crate::engine::plan::executor::Executors;
use crate::engine::state::DispatcherState;
use crate::handler_info::HandlerInfo;
use crate::queue::buffer::slots::Label;
use crate::queue::{AnyQueue, Declared};

impl DispatcherState {
    /// Returns the index of a queue, if a handler or the builder names it.
    pub(crate) fn place_of(&self, queue: &'static dyn AnyQueue) -> Option<usize> {
        self.executors().position(queue)
    }

    /// Returns the label of a subscription that a queue runs.
    pub(crate) fn label_subscription(&self, subscription: HandlerInfo) -> Label {
        self.executors().label_subscription(subscription)
    }

    /// Returns the handler or subscription with a label.
    pub(crate) fn labelled(&self, label: Label) -> Option<HandlerInfo> {
        self.executors().labelled(label)
    }

    /// Returns the declaration of the queue at an index.
    pub(crate) fn declared(&self, index: usize) -> Option<&'static Declared> {
        self.executors().declared(index)
    }

    pub(super) fn executors(&self) -> MutexGuard<'_, Executors> {
        self.executors
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
