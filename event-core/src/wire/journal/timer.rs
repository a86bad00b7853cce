//! The thread of a journal writer that flushes, or syncs, at intervals.

use std::io;
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};

use crate::wire::journal::lines::Lines;

/// A thread that waits for lines to be due.
pub(crate) struct Timer(JoinHandle<()>);

impl Timer {
    /// Starts a thread that calls `write` whenever lines are due by time, for as long as `owner` lives
    /// and any line can become due.
    pub(crate) fn start<O: Send + Sync + 'static>(
        lines: Arc<Lines>,
        owner: Weak<O>,
        write: fn(&O),
    ) -> io::Result<Self> {
        let thread = thread::Builder::new().name("event-recorder".to_owned());
        let run = move || {
            while lines.wait()
                && let Some(owner) = owner.upgrade()
            {
                write(&owner);
            }
        };
        thread.spawn(run).map(Self)
    }

    /// Waits for the end of the thread, unless the caller is that thread.
    pub(crate) fn join(self) {
        if self.0.thread().id() != thread::current().id() {
            // Panics of the user's code on that thread are caught.
            let _ = self.0.join();
        }
    }
}
