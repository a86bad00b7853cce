//! Why a lock cannot be used.

use std::error::Error;
use std::fmt;

/// Why a lock cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LockError {
    /// There is no file.
    Missing,
    /// The file cannot be read or written.
    Io(String),
    /// The file is not a lock.
    Malformed(String),
    /// The file has another version of the format than this crate reads.
    Format(u32),
}

impl LockError {
    /// Says what is wrong and what to type; `command` is what is typed for `events lock`.
    pub(crate) fn text(&self, command: &str) -> String {
        match self {
            Self::Missing => format!("there is no such file; `{command}` writes it"),
            Self::Io(error) => error.clone(),
            Self::Malformed(error) => format!(
                "it is not a lock: {error}; take the file from version control again, or remove it, and `{command}` \
                 writes it anew"
            ),
            Self::Format(format) => format!(
                "it has the format {format}, and this version of event-catalog reads the format 1; use the version \
                 of event-catalog that wrote it"
            ),
        }
    }
}

impl fmt::Display for LockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text("events lock"))
    }
}

impl Error for LockError {}
