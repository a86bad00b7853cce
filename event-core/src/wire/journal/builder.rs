//! The options of a journal writer before it starts.

use std::fmt;
use std::io::{self, Read, Seek, Write};

use crate::wire::codec::Codec;
use crate::wire::journal::output::{Next, Output, Sync};
use crate::wire::journal::policy::FlushPolicy;
use crate::wire::journal::policy::Pending;
use crate::wire::journal::rotation::Rotation;
use crate::wire::journal::tail;
use crate::wire::journal::writer::JournalWriter;

/// A [`JournalWriter`] that has not started, with all its options.
///
/// # Examples
///
/// Each event is flushed, so that a program that is killed loses none; all of them are synced once a
/// second; and there is a new file for each 64 MiB and each day:
///
/// ```standalone_crate
/// use event_core::Dispatcher;
/// use event_core::wire::Codec;
/// use event_core::wire::journal::{FlushPolicy, JournalWriter, Rotation};
/// use std::fs::File;
/// use std::io::ErrorKind;
/// use std::time::Duration;
///
/// # let folder = std::env::temp_dir().join(format!("event-core-builder-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # let path = folder.clone();
/// let mut number = 0;
/// // Names that sort as they come, and that no earlier run has used.
/// let mut next = move || loop {
///     number += 1;
///     match File::create_new(path.join(format!("events-{number:06}.ndjson"))) {
///         Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
///         made => return made,
///     }
/// };
/// let first = next()?;
/// let recorder = JournalWriter::builder(Codec::new("/shop")?)
///     .sync(FlushPolicy::Interval(Duration::from_secs(1)), File::sync_data)
///     .rotate(Rotation::bytes(64 << 20).or_age(Duration::from_secs(24 * 60 * 60)), next)
///     .start(first)?;
/// let dispatcher = Dispatcher::builder().observe(recorder.clone()).build()?;
/// # drop(dispatcher);
/// assert!(recorder.finish().is_complete());
/// # std::fs::remove_dir_all(folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a builder writes nothing until `.start(…)` or `.append(…)`"]
pub struct JournalBuilder<W> {
    pub(crate) codec: Codec,
    flush: FlushPolicy,
    sync: Option<(FlushPolicy, Sync<W>)>,
    rotation: Option<(Rotation, Next<W>)>,
}

impl<W> JournalBuilder<W> {
    pub(crate) fn new(codec: Codec) -> Self {
        Self {
            codec,
            flush: FlushPolicy::default(),
            sync: None,
            rotation: None,
        }
    }

    /// Sets when emitted events are written and flushed; the default is at each event.
    pub fn flush(self, policy: FlushPolicy) -> Self {
        Self {
            flush: policy,
            ..self
        }
    }

    /// Sets when, and how, flushed events are made to survive a power failure; the default is never. For
    /// a file `sync` is [`sync_data`](std::fs::File::sync_data).
    ///
    /// Events are flushed before they are synced, so the flush policy only matters if it is stricter. A
    /// journal that ends because of a rotation is synced at its end. If a new file also needs its folder
    /// synced, the code that makes the file must do that.
    pub fn sync(
        self,
        policy: FlushPolicy,
        sync: impl FnMut(&W) -> io::Result<()> + Send + 'static,
    ) -> Self {
        Self {
            sync: Some((policy, Box::new(sync))),
            ..self
        }
    }

    /// Sets when a journal ends, and what the next one is written to; the default is never.
    ///
    /// A journal ends between two events, before the first one that belongs to the next journal; its
    /// writer is flushed, synced if that was chosen, and dropped. Each journal can be read alone. If
    /// `next` fails, that is logged and
    /// [kept](crate::wire::journal::summary::JournalSummary::not_rotated), the journal continues in its
    /// current writer, and `next` is called again when the limit is reached once more.
    pub fn rotate(
        self,
        rotation: Rotation,
        next: impl FnMut() -> io::Result<W> + Send + 'static,
    ) -> Self {
        Self {
            rotation: Some((rotation, Box::new(next))),
            ..self
        }
    }

    pub(crate) fn unflushed(&self) -> Pending {
        Pending::flush(self.flush)
    }

    pub(crate) fn unsynced(&self) -> Option<Pending> {
        self.sync.as_ref().map(|(policy, _)| Pending::sync(*policy))
    }

    pub(crate) fn output(self, writer: W, size: u64) -> Output<W> {
        let sync = self.sync.map(|(_, sync)| sync);
        Output::new(writer, size, sync, self.rotation)
    }
}

impl<W: Write + Send + 'static> JournalBuilder<W> {
    /// Starts a new journal. Nothing is written before the first event.
    ///
    /// # Errors
    ///
    /// The system has no thread for an interval.
    pub fn start(self, out: W) -> io::Result<JournalWriter<W>> {
        JournalWriter::start(self, out, 0, 0)
    }

    /// Continues an existing journal at its end. Only one program at a time may write it.
    ///
    /// If the program that wrote it was stopped in the middle of its last line, that is logged and
    /// [kept](crate::wire::journal::summary::JournalSummary::torn). The line stays as it is, events
    /// follow on lines of their own, and a [reader](crate::wire::journal::reader::JournalReader) of the
    /// journal returns one [`CutOff`](crate::wire::journal::error::JournalError::CutOff) for it. For a
    /// [rotation](Self::rotate), the existing bytes count as part of the journal's size, and its age
    /// begins now.
    ///
    /// # Examples
    ///
    /// ```standalone_crate
    /// use event_core::wire::Codec;
    /// use event_core::wire::journal::JournalWriter;
    /// use std::fs::File;
    ///
    /// # let path = std::env::temp_dir().join(format!("event-core-append-{}", std::process::id()));
    /// let file = File::options().read(true).append(true).create(true).open(&path)?;
    /// let recorder = JournalWriter::builder(Codec::new("/shop")?).append(file)?;
    /// assert_eq!(recorder.finish().torn(), 0);
    /// # std::fs::remove_file(path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The journal cannot be read, or not be written, or the system has no thread for an interval.
    pub fn append(self, mut journal: W) -> io::Result<JournalWriter<W>>
    where
        W: Read + Seek,
    {
        let tail = tail::append(&mut journal, self.codec.most()).map_err(|error| {
            let what = format!(
                "cannot append to the journal: {error}; a file is opened with \
                 `File::options().read(true).append(true).create(true)`"
            );
            io::Error::new(error.kind(), what)
        })?;
        JournalWriter::start(self, journal, tail.size, tail.torn)
    }
}

impl<W> fmt::Debug for JournalBuilder<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JournalBuilder")
            .field("flush", &self.flush)
            .field("sync", &self.sync.as_ref().map(|(policy, _)| policy))
            .field("rotation", &self.rotation.as_ref().map(|(when, _)| when))
            .finish_non_exhaustive()
    }
}
