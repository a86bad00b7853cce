//! Writes what is emitted.
//!
//! An event is encoded where it is emitted, outside of every lock, since its `Serialize` is the
//! user's. That does not change the order that matters: an observer hears of an event before its
//! handlers do, so whatever it causes, on whichever thread, comes later. Only events that threads emit
//! at the same time may change places, and those have no order.
//!
//! Lines gather in memory under one lock, and go out in blocks under another, which is held while the
//! writer runs. The writer is the user's, too: it may emit, and that event then waits for the next
//! block.

use std::cell::Cell;
use std::fmt;
use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Missed, Recorded};
use crate::observer::{EmissionSeen, Observer};
use crate::wire::Codec;
use crate::{isolate, log};

/// So many bytes go out together.
const BLOCK: usize = 64 * 1024;

thread_local! {
    /// A writer runs on this thread.
    static WRITES: Cell<bool> = const { Cell::new(false) };
}

/// An observer that writes each event as one line of JSON, a CloudEvent with the event's
/// [`Meta`](crate::Meta), in the order in which they are emitted.
///
/// Clones write the same record: give one to the dispatcher, and ask another for the
/// [end](Self::finish). Lines go out in blocks of 64 KiB, each line in one block, on the threads that
/// emit: the writer needs no buffer of its own, and a program that is killed loses the last block,
/// which [`flush`](Self::flush) prevents.
///
/// An event that cannot be written is counted by name and reason in [`Recorded`], and logged the first
/// time. After an error of the writer nothing more is written; the error is kept, and logged. Dropping
/// the last clone writes what is left, and only logs what then fails.
///
/// # Examples
///
/// ```standalone_crate
/// use event_core::wire::Codec;
/// use event_core::wire::record::{Recorder, Records};
/// use event_core::{Dispatcher, Event};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Event, Serialize, Deserialize)]
/// #[event(name = "bell.rung", wire)]
/// struct BellRung { door: u8 }
///
/// let codec = Codec::new("/house")?;
/// let recorder = Recorder::new(codec.clone(), Vec::new()); // or a `File`
/// let dispatcher = Dispatcher::builder().observe(recorder.clone()).build()?;
/// dispatcher.emit(BellRung { door: 1 });
/// dispatcher.emit(BellRung { door: 2 });
///
/// let recorded = recorder.finish();
/// assert!(recorded.is_complete(), "{recorded}");
/// let record = recorder.into_inner().unwrap();
/// assert_eq!(Records::new(codec, &*record).count(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Recorder<W: Write> {
    shared: Arc<Shared<W>>,
}

struct Shared<W: Write> {
    codec: Codec,
    lines: Mutex<Lines>,
    /// Locked before `lines`, so that blocks keep their order. `None` once it was taken.
    out: Mutex<Option<W>>,
}

/// What has not gone out yet, and what became of the rest.
#[derive(Default)]
struct Lines {
    waiting: Vec<u8>,
    events: u64,
    /// Empty, but with room: the last block that went out.
    spare: Vec<u8>,
    recorded: Recorded,
    is_finished: bool,
}

impl<W: Write> Recorder<W> {
    /// Starts a record; nothing is written before there is an event.
    pub fn new(codec: Codec, out: W) -> Self {
        Self {
            shared: Arc::new(Shared {
                codec,
                lines: Mutex::default(),
                out: Mutex::new(Some(out)),
            }),
        }
    }

    /// Writes out what waits and flushes the writer; says what is in the record up to here.
    ///
    /// Called by the writer itself, it only says so.
    pub fn flush(&self) -> Recorded {
        self.shared.write_out(true);
        self.shared.lines().recorded.clone()
    }

    /// Ends the record: writes out what waits and flushes the writer. Events that are emitted from
    /// here on are counted, and another call says how many.
    pub fn finish(&self) -> Recorded {
        self.shared.lines().is_finished = true;
        self.flush()
    }

    /// Ends the record, and gives the writer back; `None` if another clone has taken it.
    #[must_use = "it is dropped otherwise"]
    pub fn into_inner(self) -> Option<W> {
        let _ = self.finish();
        self.shared.out().take()
    }
}

impl<W: Write> Shared<W> {
    /// Writes out what waits, unless this happens inside of a writer.
    fn write_out(&self, flushes: bool) {
        let Some(_writing) = Writing::begin() else {
            return;
        };
        let failed = {
            let mut out = self.out();
            let Some(out) = &mut *out else {
                return;
            };
            let (block, events) = {
                let mut lines = self.lines();
                let spare = mem::take(&mut lines.spare);
                let block = mem::replace(&mut lines.waiting, spare);
                (block, mem::take(&mut lines.events))
            };
            let write = || {
                out.write_all(&block)?;
                if flushes { out.flush() } else { Ok(()) }
            };
            let written = isolate::run(write).unwrap_or_else(|panic| {
                Err(io::Error::other(format!("the writer panicked: {panic}")))
            });
            self.lines().went_out(block, events, written)
        };
        if let Some(error) = failed {
            log::record_failed(&error);
        }
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn out(&self) -> MutexGuard<'_, Option<W>> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lines {
    /// Adds a line; answers whether it is time to write.
    fn add(&mut self, line: &str) -> bool {
        if self.is_finished {
            self.recorded.late += 1;
        } else if self.recorded.error.is_some() {
            self.recorded.lost += 1;
        } else {
            self.waiting.extend_from_slice(line.as_bytes());
            self.waiting.push(b'\n');
            self.events += 1;
        }
        self.waiting.len() >= BLOCK
    }

    /// Counts a block that went out, or did not; answers the error that ends the record.
    fn went_out(
        &mut self,
        mut block: Vec<u8>,
        events: u64,
        written: io::Result<()>,
    ) -> Option<Arc<io::Error>> {
        let bytes = block.len() as u64;
        block.clear();
        self.spare = block;
        match written {
            Ok(()) => {
                self.recorded.written += events;
                self.recorded.bytes += bytes;
                None
            }
            Err(error) => {
                let error = Arc::new(error);
                self.recorded.lost += events + mem::take(&mut self.events);
                self.waiting = Vec::new();
                self.recorded.error = Some(Arc::clone(&error));
                Some(error)
            }
        }
    }
}

impl<W: Write + Send + 'static> Observer for Recorder<W> {
    fn emission_started(&self, emission: &EmissionSeen<'_>) {
        let event = emission.event();
        match self.shared.codec.encode(event, emission.meta()) {
            Ok(line) => {
                let is_full = self.shared.lines().add(&one_line(line));
                if is_full {
                    self.shared.write_out(false);
                }
            }
            Err(why) => {
                let is_root = emission.depth() == 0;
                let first = {
                    let missed = &mut self.shared.lines().recorded.missed;
                    Missed::add(missed, event.name(), is_root, why)
                };
                if let Some(why) = first {
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
        self.write_out(true);
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

impl<W: Write> Clone for Recorder<W> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<W: Write> fmt::Debug for Recorder<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").finish_non_exhaustive()
    }
}
