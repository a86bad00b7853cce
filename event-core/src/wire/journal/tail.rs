//! Finds the end of an existing journal.

use std::io::{self, Read, Seek, SeekFrom, Write};

use serde::de::IgnoredAny;

/// The end of a journal that can be appended to.
pub(crate) struct Tail {
    /// The bytes of the whole journal.
    pub(crate) size: u64,
    /// The bytes of its last line, if that is no whole event.
    pub(crate) torn: u64,
}

/// Seeks to the end of a journal, and ends its last line if that has no end. A line of more than `most`
/// bytes is no event.
pub(crate) fn append<W: Read + Write + Seek>(journal: &mut W, most: usize) -> io::Result<Tail> {
    let size = journal.seek(SeekFrom::End(0))?;
    let start = start_of_last_line(journal, size)?;
    let length = size - start;
    let is_torn = length > 0 && !is_whole(journal, start, length, most)?;
    journal.seek(SeekFrom::End(0))?;
    if length > 0 {
        journal.write_all(b"\n")?;
        journal.flush()?;
    }
    Ok(Tail {
        size: size + u64::from(length > 0),
        torn: if is_torn { length } else { 0 },
    })
}

/// Returns where the last line begins: at the end of the journal, if that is the end of a line.
fn start_of_last_line<W: Read + Seek>(journal: &mut W, size: u64) -> io::Result<u64> {
    let mut chunk = [0; 8 * 1024];
    let mut end = size;
    while end > 0 {
        let length = chunk.len().min(usize::try_from(end).unwrap_or(usize::MAX));
        let start = end - length as u64;
        journal.seek(SeekFrom::Start(start))?;
        journal.read_exact(&mut chunk[..length])?;
        if let Some(at) = chunk[..length].iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

fn is_whole<W: Read + Seek>(
    journal: &mut W,
    start: u64,
    length: u64,
    most: usize,
) -> io::Result<bool> {
    if length > most as u64 {
        return Ok(false);
    }
    journal.seek(SeekFrom::Start(start))?;
    let mut line = Vec::new();
    journal.take(length).read_to_end(&mut line)?;
    Ok(serde_json::from_slice::<IgnoredAny>(&line).is_ok())
}

/// Whether a line is an incomplete start of an event.
pub(crate) fn is_start(line: &[u8]) -> bool {
    match serde_json::from_slice::<IgnoredAny>(line) {
        Ok(_) => false,
        Err(error) => error.is_eof() || ends_in_a_character(line),
    }
}

fn ends_in_a_character(line: &[u8]) -> bool {
    std::str::from_utf8(line).is_err_and(|error| error.error_len().is_none())
}
