//! Emits the purchases, one after the other, and adds up what the reports say.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use event_core::{Dispatcher, Report, report::Failure};
use indicatif::{ProgressBar, ProgressStyle};
use shop_events::PurchaseMade;

/// What happened, over all purchases.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// How many events were emitted: the purchases and all that followed from them.
    pub(crate) events: usize,
    /// How many deliveries ended well.
    pub(crate) done: usize,
    /// How many ended with an error.
    pub(crate) failed: usize,
    /// How many ended with a panic.
    pub(crate) panicked: usize,
    /// How many were filtered.
    pub(crate) skipped: usize,
    /// The failures by the name of the handler.
    pub(crate) failures: BTreeMap<&'static str, Failures>,
    /// How long all of it took.
    pub(crate) elapsed: Duration,
}

/// The failures of one handler.
#[derive(Debug)]
pub(crate) struct Failures {
    pub(crate) count: usize,
    /// What the first one said.
    pub(crate) example: String,
}

/// Emits each purchase. The bar shows how far that is, if it is wanted and standard error is a
/// terminal.
pub(crate) fn replay(dispatcher: &Dispatcher, purchases: Vec<PurchaseMade>, bar: bool) -> Tally {
    /// So many purchases take about a millisecond: the bar moves, and the loop does not notice.
    const STEP: usize = 1000;

    let bar = if bar {
        progress_bar(purchases.len())
    } else {
        ProgressBar::hidden()
    };
    let mut tally = Tally::default();
    let start = Instant::now();
    for (done, purchase) in purchases.into_iter().enumerate() {
        if done % STEP == 0 {
            bar.set_position(done as u64);
        }
        tally.add(&dispatcher.emit(purchase));
    }
    tally.elapsed = start.elapsed();
    bar.finish_and_clear();
    tally
}

fn progress_bar(purchases: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40.cyan} {pos} of {len} purchases")
        .expect("a template with known keys");
    ProgressBar::new(purchases as u64).with_style(style)
}

impl Tally {
    fn add(&mut self, report: &Report) {
        self.events += report.events();
        self.done += report.done();
        self.failed += report.failed();
        self.panicked += report.panicked();
        self.skipped += report.skipped();
        for failure in report.failures() {
            let handler = failure
                .handler()
                .map_or("the dispatcher", |handler| handler.name());
            let new = || Failures {
                count: 0,
                example: cause_of(failure),
            };
            self.failures.entry(handler).or_insert_with(new).count += 1;
        }
    }

    /// How many deliveries were made.
    pub(crate) fn deliveries(&self) -> usize {
        self.done + self.failed + self.panicked + self.skipped
    }
}

/// What went wrong, without the handler's name, which the summary has anyway.
fn cause_of(failure: &Failure) -> String {
    match (failure.error(), failure.panic_message()) {
        (Some(error), _) => error.to_string(),
        (None, Some(panic)) => format!("panicked: {panic}"),
        (None, None) => failure.to_string(),
    }
}
