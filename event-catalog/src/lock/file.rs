//! The file of a lock.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Directions, Lock, LockError, LockedEvent};
use crate::catalog::EventId;

/// The version of the format that this crate reads and writes.
const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File<Events> {
    format: u32,
    direction: Directions,
    events: Events,
}

/// What every version of the format has.
#[derive(Deserialize)]
struct AnyFile {
    format: u32,
}

impl Lock {
    /// Reads the file at a path.
    ///
    /// # Errors
    ///
    /// There is no file, it cannot be read, or it is not a lock.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, LockError> {
        Self::read_with_text(path.as_ref()).map(|(_, lock)| lock)
    }

    /// Reads the file at a path, and returns its text, too.
    pub(crate) fn read_with_text(path: &Path) -> Result<(String, Self), LockError> {
        let text = fs::read_to_string(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => LockError::Missing,
            _ => LockError::Io(error.to_string()),
        })?;
        let lock = text.parse()?;
        Ok((text, lock))
    }

    /// Writes the file at a path. A file that is there is replaced at once or not at all.
    ///
    /// # Errors
    ///
    /// The file, or one beside it, cannot be written.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), LockError> {
        let path = path.as_ref();
        let mut beside = path.as_os_str().to_owned();
        beside.push(format!(".{}.tmp", std::process::id()));
        let written = fs::write(&beside, self.to_string()).and_then(|()| fs::rename(&beside, path));
        written.map_err(|error| {
            let _ = fs::remove_file(&beside);
            LockError::Io(error.to_string())
        })
    }
}

/// Writes the text of the file.
impl fmt::Display for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = File {
            format: FORMAT,
            direction: self.direction,
            events: &self.events,
        };
        let text = serde_json::to_string_pretty(&file).map_err(|_| fmt::Error)?;
        writeln!(f, "{text}")
    }
}

impl FromStr for Lock {
    type Err = LockError;

    fn from_str(text: &str) -> Result<Self, LockError> {
        let text = text.trim_start_matches('\u{feff}');
        match serde_json::from_str::<File<Vec<LockedEvent>>>(text) {
            Ok(file) if file.format == FORMAT => Ok(Self {
                direction: file.direction,
                events: file.events,
            }),
            Ok(file) => Err(LockError::Format(file.format)),
            // A newer format may have other fields.
            Err(error) => match serde_json::from_str::<AnyFile>(text) {
                Ok(AnyFile { format }) if format != FORMAT => Err(LockError::Format(format)),
                _ => Err(LockError::Malformed(error.to_string())),
            },
        }
    }
}

/// Returns the line of a lock's text, from 1 on, at which an event begins; 1 if it is not found.
pub(super) fn line_of(text: &str, id: &EventId) -> u32 {
    let name = serde_json::to_string(&id.name).unwrap_or_default();
    let (name, version) = (
        format!("      \"name\": {name},"),
        format!("      \"version\": {},", id.version),
    );
    let mut lines = text.lines().zip(text.lines().skip(1));
    let found = lines.position(|lines| lines == (&*name, &*version));
    found.and_then(|at| u32::try_from(at + 1).ok()).unwrap_or(1)
}
