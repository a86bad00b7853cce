//! Writes emitted events to a journal.
//!
//! An event is encoded where it is emitted, outside of every lock, since its `Serialize` is the user's
//! code. That keeps the order that matters: an observer is told of an event before its handlers run, so
//! every event that it causes, on whichever thread, comes later. Only events that threads emit at the
//! same time may change places, and those have no order.
//!
//! Lines gather in memory under one lock, and are written under another, which is held while the writer
//! runs: so lines that threads add meanwhile are written together, and a thread that has waited for that
//! lock finds that its line is written. The writer is the user's code, too: it may emit, and such an
//! event is then written with the next one.

use std::cell::Cell;
use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::observer::{EmissionView, Observer};
use crate::wire::codec::Codec;
use crate::wire::journal::builder::JournalBuilder;
use crate::wire::journal::lines::{Lines, Progress, Reason};
use crate::wire::journal::output::Output;
use crate::wire::journal::summary::JournalSummary;
use crate::wire::journal::timer::Timer;
use crate::{log, panics};

thread_local! {
    /// Whether a writer runs on this thread.
    static WRITES: Cell<bool> = const { Cell::new(false) };
}

/// An observer that writes each event as one line of JSON, a CloudEvent with the event's
/// [`Meta`](crate::Meta), in the order in which they are emitted.
///
/// Clones write the same journal: give one to the dispatcher, and call [`finish`](Self::finish) on
/// another. Each event is written and flushed before its handlers run, so a program that is killed loses
/// no event whose emit has returned; a power failure loses what the system had not stored yet. Both can
/// be changed, as well as when a new journal begins: see the [`builder`](Self::builder). The writer needs
/// no buffer of its own.
///
/// An event that cannot be written is counted by name and reason in [`JournalSummary`], and logged the
/// first time. An event that the writer itself emits is written with the next one. After an error of the
/// writer nothing more is written; the error is kept, and logged. Dropping the last clone writes the
/// remaining events; an error is then only logged.
///
/// # Examples
///
/// ```standalone_crate
/// use event_core::wire::Codec;
/// use event_core::wire::journal::{JournalWriter, JournalReader};
/// use event_core::{Dispatcher, Event};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Event, Serialize, Deserialize)]
/// #[event(name = "bell.rung", wire)]
/// struct BellRung { door: u8 }
///
/// let codec = Codec::new("/house")?;
/// let recorder = JournalWriter::new(codec.clone(), Vec::new()); // or a `File`
/// let dispatcher = Dispatcher::builder().observe(recorder.clone()).build()?;
/// dispatcher.emit(BellRung { door: 1 });
/// dispatcher.emit(BellRung { door: 2 });
///
/// let recorded = recorder.finish();
/// assert!(recorded.is_complete(), "{recorded}");
/// let journal = recorder.into_inner().unwrap();
/// assert_eq!(JournalReader::new(codec, &*journal).count(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct JournalWriter<W: Write> {
    shared: Arc<Shared<W>>,
}

struct Shared<W: Write> {
    codec: Codec,
    lines: Arc<Lines>,
    /// Locked before `lines`, so that blocks keep their order. `None` after the writer was taken.
    out: Mutex<Option<Output<W>>>,
    timer: Mutex<Option<Timer>>,
}

impl<W: Write> JournalWriter<W> {
    /// Starts a new journal, in which each event is flushed as it is emitted. Nothing is written before
    /// the first event.
    pub fn new(codec: Codec, out: W) -> Self {
        Self {
            shared: Arc::new(Shared::new(JournalBuilder::new(codec), out, 0, 0)),
        }
    }

    /// Returns a builder, which chooses when the journal is flushed and synced, when a new journal
    /// begins, and whether an existing one is appended to.
    pub fn builder(codec: Codec) -> JournalBuilder<W> {
        JournalBuilder::new(codec)
    }

    /// Writes the events that wait, flushes the writer, and syncs it if that was chosen; returns what is
    /// in the journal so far.
    ///
    /// If the writer itself calls it, nothing is written.
    pub fn flush(&self) -> JournalSummary {
        self.shared.write_out(Reason::Asked);
        self.shared.lines.recorded()
    }

    /// Ends the journal: [flushes](Self::flush) it, and ends the thread of its intervals. Events that are
    /// emitted after this are counted, and another call returns their number.
    pub fn finish(&self) -> JournalSummary {
        self.shared.lines.finish();
        let recorded = self.flush();
        self.shared.end_timer();
        recorded
    }

    /// Ends the journal, and returns the writer; `None` if another clone has taken it.
    #[must_use = "it is dropped otherwise"]
    pub fn into_inner(self) -> Option<W> {
        let _ = self.finish();
        self.shared.out().take().map(Output::into_writer)
    }
}

impl<W: Write + Send + 'static> JournalWriter<W> {
    /// Starts a journal that has `size` bytes already, of which the last `torn` are no whole event.
    pub(crate) fn start(
        builder: JournalBuilder<W>,
        out: W,
        size: u64,
        torn: u64,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared::new(builder, out, size, torn));
        if shared.lines.have_interval() {
            let (lines, owner) = (Arc::clone(&shared.lines), Arc::downgrade(&shared));
            let timer = Timer::start(lines, owner, |shared| shared.write_out(Reason::Time))?;
            *unpoisoned(&shared.timer) = Some(timer);
        }
        if torn > 0 {
            log::journal_torn(torn);
        }
        Ok(Self { shared })
    }
}

impl<W: Write> Shared<W> {
    fn new(builder: JournalBuilder<W>, out: W, size: u64, torn: u64) -> Self {
        let lines = Lines::new(builder.unflushed(), builder.unsynced(), torn);
        Self {
            codec: builder.codec.clone(),
            lines: Arc::new(lines),
            out: Mutex::new(Some(builder.output(out, size))),
            timer: Mutex::new(None),
        }
    }

    /// Writes the lines that wait, if the reason holds, unless this is called inside of a writer.
    fn write_out(&self, reason: Reason) {
        let Some(_writing) = Writing::begin() else {
            return;
        };
        let outcome = {
            let mut out = self.out();
            let Some(out) = &mut *out else {
                return;
            };
            let Some(block) = self.lines.take(reason) else {
                return;
            };
            let mut progress = Progress::default();
            let written =
                panics::catch(|| out.write(&block, &mut progress)).unwrap_or_else(|panic| {
                    Err(io::Error::other(format!("the writer panicked: {panic}")))
                });
            self.lines.went_out(block, progress, written)
        };
        if let Some(error) = outcome.not_rotated {
            log::journal_not_rotated(&error);
        }
        if let Some(error) = outcome.failed {
            log::journal_failed(&error);
        }
    }

    /// Ends the thread of the intervals. A writer that calls this does not wait for the thread, since the
    /// thread may wait for the writer.
    fn end_timer(&self) {
        self.lines.close();
        let timer = unpoisoned(&self.timer).take();
        if !WRITES.get() {
            timer.into_iter().for_each(Timer::join);
        }
    }

    fn out(&self) -> MutexGuard<'_, Option<Output<W>>> {
        unpoisoned(&self.out)
    }
}

fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<W: Write + Send + 'static> Observer for JournalWriter<W> {
    fn emission_started(&self, emission: &EmissionView<'_>) {
        let event = emission.event();
        match self.shared.codec.encode(event, emission.meta()) {
            Ok(line) => {
                if self.shared.lines.add(&one_line(line)) {
                    self.shared.write_out(Reason::Full);
                }
            }
            Err(why) => {
                let is_root = emission.depth() == 0;
                if let Some(why) = self.shared.lines.miss(event.name(), is_root, why) {
                    log::not_recorded(event.name(), &*why);
                }
            }
        }
    }
}

/// The user's own JSON may have line ends between its tokens, where a space has the same meaning.
fn one_line(json: String) -> String {
    if json.contains(['\n', '\r']) {
        json.replace(['\n', '\r'], " ")
    } else {
        json
    }
}

/// Writes the remaining lines even if the journal was not finished.
impl<W: Write> Drop for Shared<W> {
    fn drop(&mut self) {
        self.write_out(Reason::Asked);
        self.end_timer();
    }
}

/// A guard: the writer runs on this thread until it is dropped.
struct Writing(());

impl Writing {
    fn begin() -> Option<Self> {
        (!WRITES.replace(true)).then_some(Self(()))
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        WRITES.set(false);
    }
}

impl<W: Write> Clone for JournalWriter<W> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<W: Write> fmt::Debug for JournalWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JournalWriter").finish_non_exhaustive()
    }
}
