//! The writer of a record, and of the one after it.

use std::io::{self, Write};
use std::time::Instant;

use crate::wire::journal::lines::{Block, Progress};
use crate::wire::journal::rotation::Rotation;

/// Where lines go.
pub(crate) struct Output<W> {
    writer: W,
    /// The bytes of this record, and when it began.
    size: u64,
    since: Instant,
    /// Makes what was flushed survive a power failure.
    sync: Option<Sync<W>>,
    rotation: Option<(Rotation, Next<W>)>,
}

pub(crate) type Sync<W> = Box<dyn FnMut(&W) -> io::Result<()> + Send>;

pub(crate) type Next<W> = Box<dyn FnMut() -> io::Result<W> + Send>;

impl<W> Output<W> {
    /// A record that has `size` bytes already.
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

    /// How many bytes of these lines go into this record: whole lines; none if it has ended.
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
            // One that is larger than a record has one of its own.
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

    /// Begins the next record; goes on with this one, for as much again, if there is none.
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
