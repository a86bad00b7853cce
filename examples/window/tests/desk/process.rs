//! A program that a test starts: what it prints is read line by line, every wait for it ends in time,
//! and it is stopped at the end of the test, however that ends.

use std::fmt;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// So long that only what is broken takes longer.
pub(crate) const LONG: Duration = Duration::from_mins(1);

/// What a program has to clear up.
const SHORT: Duration = Duration::from_secs(5);

pub(crate) struct Process {
    name: String,
    child: Child,
    lines: Receiver<Line>,
    said: Vec<Line>,
}

enum Line {
    Out(String),
    Err(String),
}

impl Process {
    /// Starts a program of this package.
    pub(crate) fn start(command: &mut Command) -> Process {
        Process::start_from(command, "this package, with `cargo test -p window`")
    }

    /// Starts a program of the machine's, which some package of Debian's has.
    pub(crate) fn start_tool(command: &mut Command, package: &str) -> Process {
        Process::start_from(command, &format!("apt-get install {package}"))
    }

    fn start_from(command: &mut Command, source: &str) -> Process {
        let name = command.get_program().to_string_lossy().into_owned();
        let piped = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap_or_else(|error| match error.kind() {
            ErrorKind::NotFound => {
                panic!("`{name}` is missing: install it (for example: {source})")
            }
            _ => panic!("cannot start `{name}`: {error}"),
        });
        let (tell, lines) = mpsc::channel();
        read(child.stdout.take(), tell.clone(), Line::Out);
        read(child.stderr.take(), tell, Line::Err);
        Process {
            name,
            child,
            lines,
            said: Vec::new(),
        }
    }

    /// Waits for a line on standard output, and answers it; earlier ones count, too.
    pub(crate) fn until(&mut self, what: &str, is_it: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + LONG;
        loop {
            if let Some(line) = self.out().find(|line| is_it(line)) {
                return line.to_owned();
            }
            match self.lines.recv_timeout(left(deadline)) {
                Ok(line) => self.said.push(line),
                Err(RecvTimeoutError::Timeout) => {
                    panic!(
                        "`{}` did not print {what} within {LONG:?}\n{self}",
                        self.name
                    )
                }
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("`{}` ended before it printed {what}\n{self}", self.name)
                }
            }
        }
    }

    /// Waits for its end.
    pub(crate) fn end(&mut self) -> ExitStatus {
        let deadline = Instant::now() + LONG;
        loop {
            match self.lines.recv_timeout(left(deadline)) {
                Ok(line) => self.said.push(line),
                Err(RecvTimeoutError::Timeout) => {
                    panic!("`{}` did not end within {LONG:?}\n{self}", self.name)
                }
                // Nothing can be printed any more.
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.child.wait().expect("it is our child")
    }

    /// Whether it has not ended yet.
    pub(crate) fn runs(&mut self) -> bool {
        let runs = matches!(self.child.try_wait(), Ok(None));
        if runs {
            self.said.extend(self.lines.try_iter());
        } else {
            self.said.extend(self.lines.iter());
        }
        runs
    }

    /// Writes a line to its standard input.
    pub(crate) fn tell(&mut self, line: &str) {
        let stdin = self.child.stdin.as_mut().expect("a pipe");
        writeln!(stdin, "{line}").unwrap_or_else(|error| panic!("`{}`: {error}", self.name));
    }

    /// The lines that were printed up to now on standard output.
    pub(crate) fn out(&self) -> impl Iterator<Item = &str> {
        self.said.iter().filter_map(|line| match line {
            Line::Out(line) => Some(line.as_str()),
            Line::Err(_) => None,
        })
    }

    /// The lines on standard error.
    pub(crate) fn err(&self) -> impl Iterator<Item = &str> {
        self.said.iter().filter_map(|line| match line {
            Line::Out(_) => None,
            Line::Err(line) => Some(line.as_str()),
        })
    }
}

/// All it said, for whoever has to find out what went wrong.
impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "`{}` said:", self.name)?;
        for line in &self.said {
            match line {
                Line::Out(line) => writeln!(f, "  out: {line}")?,
                Line::Err(line) => writeln!(f, "  err: {line}")?,
            }
        }
        Ok(())
    }
}

impl Drop for Process {
    /// Asks it to end, so that it can clear up behind itself (a screen has a lock file), and ends it.
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
            let deadline = Instant::now() + SHORT;
            while self.lines.recv_timeout(left(deadline)).is_ok() {}
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads a pipe to its end, on a thread of its own.
fn read(pipe: Option<impl Read + Send + 'static>, tell: Sender<Line>, kind: fn(String) -> Line) {
    let lines = BufReader::new(pipe.expect("it was asked for")).lines();
    thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            let _ = tell.send(kind(line));
        }
    });
}

fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}
