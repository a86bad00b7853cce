//! Runs one command after the other, and says at the end which of them failed.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::workspace::Result;

/// Steps of which each is run, whether or not an earlier one failed: one run shows all that is wrong.
#[derive(Default)]
pub(crate) struct Steps {
    done: usize,
    failed: Vec<String>,
}

impl Steps {
    /// Runs a command whose output goes straight to the terminal.
    pub(crate) fn run(&mut self, name: &str, command: &mut Command) {
        eprintln!("\n==> {name}");
        let start = Instant::now();
        let status = command.status();
        let took = seconds(start.elapsed());
        self.done += 1;
        match status {
            Ok(status) if status.success() => eprintln!("<== {name}: ok in {took}"),
            Ok(status) => self.fail(format!("{name} ({status})"), &took),
            Err(error) => self.fail(format!("{name} (cannot run {command:?}: {error})"), &took),
        }
    }

    /// A step that cannot be run.
    pub(crate) fn refuse(&mut self, name: &str, why: &str) {
        eprintln!("\n==> {name}");
        self.done += 1;
        self.fail(format!("{name} ({why})"), &seconds(Duration::ZERO));
    }

    fn fail(&mut self, failure: String, took: &str) {
        eprintln!("<== {failure}: FAILED in {took}");
        self.failed.push(failure);
    }

    /// Succeeds if every step has.
    pub(crate) fn finish(self) -> Result<()> {
        if self.failed.is_empty() {
            eprintln!("\nall {} steps passed", self.done);
            return Ok(());
        }
        let list = self.failed.join("\n  ");
        Err(format!(
            "{} of {} steps failed:\n  {list}",
            self.failed.len(),
            self.done
        )
        .into())
    }
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
