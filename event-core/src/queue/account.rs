//! Counts the deliveries that end during a shutdown, each once.
//!
//! Every place that holds deliveries, a queue's buffer or the registry of tasks, has an account of its
//! own under its own lock. From the moment at which the dispatcher begins to drain, a delivery that ends
//! there is *drained*, in the same step in which it leaves. At the time limit, one step closes the place
//! and counts all deliveries in it as *abandoned*; deliveries that end after that step are not counted
//! again.

/// The account of one place.
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
    /// All deliveries of the place are counted.
    Closed,
}

/// The number of deliveries of each handler.
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
    /// Starts to count deliveries, since the dispatcher drains.
    pub(crate) fn open(&mut self) {
        if self.stage == AccountStage::New {
            self.stage = AccountStage::Open;
        }
    }

    /// Ends the counting: all deliveries of the place are counted, and no more will come.
    pub(crate) fn close(&mut self) {
        self.stage = AccountStage::Closed;
    }

    /// Counts a delivery that ended.
    pub(crate) fn drain(&mut self, handler: L) {
        if self.stage == AccountStage::Open {
            add(&mut self.drained, handler, 1);
        }
    }

    /// Counts a delivery that will not run any more, or whose end is not awaited.
    pub(crate) fn abandon(&mut self, handler: L) {
        if self.stage == AccountStage::Open {
            add(&mut self.abandoned, handler, 1);
        }
    }

    /// Returns what was drained, and what was abandoned.
    pub(crate) fn counts(&self) -> (HandlerCounts<L>, HandlerCounts<L>) {
        (self.drained.clone(), self.abandoned.clone())
    }
}

/// Adds deliveries of a handler to a list of counts.
pub(crate) fn add<L: PartialEq>(counts: &mut HandlerCounts<L>, handler: L, deliveries: usize) {
    match counts.iter_mut().find(|(other, _)| *other == handler) {
        Some((_, count)) => *count += deliveries,
        None => counts.push((handler, deliveries)),
    }
}
