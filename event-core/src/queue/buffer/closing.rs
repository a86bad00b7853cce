//! How a buffer ends: what its shutdown drains, abandons and names.

use std::task::Waker;

use crate::queue::account::HandlerCounts;
use crate::queue::buffer::Buffer;
use crate::queue::buffer::slots::Label;
use crate::queue::buffer::state::State;

impl<T> Buffer<T> {
    /// Takes all that waits, in order of offer. What runs goes on.
    pub(crate) fn clear(&self) -> Vec<T> {
        self.change(State::clear).into_items()
    }

    /// Names each delivery that ends or is abandoned from here on.
    pub(crate) fn open_account(&self) {
        self.lock().account.open();
    }

    /// What was drained, and what was abandoned, since then.
    pub(crate) fn account(&self) -> (HandlerCounts<Label>, HandlerCounts<Label>) {
        self.lock().account.counts()
    }

    /// Closes all buffers, if nothing waits and nothing runs in any of them, in one step of all; whom
    /// to wake then.
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

    /// Closes the buffer, takes all that waits, and gives up what runs and what waits for room; also
    /// says whom to wake then.
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
