//! Emits the purchases, one after the other.

use std::{
    io, panic,
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use event_core::{
    Dispatcher,
    flag::{Flag, Wait},
};
use indicatif::{ProgressBar, ProgressStyle};
use shop_events::PurchaseMade;

use crate::{input::Lines, tally::Tally};

/// The till: a thread that makes the purchases, or replays those of a journal.
///
/// A till may have to wait, so it emits with `emit_blocking`. What for, it does not know.
#[derive(Debug)]
pub(crate) struct Till {
    /// When it was opened.
    pub(crate) since: Instant,
    stop: Arc<Flag>,
    closed: Arc<Flag>,
    thread: JoinHandle<(Duration, Lines)>,
}

/// Says that the till is closed, whichever way that came about.
struct SaysClosed(Arc<Flag>);

impl Till {
    /// Starts to do what there is to do, which ends when the flag is set.
    pub(crate) fn open(replay: impl FnOnce(&Flag) -> Lines + Send + 'static) -> io::Result<Till> {
        let (stop, closed) = (Arc::new(Flag::new()), Arc::new(Flag::new()));
        let stopped = Arc::clone(&stop);
        let says_closed = SaysClosed(Arc::clone(&closed));
        let since = Instant::now();
        let thread = thread::Builder::new().name("till".to_owned());
        let thread = thread.spawn(move || {
            let _says_closed = says_closed;
            let lines = replay(&stopped);
            (since.elapsed(), lines)
        })?;
        Ok(Till {
            since,
            stop,
            closed,
            thread,
        })
    }

    /// Asks the till not to begin another purchase.
    pub(crate) fn stop(&self) {
        self.stop.set();
    }

    /// Waits until the till is closed.
    pub(crate) fn closed(&self) -> Wait<'_> {
        self.closed.wait()
    }

    /// How long it took, and how many lines were read, once it is closed.
    pub(crate) fn took(self) -> (Duration, Lines) {
        self.thread
            .join()
            .unwrap_or_else(|panicked| panic::resume_unwind(panicked))
    }
}

impl Drop for SaysClosed {
    fn drop(&mut self) {
        self.0.set();
    }
}

/// Emits each purchase, until it is told to stop.
pub(crate) fn replay_purchases(
    dispatcher: &Dispatcher,
    tally: &Tally,
    purchases: Vec<PurchaseMade>,
    stop: &Flag,
    bar: &ProgressBar,
) {
    /// So many purchases take some milliseconds: the bar moves, and the loop does not notice.
    const STEP: usize = 1000;

    for (done, purchase) in purchases.into_iter().enumerate() {
        if stop.is_set() {
            break;
        }
        if done % STEP == 0 {
            bar.set_position(done as u64);
        }
        let report = dispatcher
            .emit_blocking(purchase)
            .expect("the till's thread is its own");
        report
            .failures()
            .iter()
            .for_each(|failure| tally.fail(failure));
    }
}

/// Shows on standard error how far the replay is, if it is wanted and that is a terminal.
pub(crate) fn purchases_bar(purchases: usize, wanted: bool) -> ProgressBar {
    if !wanted {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40.cyan} {pos} of {len} purchases")
        .expect("a template with known keys");
    ProgressBar::new(purchases as u64).with_style(style)
}
