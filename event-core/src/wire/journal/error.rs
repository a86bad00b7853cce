//! Why a line of a journal is no event.

use std::io;

use crate::box_error::Chain;
use crate::wire::error::DecodeError;

/// Why [`JournalReader`](crate::wire::journal::reader::JournalReader) has no event for a line of a
/// journal. Lines count from 1.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The input could not be read. No item follows this error.
    #[error("line {line} cannot be read: {}", Chain(error))]
    Read {
        /// The line.
        line: u64,
        /// The error of the input.
        error: io::Error,
    },
    /// The line is empty.
    #[error("line {line} is empty")]
    Empty {
        /// The line.
        line: u64,
    },
    /// The line is no event of this program.
    #[error("line {line}: {error}")]
    Line {
        /// The line.
        line: u64,
        /// Why not.
        error: DecodeError,
    },
    /// The line is the start of an event: the program that wrote it was stopped in the middle. It is the
    /// last line, or the last one before the journal was
    /// [appended](crate::wire::journal::builder::JournalBuilder::append) to.
    #[error("line {line} is cut off: {error}")]
    CutOff {
        /// The line.
        line: u64,
        /// The error of the line's text.
        error: DecodeError,
    },
}

impl JournalError {
    /// Returns the line, from 1.
    #[must_use]
    pub fn line(&self) -> u64 {
        match self {
            Self::Read { line, .. }
            | Self::Empty { line }
            | Self::Line { line, .. }
            | Self::CutOff { line, .. } => *line,
        }
    }
}
