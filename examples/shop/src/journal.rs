//! Emits the events of a journal, one after the other.

use std::{fs::File, io::BufReader, iter, path::Path};

use event_core::{
    Dispatcher,
    error::BoxError,
    flag::Flag,
    wire::{
        Codec, CodecError, Envelope,
        journal::{JournalError, JournalReader},
    },
};
use indicatif::{ProgressBar, ProgressBarIter, ProgressStyle};

use crate::{
    input::{Complaints, Lines},
    tally::Tally,
};

/// A journal that has an event at least.
pub(crate) struct Journal {
    first: Envelope,
    rest: JournalReader<BufReader<ProgressBarIter<File>>>,
    complaints: Complaints,
}

/// Writes and reads the shop's events.
pub(crate) fn codec() -> Result<Codec, CodecError> {
    Codec::new("/examples/shop")
}

impl Journal {
    /// Reads up to the first event.
    pub(crate) fn open(
        path: &Path,
        mut complaints: Complaints,
        shows: bool,
    ) -> Result<(Journal, ProgressBar), BoxError> {
        let name = path.display();
        let cannot_read = |error| format!("cannot read {name}: {error}");
        let file = File::open(path).map_err(cannot_read)?;
        let size = file.metadata().map_err(cannot_read)?.len();
        let bar = bytes_bar(size, shows);
        let mut rest = JournalReader::new(codec()?, BufReader::new(bar.wrap_read(file)));
        for event in rest.by_ref() {
            match event {
                Ok(first) => {
                    let journal = Journal {
                        first,
                        rest,
                        complaints,
                    };
                    return Ok((journal, bar));
                }
                Err(JournalError::Read { error, .. }) => return Err(cannot_read(error).into()),
                Err(error) => complaints.add(&error.to_string()),
            }
        }
        bar.finish_and_clear();
        complaints.end();
        Err(match rest.lines() {
            0 => format!("{name} is empty"),
            _ => format!("{name} is no journal of the shop: none of its lines is an event"),
        }
        .into())
    }

    /// Emits each event once, until it is told to stop. What its handlers cause is in the journal, too.
    pub(crate) fn replay(
        mut self,
        dispatcher: &Dispatcher,
        tally: &Tally,
        stop: &Flag,
        bar: &ProgressBar,
    ) -> Lines {
        let mut events = iter::once(Ok(self.first)).chain(self.rest.by_ref());
        while !stop.is_set()
            && let Some(event) = events.next()
        {
            match event {
                Ok(event) => {
                    let report = dispatcher
                        .replaying()
                        .emit_blocking(&event)
                        .expect("the till's thread is its own");
                    let failures = report.failures().iter();
                    failures.for_each(|failure| tally.fail(failure));
                }
                Err(error) => bar.suspend(|| self.complaints.add(&error.to_string())),
            }
        }
        bar.suspend(|| self.complaints.end());
        Lines {
            all: usize::try_from(self.rest.lines()).unwrap_or(usize::MAX),
            malformed: self.complaints.count(),
        }
    }
}

/// Shows on standard error how far the replay is, if it is wanted and that is a terminal.
fn bytes_bar(bytes: u64, wanted: bool) -> ProgressBar {
    if !wanted {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40.cyan} {bytes} of {total_bytes}")
        .expect("a template with known keys");
    ProgressBar::new(bytes).with_style(style)
}
