//! Which deliveries a shutdown found under way, each named once.
//!
//! Every place that holds deliveries, a queue's buffer or the registry of tasks, has an account of its
//! own under its own lock. From the moment at which the dispatcher begins to drain, a delivery that
//! ends there is *drained*, in the step in which it leaves. Where the time is over, one step closes the
//! place and names all that is in it *abandoned*; what ends after that step is in neither list again.

/// What is named in one place.
#[derive(Debug)]
pub(crate) struct ShutdownAccount<L> {
    stage: AccountStage,
    drained: HandlerCounts<L>,
    abandoned: HandlerCounts<L>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AccountStage {
    /// The dispatcher takes roots.
    New,
    Open,
    /// All that was in the place is named.
    Closed,
}

/// How many deliveries of each handler.
pub(crate) type HandlerCounts<L> = Vec<(L, usize)>;

impl<L> Default for ShutdownAccount<L> {
    fn default() -> Self {
        Self {
            stage: AccountStage::New,
            drained: Vec::new(),
            abandoned: Vec::new(),
        }
    }
}

impl<L: Copy + PartialEq> ShutdownAccount<L> {
    /// From here on deliveries are named: the dispatcher drains.
    pub(crate) fn open(&mut self) {
        if self.stage == AccountStage::New {
            self.stage = AccountStage::Open;
        }
    }

    /// All that was in the place is named, and nothing will come.
    pub(crate) fn close(&mut self) {
        self.stage = AccountStage::Closed;
    }

    /// A delivery ended.
    pub(crate) fn drain(&mut self, handler: L) {
        if self.stage == AccountStage::Open {
            add(&mut self.drained, handler, 1);
        }
    }

    /// Nobody will run a delivery any more, or wait for its end.
    pub(crate) fn abandon(&mut self, handler: L) {
        if self.stage == AccountStage::Open {
            add(&mut self.abandoned, handler, 1);
        }
    }

    /// What was drained, and what was abandoned.
    pub(crate) fn counts(&self) -> (HandlerCounts<L>, HandlerCounts<L>) {
        (self.drained.clone(), self.abandoned.clone())
    }
}

/// Counts deliveries of a handler.
pub(crate) fn add<L: PartialEq>(counts: &mut HandlerCounts<L>, handler: L, deliveries: usize) {
    match counts.iter_mut().find(|(other, _)| *other == handler) {
        Some((_, count)) => *count += deliveries,
        None => counts.push((handler, deliveries)),
    }
}
