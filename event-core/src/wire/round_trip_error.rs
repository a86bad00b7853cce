//! Why an event does not survive being written and read.

use crate::wire::error::DecodeError;
use crate::wire::error::EncodeError;
use crate::wire::error::{lost, unread};

/// Why an event is not read as it was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RoundTripError {
    /// It cannot even be written.
    #[error(transparent)]
    Write(#[from] EncodeError),
    /// It is written, and cannot be read.
    #[error("{}{}", unread(source), lost(lost_at.as_deref()))]
    Read {
        /// Why not.
        source: DecodeError,
        /// Where the event has something that serde loses when it reads what is flattened, or an enum
        /// that is tagged inside or untagged. That is the most probable cause.
        lost_at: Option<String>,
    },
    /// It is another event when it is read.
    #[error(
        "`{event}` version {version} is another when it is read: `{path}` was written from {written}, \
         and is {read}"
    )]
    Differs {
        /// The event's name.
        event: &'static str,
        /// Its version.
        version: u32,
        /// Where: `data.lines[2].price`; no further than a redacted value.
        path: String,
        /// The JSON that was written there, or `nothing`.
        written: String,
        /// The JSON that is there when what was read is written again, or `nothing`.
        read: String,
    },
}
