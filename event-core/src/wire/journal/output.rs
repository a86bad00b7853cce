//! The writer of a journal, and of the next one.

use std::io::{self, Write};
use std::time::Instant;

use crate::wire::journal::lines::{Block, Progress};
use crate::wire::journal::rotation::Rotation;

/// The writer with its rotation.
pub(crate) struct Output<W> {
    writer: W,
    /// The bytes of this journal, and when it was started.
    size: u64,
    since: Instant,
    /// Makes flushed bytes survive a power failure.
    sync: Option<Sync<W>>,
    rotation: Option<(Rotation, Next<W>)>,
}

pub(crate) type Sync<W> = Box<dyn FnMut(&W) -> io::Result<()> + Send>;

pub(crate) type Next<W> = Box<dyn FnMut() -> io::Result<W> + Send>;

impl<W> Output<W> {
    /// Makes the output of a journal that has `size` bytes already.
    pub(crate) fn new(
        writer: W,
        size: u64,
        sync: Option<Sync<W>>,
        rotation: Option<(Rotation, Next<W>)>,
    ) -> Self {
        Self {
            writer,
            size,
            since: Instant::now(),
            sync,
            rotation,
        }
    }

    pub(crate) fn into_writer(self) -> W {
        self.writer
    }

    /// Returns how many bytes of `lines` fit in this journal, in whole lines; 0 if the journal must end.
    fn fits(&self, lines: &[u8]) -> usize {
        let Some((rotation, _)) = &self.rotation else {
            return lines.len();
        };
        if self.size > 0 && rotation.age.is_some_and(|age| self.since.elapsed() >= age) {
            return 0;
        }
        let room = rotation.bytes.unwrap_or(u64::MAX).saturating_sub(self.size);
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        if lines.len() <= room {
            return lines.len();
        }
        let whole = lines[..room].iter().rposition(|byte| *byte == b'\n');
        match whole {
            Some(end) => end + 1,
            // A line that is larger than a journal has a journal of its own.
            None if self.size == 0 => first_line(lines),
            None => 0,
        }
    }
}

impl<W: Write> Output<W> {
    pub(crate) fn write(&mut self, block: &Block, progress: &mut Progress) -> io::Result<()> {
        let lines = &*block.lines;
        if lines.is_empty() {
            self.writer.flush()?;
        }
        while let rest @ [_, ..] = &lines[progress.bytes..] {
            let fits = match self.fits(rest) {
                0 => {
                    self.rotate(progress)?;
                    continue;
                }
                fits => fits,
            };
            self.writer.write_all(&rest[..fits])?;
            self.writer.flush()?;
            self.size += fits as u64;
            progress.bytes += fits;
        }
        if block.syncs { self.sync() } else { Ok(()) }
    }

    /// Starts the next journal. If that fails, this one continues until it reaches the limit again.
    fn rotate(&mut self, progress: &mut Progress) -> io::Result<()> {
        let Some((_, next)) = &mut self.rotation else {
            return Ok(());
        };
        match next() {
            Ok(next) => {
                self.sync()?;
                self.writer = next;
            }
            Err(error) => progress.not_rotated = Some(error),
        }
        self.size = 0;
        self.since = Instant::now();
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        match &mut self.sync {
            Some(sync) => sync(&self.writer),
            None => Ok(()),
        }
    }
}

fn first_line(lines: &[u8]) -> usize {
    let first = lines.split_inclusive(|byte| *byte == b'\n').next();
    first.map_or(0, <[u8]>::len)
}
