//! Counts what happened.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use event_core::handlers;

use crate::events::{Accepted, Blocked, Closed, Why};

/// How many connections there were, how they ended, and what went through them.
///
/// The loop and the protocol do not know that somebody counts.
#[derive(Debug, Default)]
pub struct Tally {
    accepted: AtomicU64,
    open: AtomicU64,
    most_open: AtomicU64,
    blocked: AtomicU64,
    finished: AtomicU64,
    broken: AtomicU64,
    stopped: AtomicU64,
    echoed: AtomicU64,
    lost: AtomicU64,
}

/// What a [`Tally`] has counted. Bytes are counted when their connection ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections that were made.
    pub accepted: u64,
    /// The most that were open at the same time.
    pub most_open: u64,
    /// How often a peer did not read what was sent to it.
    pub blocked: u64,
    /// Connections that ended when all had been said and sent back.
    pub finished: u64,
    /// Connections that broke.
    pub broken: u64,
    /// Connections that ended with the server.
    pub stopped: u64,
    /// Bytes that were sent back.
    pub echoed: u64,
    /// Bytes that came, and were not sent back before their connection ended.
    pub lost: u64,
}

#[handlers]
impl Tally {
    #[handler]
    fn accepted(&self, _event: &Accepted) {
        add(&self.accepted, 1);
        let open = self.open.fetch_add(1, Ordering::Relaxed) + 1;
        self.most_open.fetch_max(open, Ordering::Relaxed);
    }

    #[handler]
    fn blocked(&self, _event: &Blocked) {
        add(&self.blocked, 1);
    }

    #[handler]
    fn closed(&self, event: &Closed) {
        let ended = match event.why {
            Why::Finished => &self.finished,
            Why::Broken(_) => &self.broken,
            Why::Stopped => &self.stopped,
        };
        add(ended, 1);
        add(&self.echoed, event.echoed);
        add(&self.lost, event.lost as u64);
        self.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Tally {
    /// The counts as they are now.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let get = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Counts {
            accepted: get(&self.accepted),
            most_open: get(&self.most_open),
            blocked: get(&self.blocked),
            finished: get(&self.finished),
            broken: get(&self.broken),
            stopped: get(&self.stopped),
            echoed: get(&self.echoed),
            lost: get(&self.lost),
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            accepted,
            most_open,
            blocked,
            finished,
            broken,
            stopped,
            echoed,
            lost,
        } = self;
        writeln!(f, "{accepted} accepted, at most {most_open} at once")?;
        writeln!(f, "{finished} finished, {broken} broken, {stopped} stopped")?;
        write!(
            f,
            "{echoed} bytes echoed, {lost} lost, {blocked} times a peer was waited for"
        )
    }
}

fn add(count: &AtomicU64, more: u64) {
    count.fetch_add(more, Ordering::Relaxed);
}
