//! Which of several buffers is not quiet, and what has not ended in them.
//!
//! All buffers are looked at in one step, under their locks: a delivery that one buffer's delivery offers to
//! another buffer is found in one of them.

use crate::queue::account::{self, HandlerCounts};
use crate::queue::buffer::Buffer;
use crate::queue::buffer::slots::Label;
use crate::queue::buffer::state::State;

/// What has not ended in a buffer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unfinished {
    /// The deliveries, by the label of their handler.
    pub(crate) deliveries: HandlerCounts<Label>,
    /// How many deliveries have ended whose consumers still emit what the deliveries caused.
    pub(crate) emissions: usize,
    pub(crate) is_paused: bool,
}

impl<T> Buffer<T> {
    /// Returns the index of the first buffer that is not quiet; `None` if all are quiet at this moment.
    pub(crate) fn first_busy(buffers: &[&Self]) -> Option<usize> {
        let states: Vec<_> = buffers.iter().map(|buffer| buffer.lock()).collect();
        states.iter().position(|state| !state.is_quiet())
    }

    /// Returns what has not ended in each buffer; `None` if all are quiet at this moment.
    pub(crate) fn unfinished(buffers: &[&Self]) -> Option<Vec<Unfinished>> {
        let states: Vec<_> = buffers.iter().map(|buffer| buffer.lock()).collect();
        if states.iter().all(|state| state.is_quiet()) {
            return None;
        }
        Some(states.iter().map(|state| state.unfinished()).collect())
    }
}

impl<T> State<T> {
    fn unfinished(&self) -> Unfinished {
        let mut deliveries = Vec::new();
        self.line.count(self.label, &mut deliveries);
        let delayed = self.delayed.items().map(self.label);
        for label in delayed.chain(self.slots.labels()) {
            account::add(&mut deliveries, label, 1);
        }
        Unfinished {
            deliveries,
            emissions: self.slots.unlabelled(),
            is_paused: self.paused && !self.closed,
        }
    }
}
