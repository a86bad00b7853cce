//! Processes with an outbox, which a test starts and lets die.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

use crate::Place;

/// What a worker is to do, which is its one argument, as JSON.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Assignment {
    /// The database: `sqlite:` and a file, or a URL of PostgreSQL.
    pub url: String,
    /// The file of the [`EffectLog`](crate::EffectLog).
    pub log: PathBuf,
    /// What to do.
    pub task: Task,
    /// Different for each worker of a test: the numbers of its orders begin with it.
    pub run: i64,
    /// How long a lease is, in milliseconds.
    pub lease: u64,
    /// After how many crashes a delivery is a dead letter.
    pub crash_limit: u32,
    /// Whether an order that cannot be emitted is left out, and does not end the worker.
    pub is_patient: bool,
    /// The handler that ends its process, after what it does.
    pub fatal: Option<String>,
}

/// What a worker does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Task {
    /// Emits and handles until it is killed.
    Work,
    /// Does a bit of everything that an outbox does, and ends.
    Tour,
    /// As a tour, with a handler that takes four seconds.
    Linger,
    /// Handles what is left, and ends.
    Drain,
}

impl Assignment {
    /// What a worker is to do with a database, with leases of half a minute and no end to crashes.
    #[must_use]
    pub fn new(place: &Place, task: Task, run: i64) -> Self {
        Self {
            url: place.url(),
            log: place.log(),
            task,
            run,
            lease: 30_000,
            crash_limit: u32::MAX,
            is_patient: false,
            fatal: None,
        }
    }

    /// Starts the worker, and does not wait for anything. The variables are those of its environment.
    ///
    /// # Panics
    ///
    /// Panics if it does not start.
    #[must_use]
    pub fn start(&self, program: &Path, variables: &[(&str, String)]) -> Worker {
        let assignment = serde_json::to_string(self).expect("it is plain data");
        let mut command = Command::new(program);
        command.arg(assignment).stdout(Stdio::piped());
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        let mut child = command.spawn().expect("the worker starts");
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        Worker { child, output }
    }
}

/// A process with an outbox. It is killed when it is dropped.
#[derive(Debug)]
pub struct Worker {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Worker {
    /// Waits until it has said a word.
    ///
    /// # Panics
    ///
    /// Panics if it ends before.
    pub fn wait_for(&mut self, word: &str) {
        let mut line = String::new();
        while line.trim_end() != word {
            line.clear();
            let read = self.output.read_line(&mut line).expect("it writes text");
            assert_ne!(read, 0, "the worker ended before it was `{word}`");
        }
    }

    /// Stops or continues it.
    ///
    /// # Panics
    ///
    /// Panics if it is gone.
    pub fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(id.expect("the number of a process"), signal).expect("it is there");
    }

    /// Kills it, wherever it is.
    ///
    /// # Panics
    ///
    /// Panics if it had ended by itself.
    pub fn kill(mut self) {
        let ended = self.child.try_wait().expect("it is a child");
        assert!(ended.is_none(), "the worker ended by itself: {ended:?}");
        self.child.kill().expect("it is killed");
        self.child.wait().expect("it is dead");
    }

    /// Waits until it ends by itself.
    ///
    /// # Panics
    ///
    /// Panics if it is no child.
    #[must_use]
    pub fn ended(mut self) -> ExitStatus {
        self.child.wait().expect("it is a child")
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
