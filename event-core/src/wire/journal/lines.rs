//! The lines that are not written yet, and the counts of the others.

use std::io;
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::wire::error::EncodeError;
use crate::wire::journal::policy::Pending;
use crate::wire::journal::summary::JournalSummary;
use crate::wire::journal::unwritten::UnwrittenEvent;

/// The lines that wait, shared by emitting threads and the thread of the intervals.
pub(crate) struct Lines {
    state: Mutex<State>,
    /// Notified if there is another deadline, or the lines are closed.
    changed: Condvar,
}

struct State {
    waiting: Vec<u8>,
    /// The last block that was written: empty, with its capacity.
    spare: Vec<u8>,
    unflushed: Pending,
    unsynced: Option<Pending>,
    recorded: JournalSummary,
    is_finished: bool,
    /// Whether no line will be due by time any more.
    is_closed: bool,
}

/// Why lines are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Enough lines wait.
    Full,
    /// The first line has waited for long enough.
    Time,
    /// The caller asked for all lines that wait.
    Asked,
}

/// The lines that are written at once.
pub(crate) struct Block {
    pub(crate) lines: Vec<u8>,
    pub(crate) syncs: bool,
}

/// How much of a block was written.
#[derive(Default)]
pub(crate) struct Progress {
    pub(crate) bytes: usize,
    /// Why the next journal was not started.
    pub(crate) not_rotated: Option<io::Error>,
}

/// What must be logged about a block, once nothing is locked.
#[derive(Default)]
pub(crate) struct Outcome {
    /// The error that ends the journal.
    pub(crate) failed: Option<Arc<io::Error>>,
    pub(crate) not_rotated: Option<Arc<io::Error>>,
}

impl Lines {
    /// Makes an empty list. `torn` bytes before the first line are no whole event.
    pub(crate) fn new(unflushed: Pending, unsynced: Option<Pending>, torn: u64) -> Self {
        let recorded = JournalSummary {
            torn,
            ..JournalSummary::default()
        };
        Self {
            state: Mutex::new(State {
                waiting: Vec::new(),
                spare: Vec::new(),
                unflushed,
                unsynced,
                recorded,
                is_finished: false,
                is_closed: false,
            }),
            changed: Condvar::new(),
        }
    }

    /// Whether a thread is needed for intervals.
    pub(crate) fn have_interval(&self) -> bool {
        let state = self.state();
        let unsynced = state.unsynced.as_ref();
        state.unflushed.has_interval() || unsynced.is_some_and(Pending::has_interval)
    }

    /// Adds a line; returns whether enough lines wait to be written.
    pub(crate) fn add(&self, line: &str) -> bool {
        let mut state = self.state();
        if state.is_finished {
            state.recorded.late += 1;
            return false;
        }
        if state.recorded.error.is_some() {
            state.recorded.lost += 1;
            return false;
        }
        state.waiting.extend_from_slice(line.as_bytes());
        state.waiting.push(b'\n');
        let bytes = line.len() as u64 + 1;
        let mut begins = state.unflushed.add(bytes);
        let mut is_full = state.unflushed.is_full();
        if let Some(unsynced) = &mut state.unsynced {
            begins |= unsynced.add(bytes);
            is_full |= unsynced.is_full();
        }
        drop(state);
        if begins {
            self.changed.notify_all();
        }
        is_full
    }

    /// Counts an event that cannot be written; returns why, if it is the first of its kind.
    pub(crate) fn miss(
        &self,
        event: &'static str,
        is_root: bool,
        why: EncodeError,
    ) -> Option<Arc<EncodeError>> {
        UnwrittenEvent::add(&mut self.state().recorded.missed, event, is_root, why)
    }

    /// Takes the block that must be written for this reason, if there is one.
    pub(crate) fn take(&self, reason: Reason) -> Option<Block> {
        let state = &mut *self.state();
        if state.recorded.error.is_some() {
            return None;
        }
        let is_due = |pending: &&mut Pending| match reason {
            Reason::Asked => !pending.is_empty(),
            Reason::Full => pending.is_full(),
            Reason::Time => pending.is_full() || pending.is_over(Instant::now()),
        };
        let unsynced = state.unsynced.as_mut().filter(is_due);
        if state.waiting.is_empty() && unsynced.is_none() && reason != Reason::Asked {
            return None;
        }
        let syncs = unsynced.is_some();
        unsynced.into_iter().for_each(Pending::clear);
        state.unflushed.clear();
        let spare = mem::take(&mut state.spare);
        Some(Block {
            lines: mem::replace(&mut state.waiting, spare),
            syncs,
        })
    }

    /// Counts a block of which `progress` was written.
    pub(crate) fn went_out(
        &self,
        block: Block,
        progress: Progress,
        written: io::Result<()>,
    ) -> Outcome {
        let mut lines = block.lines;
        let (whole, rest) = lines.split_at(progress.bytes);
        let state = &mut *self.state();
        let recorded = &mut state.recorded;
        recorded.written += events(whole);
        recorded.bytes += whole.len() as u64;
        let not_rotated = progress.not_rotated.map(Arc::new);
        if let Some(error) = &not_rotated {
            recorded.not_rotated = Some(Arc::clone(error));
        }
        let failed = written.err().map(Arc::new);
        if let Some(error) = &failed {
            recorded.lost += events(rest) + events(&state.waiting);
            recorded.error = Some(Arc::clone(error));
            state.waiting = Vec::new();
            state.is_closed = true;
            self.changed.notify_all();
        } else {
            lines.clear();
            state.spare = lines;
        }
        Outcome {
            failed,
            not_rotated,
        }
    }

    /// Waits until lines are due by time; returns `false` if none will be any more.
    pub(crate) fn wait(&self) -> bool {
        let mut state = self.state();
        while !state.is_closed {
            let unsynced = state.unsynced.as_ref().and_then(Pending::deadline);
            let deadlines = state.unflushed.deadline().into_iter().chain(unsynced);
            let Some(deadline) = deadlines.min() else {
                state = unpoisoned(self.changed.wait(state));
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            state = unpoisoned(self.changed.wait_timeout(state, left)).0;
        }
        false
    }

    /// Ends recording.
    pub(crate) fn finish(&self) {
        self.state().is_finished = true;
        self.close();
    }

    /// Ends the [`wait`](Self::wait).
    pub(crate) fn close(&self) {
        self.state().is_closed = true;
        self.changed.notify_all();
    }

    pub(crate) fn recorded(&self) -> JournalSummary {
        self.state().recorded.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        unpoisoned(self.state.lock())
    }
}

/// Counts events; each is one line.
fn events(lines: &[u8]) -> u64 {
    lines.split_inclusive(|byte| *byte == b'\n').count() as u64
}

fn unpoisoned<T>(locked: Result<T, PoisonError<T>>) -> T {
    locked.unwrap_or_else(PoisonError::into_inner)
}
