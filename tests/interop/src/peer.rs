//! Those who read what we write, and write what we read.

use std::path::Path;

use serde_json::{Value, json};

use crate::program;
use crate::rust;
use crate::said::Said;

/// An official SDK.
#[derive(Clone, Copy, Debug)]
pub enum Peer {
    /// `cloudevents-sdk`.
    Rust,
    /// `cloudevents`.
    Python,
    /// `cloudevents`.
    JavaScript,
}

impl Peer {
    /// How many nanoseconds a time of its has at least.
    #[must_use]
    pub const fn nanoseconds(self) -> i128 {
        match self {
            Self::Rust => 1,
            Self::Python => 1_000,
            Self::JavaScript => 1_000_000,
        }
    }

    /// What each envelope says. What is installed for it is put into `folder`.
    ///
    /// # Panics
    ///
    /// Panics if it refuses one, or if it cannot be installed.
    #[must_use]
    pub fn read(self, envelopes: &[&str], folder: &Path) -> Vec<Said> {
        if matches!(self, Self::Rust) {
            return envelopes
                .iter()
                .map(|envelope| rust::read(envelope))
                .collect();
        }
        let tasks = envelopes.iter().map(|envelope| json!({ "read": envelope }));
        let said = |answer| serde_json::from_value(answer).expect("it says everything");
        self.run(tasks.collect(), folder)
            .into_iter()
            .map(said)
            .collect()
    }

    /// Envelopes that say that. What is installed for it is put into `folder`.
    ///
    /// # Panics
    ///
    /// Panics if it refuses one, or if it cannot be installed.
    #[must_use]
    pub fn write(self, said: &[Said], folder: &Path) -> Vec<String> {
        if matches!(self, Self::Rust) {
            return said.iter().map(rust::write).collect();
        }
        let tasks = said.iter().map(|said| json!({ "write": said }));
        let text = |answer| serde_json::from_value(answer).expect("a text");
        self.run(tasks.collect(), folder)
            .into_iter()
            .map(text)
            .collect()
    }

    fn run(self, tasks: Vec<Value>, folder: &Path) -> Vec<Value> {
        let program = match self {
            Self::JavaScript => program::node(folder),
            _ => program::python(folder),
        };
        program::run(program, tasks)
    }
}
