//! The close of a buffer: what its shutdown drains, abandons and names.

use std::task::Waker;

use crate::queue::account::HandlerCounts;
use crate::queue::buffer::Buffer;
use crate::queue::buffer::slots::Label;
use crate::queue::buffer::state::State;

impl<T> Buffer<T> {
    /// Takes all that waits, in order of offer. Running deliveries continue.
    pub(crate) fn clear(&self) -> Vec<T> {
        self.change(State::clear).into_items()
    }

    /// Starts to name each delivery that ends or is abandoned.
    pub(crate) fn open_account(&self) {
        self.lock().account.open();
    }

    /// Returns what was drained, and what was abandoned, since [`open_account`](Self::open_account).
    pub(crate) fn account(&self) -> (HandlerCounts<Label>, HandlerCounts<Label>) {
        self.lock().account.counts()
    }

    /// Closes all buffers in one step, if nothing waits and nothing runs in any of them. Returns the wakers
    /// that the caller has to wake, or `None` if a buffer is not quiet.
    pub(crate) fn close_all_if_quiet(buffers: &[&Self]) -> Option<Vec<Waker>> {
        let mut states: Vec<_> = buffers.iter().map(|buffer| buffer.lock()).collect();
        if !states.iter().all(|state| state.is_quiet()) {
            return None;
        }
        let mut woken = Vec::new();
        for (state, buffer) in states.iter_mut().zip(buffers) {
            let before = state.prospects();
            state.closed = true;
            state.account.close();
            let after = state.prospects();
            buffer.hint.set(state);
            woken.extend(state.wake(before, after));
        }
        Some(woken)
    }

    /// Closes the buffer, takes all that waits, and counts what runs or waits for capacity as abandoned, too.
    /// Returns the items, and the wakers that the caller has to wake.
    pub(crate) fn close_and_abandon(&self) -> (Vec<T>, Vec<Waker>) {
        let mut state = self.lock();
        let before = state.prospects();
        let drained = state.abandon_all();
        let after = state.prospects();
        self.hint.set(&state);
        let woken = state.wake(before, after);
        drop(state);
        (drained.into_items(), woken)
    }
}
