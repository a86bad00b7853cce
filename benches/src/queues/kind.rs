//! Kinds of work that a queue is given.

use std::rc::Rc;

use tokio::runtime::Runtime;

use super::{Candidate, by_hand};
use crate::ours;

/// What a handler does with its event, and who sends which events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The handler counts.
    Plain,
    /// The handler awaits what is ready, then counts.
    Ready,
    /// The handler wakes itself and waits once, then counts.
    Waits,
    /// The events have a key, and the handler counts.
    Key,
    /// Events of two types come in turns, and their handlers count.
    Types,
    /// Two tasks send, and the handler counts.
    Producers,
    /// The events have 512 bytes, and the handler counts.
    Large,
}

impl Kind {
    /// How many tasks send.
    pub(crate) const fn producers(self) -> u64 {
        match self {
            Self::Producers => 2,
            _ => 1,
        }
    }
}

/// Ours and the queue by hand, which do one kind of work on a current-thread runtime.
#[derive(Clone, Copy, Debug)]
pub struct Set {
    /// The name in the figures, such as `queue-key`.
    pub group: &'static str,
    /// What they do.
    pub kind: Kind,
    /// How many consumers do it.
    pub consumers: usize,
}

const fn set(group: &'static str, kind: Kind, consumers: usize) -> Set {
    Set {
        group,
        kind,
        consumers,
    }
}

/// The sets that are timed, beside the plain ones.
pub const TIMED: [Set; 7] = [
    set("queue-ready", Kind::Ready, 1),
    set("queue-waits", Kind::Waits, 1),
    set("queue-key", Kind::Key, 1),
    set("queue-key", Kind::Key, 2),
    set("queue-types", Kind::Types, 1),
    set("queue-producers", Kind::Producers, 1),
    set("queue-large", Kind::Large, 1),
];

/// The sets whose instructions and allocations are counted.
pub const COUNTED: [Set; 7] = [
    set("queue-ct", Kind::Plain, 1),
    set("queue-ready", Kind::Ready, 1),
    set("queue-waits", Kind::Waits, 1),
    set("queue-key", Kind::Key, 1),
    set("queue-key", Kind::Key, 2),
    set("queue-types", Kind::Types, 1),
    set("queue-large", Kind::Large, 1),
];

impl Set {
    /// The candidates, on this runtime.
    #[must_use]
    pub fn candidates(self, runtime: &Rc<Runtime>) -> Vec<Candidate> {
        let Self {
            kind, consumers, ..
        } = self;
        let mut all = vec![
            ours::by_tasks(kind, runtime, consumers),
            by_hand::candidate(kind, runtime, consumers),
        ];
        if kind == Kind::Key && consumers > 1 {
            // The other one does not keep the order of the events with one key.
            all.push(by_hand::sharded(kind, runtime, consumers));
        }
        all
    }
}
