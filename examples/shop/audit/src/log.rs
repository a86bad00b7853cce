//! The log: the state of this module.

use std::{
    fmt,
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use event_core::event::JsonError;
use serde::Serialize;
use serde_json::Value;

/// A file of JSON lines, each of which is with the system before its handler returns.
pub struct AuditLog {
    out: Mutex<BufWriter<Box<dyn Write + Send>>>,
}

/// Says why an event is not in the log.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The event could not be turned into JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// The line could not be written.
    #[error("the audit log cannot be written: {0}")]
    Write(#[from] io::Error),
}

#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    version: u32,
    data: &'a Value,
}

impl AuditLog {
    /// Starts a new file; one that is there already is emptied.
    ///
    /// # Errors
    ///
    /// What the operating system says when the file cannot be made.
    pub fn create(path: &Path) -> io::Result<AuditLog> {
        File::create(path).map(AuditLog::new)
    }

    /// Writes into anything.
    #[must_use]
    pub fn new(out: impl Write + Send + 'static) -> AuditLog {
        AuditLog {
            out: Mutex::new(BufWriter::new(Box::new(out))),
        }
    }

    /// Writes one line.
    ///
    /// # Errors
    ///
    /// [`AuditError::Write`] if it could not be written, which is tried again with the next one.
    pub fn write(&self, name: &str, version: u32, data: &Value) -> Result<(), AuditError> {
        // Whole, so that lines of two threads never mix.
        let mut line = serde_json::to_vec(&Line {
            name,
            version,
            data,
        })
        .map_err(io::Error::from)?;
        line.push(b'\n');
        let mut out = self.out();
        out.write_all(&line)?;
        Ok(out.flush()?)
    }

    /// Writes out what could not be written before.
    ///
    /// # Errors
    ///
    /// What the operating system says; the file then lacks its end.
    pub fn flush(&self) -> io::Result<()> {
        self.out().flush()
    }

    // A panic while writing is in the report; the next line may succeed.
    fn out(&self) -> MutexGuard<'_, BufWriter<Box<dyn Write + Send>>> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for AuditLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditLog").finish_non_exhaustive()
    }
}
