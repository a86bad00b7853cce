//! What is replayed: purchases, or the journal of another run.

use event_core::{Dispatcher, error::BoxError, flag::Flag};
use indicatif::ProgressBar;
use shop_events::PurchaseMade;

use crate::{
    args::Args,
    complain,
    journal::Journal,
    purchases::Purchases,
    replay::{purchases_bar, replay_purchases},
    tally::Tally,
};

/// What is replayed, open and not empty.
pub(crate) enum Input {
    Purchases(Vec<PurchaseMade>, Lines),
    Journal(Box<Journal>),
}

/// How many lines were read.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Lines {
    /// All that are not blank, without a header.
    pub(crate) all: usize,
    /// Those that are malformed.
    pub(crate) malformed: usize,
}

/// Says on standard error what is wrong with lines; of many, the first ones.
#[derive(Debug)]
pub(crate) struct Complaints {
    source: String,
    count: usize,
}

impl Input {
    /// Opens what the arguments name; `shows` says whether a bar shows how far the replay is. An
    /// error means that there is nothing to replay.
    pub(crate) fn open(args: &Args, shows: bool) -> Result<(Input, ProgressBar), BoxError> {
        if let Some(path) = &args.replay {
            let (journal, bar) = Journal::open(path, Complaints::new(args.source()), shows)?;
            return Ok((Input::Journal(Box::new(journal)), bar));
        }
        let source = args.source();
        let file = args.read()?;
        let purchases = Purchases::parse(&file);
        let mut complaints = Complaints::new(source.clone());
        for malformed in &purchases.malformed {
            complaints.add(&format!("line {}: {}", malformed.line, malformed.problem));
        }
        complaints.end();
        if purchases.valid.is_empty() {
            let what = if file.is_empty() {
                "is empty"
            } else {
                "has no valid line"
            };
            return Err(format!("{source} {what}").into());
        }
        let lines = Lines {
            all: purchases.lines,
            malformed: purchases.malformed.len(),
        };
        let bar = purchases_bar(purchases.valid.len(), shows);
        Ok((Input::Purchases(purchases.valid, lines), bar))
    }

    /// How many purchases there are to make, if that is known.
    pub(crate) fn purchases(&self) -> Option<usize> {
        match self {
            Input::Purchases(purchases, _) => Some(purchases.len()),
            Input::Journal(_) => None,
        }
    }

    /// Emits all of it, until it is told to stop; says how many lines that were.
    pub(crate) fn replay(
        self,
        dispatcher: &Dispatcher,
        tally: &Tally,
        stop: &Flag,
        bar: &ProgressBar,
    ) -> Lines {
        let lines = match self {
            Input::Purchases(purchases, lines) => {
                replay_purchases(dispatcher, tally, purchases, stop, bar);
                lines
            }
            Input::Journal(journal) => journal.replay(dispatcher, tally, stop, bar),
        };
        bar.finish_and_clear();
        lines
    }
}

impl Complaints {
    /// More than this are counted, not shown.
    const SHOWN: usize = 20;

    /// About the lines of a file.
    pub(crate) fn new(source: String) -> Complaints {
        Complaints { source, count: 0 }
    }

    /// Says which line is malformed, and why.
    pub(crate) fn add(&mut self, problem: &str) {
        self.count += 1;
        if self.count <= Complaints::SHOWN {
            complain(&format!("{}, {problem}", self.source));
        }
    }

    /// How many there were.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Says how many were not shown.
    pub(crate) fn end(&self) {
        if let Some(more @ 1..) = self.count.checked_sub(Complaints::SHOWN) {
            complain(&format!("{}: and {more} more malformed lines", self.source));
        }
    }
}
