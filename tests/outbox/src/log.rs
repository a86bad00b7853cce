//! What workers have done, as lines of a file that outlives them.

use std::fs::{File, OpenOptions, read_to_string};
use std::io::Write as _;
use std::path::Path;

/// A file that workers append to, all at once.
#[derive(Debug)]
pub struct EffectLog(File);

impl EffectLog {
    /// Opens the file, or makes it.
    ///
    /// # Panics
    ///
    /// Panics if it cannot be opened.
    #[must_use]
    pub fn open(path: &Path) -> Self {
        let file = OpenOptions::new().append(true).create(true).open(path);
        Self(file.expect("the log opens"))
    }

    /// Writes a line. The kernel has it when this returns, so it is there whatever becomes of the process; not of the
    /// machine, which no test takes the power from.
    ///
    /// # Panics
    ///
    /// Panics if it cannot be written.
    pub fn write(&self, word: &str, id: i64) {
        // One write of a few bytes to a file that is opened for appending is not torn.
        let line = format!("{word} {id}\n");
        (&self.0)
            .write_all(line.as_bytes())
            .expect("the log is written");
    }

    /// Reads what was written, in order.
    ///
    /// # Panics
    ///
    /// Panics if it cannot be read, or has a line that nobody wrote.
    #[must_use]
    pub fn read(path: &Path) -> Vec<(String, i64)> {
        let text = read_to_string(path).expect("the log is read");
        let lines = text.lines().map(|line| {
            let (word, id) = line.split_once(' ').expect("a word and a number");
            (word.to_owned(), id.parse().expect("a number"))
        });
        lines.collect()
    }
}
