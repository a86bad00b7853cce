//! A server as a process of its own.

use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader, ErrorKind};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use clap::ValueEnum;
use event_core::error::BoxError;

use crate::serve::Kind;

pub(crate) const PYTHON: &str = "python3";

/// A child that ends with this one.
pub(crate) struct Process {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Process {
    /// This program as a server.
    pub(crate) fn this(kind: Kind) -> Result<Self, BoxError> {
        let kind = kind.to_possible_value().expect("none is skipped");
        let mut command = Command::new(env::current_exe()?);
        Self::of(spawn(command.args(["--serve", kind.get_name()]))?)
    }

    /// The server in Python; nothing if there is no Python.
    pub(crate) fn python() -> Result<Option<Self>, BoxError> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("selectors_echo.py");
        let mut command = Command::new(PYTHON);
        command.arg(script).args(["127.0.0.1", "0"]);
        match spawn(&mut command) {
            Ok(child) => Self::of(child).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("cannot run {command:?}: {error}").into()),
        }
    }

    /// Waits until a server says where it listens.
    fn of(mut child: Child) -> Result<Self, BoxError> {
        let stdout = child.stdout.take().expect("a pipe");
        let mut process = Self {
            child,
            address: SocketAddr::from(([0; 4], 0)),
        };
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line.trim().strip_prefix("listening on ");
        process.address = address
            .and_then(|address| address.parse().ok())
            .ok_or_else(|| format!("a server does not say where it listens, but `{line}`"))?;
        Ok(process)
    }

    /// Processor time that it has used so far, where the system tells.
    pub(crate) fn cpu(&self) -> Option<Duration> {
        let path = format!("/proc/{}/schedstat", self.child.id());
        let text = fs::read_to_string(path).ok()?;
        let nanoseconds = text.split_whitespace().next()?.parse().ok()?;
        Some(Duration::from_nanos(nanoseconds))
    }
}

fn spawn(command: &mut Command) -> io::Result<Child> {
    command.stdout(Stdio::piped()).spawn()
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
