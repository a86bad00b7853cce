//! Writes what is emitted.
//!
//! An event is encoded where it is emitted, outside of every lock, since its `Serialize` is the
//! user's. That does not change the order that matters: an observer hears of an event before its
//! handlers do, so whatever it causes, on whichever thread, comes later. Only events that threads emit
//! at the same time may change places, and those have no order.
//!
//! Lines gather in memory under one lock, and go out under another, which is held while the writer
//! runs: so those that threads add meanwhile go out together, and whoever has waited for that lock finds
//! the own line gone. The writer is the user's, too: it may emit, and that event then waits for the next
//! one.

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
    /// A writer runs on this thread.
    static WRITES: Cell<bool> = const { Cell::new(false) };
}

/// An observer that writes each event as one line of JSON, a CloudEvent with the event's
/// [`Meta`](crate::Meta), in the order in which they are emitted.
///
/// Clones write the same record: give one to the dispatcher, and ask another for the
/// [end](Self::finish). Each event is written and flushed before its handlers run, so a program that is
/// killed loses none whose emit has returned; a power failure loses what the system had not stored yet.
/// Both can be chosen, as well as when a new record begins: see the [`builder`](Self::builder). The
/// writer needs no buffer of its own.
///
/// An event that cannot be written is counted by name and reason in [`JournalSummary`], and logged the first
/// time. One that the writer itself emits waits for the next one. After an error of the writer nothing
/// more is written; the error is kept, and logged. Dropping the last clone writes what is left, and only
/// logs what then fails.
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
/// let record = recorder.into_inner().unwrap();
/// assert_eq!(JournalReader::new(codec, &*record).count(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct JournalWriter<W: Write> {
    shared: Arc<Shared<W>>,
}

struct Shared<W: Write> {
    codec: Codec,
    lines: Arc<Lines>,
    /// Locked before `lines`, so that blocks keep their order. `None` once it was taken.
    out: Mutex<Option<Output<W>>>,
    timer: Mutex<Option<Timer>>,
}

impl<W: Write> JournalWriter<W> {
    /// Starts a new record, in which each event is flushed as it is emitted; nothing is written before
    /// there is one.
    pub fn new(codec: Codec, out: W) -> Self {
        Self {
            shared: Arc::new(Shared::new(JournalBuilder::new(codec), out, 0, 0)),
        }
    }

    /// A recorder about which more is to be chosen: when it flushes and syncs, when a new record begins,
    /// and whether it appends to one that exists.
    pub fn builder(codec: Codec) -> JournalBuilder<W> {
        JournalBuilder::new(codec)
    }

    /// Writes out what waits, flushes the writer, and syncs it if that was chosen; says what is in the
    /// record up to here.
    ///
    /// Called by the writer itself, it only says so.
    pub fn flush(&self) -> JournalSummary {
        self.shared.write_out(Reason::Asked);
        self.shared.lines.recorded()
    }

    /// Ends the record: [flushes](Self::flush) it, and ends the thread that kept its intervals. Events
    /// that are emitted from here on are counted, and another call says how many.
    pub fn finish(&self) -> JournalSummary {
        self.shared.lines.finish();
        let recorded = self.flush();
        self.shared.end_timer();
        recorded
    }

    /// Ends the record, and gives the writer back; `None` if another clone has taken it.
    #[must_use = "it is dropped otherwise"]
    pub fn into_inner(self) -> Option<W> {
        let _ = self.finish();
        self.shared.out().take().map(Output::into_writer)
    }
}

impl<W: Write + Send + 'static> JournalWriter<W> {
    /// Starts a record that has `size` bytes already, of which the last `torn` are no whole event.
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
            log::record_torn(torn);
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

    /// Writes out what waits, if there is a reason to, unless this happens inside of a writer.
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
            log::record_not_rotated(&error);
        }
        if let Some(error) = outcome.failed {
            log::record_failed(&error);
        }
    }

    /// Ends the thread that keeps the intervals. A writer that ends it does not wait for it, since it may
    /// wait for the writer.
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

/// JSON of the user's own may have line ends between its tokens, where a blank says the same.
fn one_line(json: String) -> String {
    if json.contains(['\n', '\r']) {
        json.replace(['\n', '\r'], " ")
    } else {
        json
    }
}

/// What is left is written even if nobody asks for the end.
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
