//! Reads a journal.

use std::fmt;
use std::io::{self, BufRead, Read};

use crate::wire::codec::BYTE_ORDER_MARK;
use crate::wire::codec::Codec;
use crate::wire::envelope::Envelope;
use crate::wire::error::DecodeError;
use crate::wire::journal::error::JournalError;
use crate::wire::journal::tail;

/// The events of a journal, in its order: one item for each line, which is an error if the line is no
/// event.
///
/// A byte order mark at the start of the journal is skipped. A bad line is one error, and the next line
/// is read nevertheless. A line that is longer than the codec's [limit](Codec::size_limit) is skipped,
/// and never held in memory as a whole. If the input itself fails, that error is the last item.
///
/// # Examples
///
/// ```standalone_crate
/// use event_core::Event;
/// use event_core::wire::Codec;
/// use event_core::wire::journal::JournalReader;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Event, Serialize, Deserialize)]
/// #[event(name = "bell.rung", wire)]
/// struct BellRung { door: u8 }
///
/// let journal = br#"{"specversion":"1.0","id":"1","source":"/house","type":"bell.rung","data":{"door":1}}
/// {"specversion":"1.0","id":"2","source":"/house","type":"bell.rung","data":{"door":300}}
/// {"specversion":"1.0","id":"3","source":"/house","type":"bell.ru"#;
/// let records: Vec<_> = JournalReader::new(Codec::new("/house")?, &journal[..]).collect();
///
/// let first = records[0].as_ref().unwrap();
/// assert_eq!(first.event().downcast_ref::<BellRung>().unwrap().door, 1);
/// let second = records[1].as_ref().unwrap_err();
/// assert!(second.to_string().starts_with("line 2: `bell.rung` version 1 does not fit at `data.door`"));
/// let third = records[2].as_ref().unwrap_err();
/// assert!(third.to_string().starts_with("line 3 is cut off"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct JournalReader<R> {
    codec: Codec,
    input: R,
    line: u64,
    /// The text of one line; its capacity is used again.
    text: Vec<u8>,
    has_ended: bool,
}

/// The size of a line that was read.
struct ReadLine {
    /// The number of bytes, with the line's end.
    size: usize,
    has_end: bool,
}

impl<R: BufRead> JournalReader<R> {
    /// Makes a reader that decodes events with `codec`, from the first line on.
    pub fn new(codec: Codec, input: R) -> Self {
        Self {
            codec,
            input,
            line: 0,
            text: Vec::new(),
            has_ended: false,
        }
    }

    /// Returns how many lines were read.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.line
    }

    /// Reads the next line, up to the limit; returns `None` at the end of the input.
    fn read_line(&mut self) -> io::Result<Option<ReadLine>> {
        self.text.clear();
        // One byte more than the limit shows that it is exceeded. A byte order mark may come before the
        // limited text, and `\r
        // ` after it.
        let most = (self.codec.most() as u64).saturating_add(6);
        let mut start = (&mut self.input).take(most);
        let mut size = start.read_until(b'\n', &mut self.text)?;
        if size == 0 {
            return Ok(None);
        }
        let has_end = self.text.ends_with(b"\n");
        if !has_end && size as u64 == most {
            size += self.input.skip_until(b'\n')?;
        }
        if self.line == 0 && self.text.starts_with(BYTE_ORDER_MARK) {
            self.text.drain(..BYTE_ORDER_MARK.len());
            size -= BYTE_ORDER_MARK.len();
            if size == 0 {
                return Ok(None);
            }
        }
        if has_end {
            self.text.pop();
        }
        if self.text.ends_with(b"\r") {
            self.text.pop();
        }
        Ok(Some(ReadLine { size, has_end }))
    }

    fn decode(&self, ReadLine { size, has_end }: &ReadLine) -> Result<Envelope, JournalError> {
        let (line, limit) = (self.line, self.codec.most());
        if self.text.len() > limit {
            let error = DecodeError::TooLarge { size: *size, limit };
            return Err(JournalError::Line { line, error });
        }
        if self.text.trim_ascii().is_empty() {
            return Err(JournalError::Empty { line });
        }
        self.codec.decode_unmarked(&self.text).map_err(|error| {
            let is_json = !matches!(error, DecodeError::NotJson { .. });
            if is_json || *has_end && !tail::is_start(&self.text) {
                JournalError::Line { line, error }
            } else {
                JournalError::CutOff { line, error }
            }
        })
    }
}

impl<R: BufRead> Iterator for JournalReader<R> {
    type Item = Result<Envelope, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_ended {
            return None;
        }
        match self.read_line() {
            Ok(Some(line)) => {
                self.line += 1;
                Some(self.decode(&line))
            }
            Ok(None) => {
                self.has_ended = true;
                None
            }
            Err(error) => {
                self.has_ended = true;
                let line = self.line + 1;
                Some(Err(JournalError::Read { line, error }))
            }
        }
    }
}

impl<R: BufRead> std::iter::FusedIterator for JournalReader<R> {}

impl<R> fmt::Debug for JournalReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JournalReader")
            .field("lines", &self.line)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read, repeat};

    use crate::wire::codec::Codec;
    use crate::wire::journal::error::JournalError;
    use crate::wire::journal::reader::JournalReader;

    #[test]
    fn a_line_of_any_length_takes_no_more_memory_than_the_limit_asks_for() {
        let codec = Codec::new("/").expect("a source").size_limit(1000);
        let input = repeat(b'x').take(20_000_000);
        let mut records = JournalReader::new(codec, BufReader::new(input));
        let error = records.next().expect("a line").expect_err("it is no event");
        assert!(
            matches!(error, JournalError::Line { line: 1, .. }),
            "{error}"
        );
        let text = "line 1: the input is 20000000 bytes, and the limit is 1000";
        assert!(error.to_string().starts_with(text), "{error}");
        assert!(
            records.text.capacity() < 4000,
            "{}",
            records.text.capacity()
        );
        assert!(records.next().is_none());
    }
}
