//! Why an event differs after it is written and read.

use crate::wire::error::DecodeError;
use crate::wire::error::EncodeError;
use crate::wire::error::{lost, unread};

/// Why an event is not read as it was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RoundTripError {
    /// The event cannot be written.
    #[error(transparent)]
    Write(#[from] EncodeError),
    /// The event is written, and cannot be read.
    #[error("{}{}", unread(source), lost(lost_at.as_deref()))]
    Read {
        /// The error of reading it.
        source: DecodeError,
        /// The place of a value that serde loses when it reads flattened fields, or an internally tagged
        /// or untagged enum. That is the most probable cause.
        lost_at: Option<String>,
    },
    /// The event differs after it is read.
    #[error(
        "`{event}` version {version} is another when it is read: `{path}` was written from {written}, \
         and is {read}"
    )]
    Differs {
        /// The event's name.
        event: &'static str,
        /// Its version.
        version: u32,
        /// The place: `data.lines[2].price`; it ends at a redacted value.
        path: String,
        /// The JSON that was written there, or `nothing`.
        written: String,
        /// The JSON that is there when the event that was read is written again, or `nothing`.
        read: String,
    },
}
