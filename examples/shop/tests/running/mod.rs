//! The program while it runs, with what it says on standard error.

#![allow(dead_code, reason = "each test file uses some of it")]

use std::{
    io::{BufRead as _, BufReader, Lines, Read as _},
    process::{Child, ChildStderr, Command, Stdio},
};

use crate::run::Run;

/// The program; killed if the test ends before it does.
pub(crate) struct Running {
    child: Child,
    stderr: Lines<BufReader<ChildStderr>>,
    /// What it has said so far.
    said: String,
}

impl Running {
    pub(crate) fn start(args: &[&str]) -> Running {
        let mut child = Command::new(env!("CARGO_BIN_EXE_shop"))
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let stderr = child.stderr.take().expect("a pipe");
        Running {
            child,
            stderr: BufReader::new(stderr).lines(),
            said: String::new(),
        }
    }

    /// Waits until it says this on standard error.
    pub(crate) fn until(&mut self, words: &str) {
        self.until_line(words, |line| line.contains(words));
    }

    /// Waits until it says that so many purchases are recorded, or more.
    pub(crate) fn until_recorded(&mut self, wanted: u64) {
        self.until_line(&format!("{wanted} recorded"), |line| {
            let recorded = line.strip_prefix("shop: recorded ");
            let recorded = recorded.and_then(|rest| rest.split(' ').next()?.parse().ok());
            recorded.is_some_and(|recorded: u64| recorded >= wanted)
        });
    }

    fn until_line(&mut self, what: &str, is_it: impl Fn(&str) -> bool) {
        loop {
            match self.next_line() {
                Some(line) if is_it(&line) => return,
                Some(_) => {}
                None => panic!("it ended before `{what}`: {}", self.said),
            }
        }
    }

    fn next_line(&mut self) -> Option<String> {
        let line = self.stderr.next()?.expect("the program writes UTF-8");
        self.said.push_str(&line);
        self.said.push('\n');
        Some(line)
    }

    /// What Ctrl-C does.
    #[cfg(target_os = "linux")]
    pub(crate) fn interrupt(&self) {
        use rustix::process::{Pid, Signal, kill_process};

        kill_process(Pid::from_child(&self.child), Signal::INT).expect("it still runs");
    }

    /// What `kill -9` does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it still runs");
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Run {
        while self.next_line().is_some() {}
        let mut stdout = String::new();
        let mut pipe = self.child.stdout.take().expect("a pipe");
        pipe.read_to_string(&mut stdout)
            .expect("the program writes UTF-8");
        Run {
            status: self.child.wait().expect("the program ends").code(),
            stdout,
            stderr: std::mem::take(&mut self.said),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
