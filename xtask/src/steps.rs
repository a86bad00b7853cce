//! Runs one command after the other: says before what it will take, and at the end what failed.

use std::env;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::estimates::Estimate;
use crate::tools::Tool;
use crate::workspace::{Metadata, Result};

/// What a step's cargo is told, unless the user says something else. Nothing is built twice here, and nothing is
/// debugged: that is most of what debug builds put on the disk.
const SMALL: [(&str, &str); 3] = [
    ("CARGO_INCREMENTAL", "0"),
    ("CARGO_PROFILE_DEV_DEBUG", "0"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "0"),
];

/// Steps of which each is run, whether or not an earlier one failed: one run shows all that is wrong.
#[derive(Default)]
pub(crate) struct Steps(Vec<Step>);

struct Step {
    name: String,
    estimate: Estimate,
    tools: &'static [Tool],
    /// Without its tools it is left out, and not failed.
    is_optional: bool,
    command: Command,
}

/// Why a step did not pass.
enum Outcome {
    Failed(String),
    LeftOut(String),
}

impl Steps {
    /// Adds a command whose output goes straight to the terminal.
    pub(crate) fn add(&mut self, name: impl Into<String>, estimate: Estimate, command: Command) {
        self.add_with(name, estimate, &[], command);
    }

    /// Adds a command that needs tools. They are looked for, and installed where that is possible, when the step's
    /// turn comes.
    pub(crate) fn add_with(
        &mut self,
        name: impl Into<String>,
        estimate: Estimate,
        tools: &'static [Tool],
        command: Command,
    ) {
        self.push(name.into(), estimate, tools, false, command);
    }

    /// Adds a command that is left out where its tools cannot be had. The end says so.
    pub(crate) fn add_if_possible(
        &mut self,
        name: impl Into<String>,
        estimate: Estimate,
        tools: &'static [Tool],
        command: Command,
    ) {
        self.push(name.into(), estimate, tools, true, command);
    }

    fn push(
        &mut self,
        name: String,
        estimate: Estimate,
        tools: &'static [Tool],
        is_optional: bool,
        mut command: Command,
    ) {
        for (variable, value) in SMALL {
            if env::var_os(variable).is_none() {
                command.env(variable, value);
            }
        }
        self.0.push(Step {
            name,
            estimate,
            tools,
            is_optional,
            command,
        });
    }

    /// Says what all of them will take, and runs them. Succeeds if every step does.
    pub(crate) fn run(self) -> Result<()> {
        let count = self.0.len();
        let total: Estimate = self.0.iter().map(|step| step.estimate).sum();
        eprintln!(
            "{count} steps: about {} and {} of disk in {}",
            total.time(),
            total.disk(),
            Metadata::read()?.target().display()
        );
        eprintln!(
            "(estimates, for two cores and nothing built yet; what is built already takes less)"
        );
        let start = Instant::now();
        let mut failed = Vec::new();
        let mut left_out = Vec::new();
        for (at, step) in self.0.into_iter().enumerate() {
            let label = format!("[{}/{count}] {}", at + 1, step.name);
            eprintln!("\n{label} (about {})", step.estimate.time());
            let start = Instant::now();
            let outcome = step.run();
            let took = seconds(start.elapsed());
            match outcome {
                Ok(()) => eprintln!("{label}: ok in {took}"),
                Err(Outcome::Failed(why)) => {
                    eprintln!("{label}: FAILED in {took} ({why})");
                    failed.push(format!("{label} ({why})"));
                }
                Err(Outcome::LeftOut(why)) => {
                    eprintln!("{label}: LEFT OUT ({why})");
                    left_out.push(format!("{label} ({why})"));
                }
            }
        }
        let took = seconds(start.elapsed());
        if !left_out.is_empty() {
            let list = left_out.join("\n  ");
            eprintln!("\nleft out here, and run by the public workflow:\n  {list}");
        }
        if failed.is_empty() {
            let passed = count - left_out.len();
            eprintln!("\nall {passed} steps passed in {took}");
            return Ok(());
        }
        let list = failed.join("\n  ");
        Err(format!("{} of {count} steps failed:\n  {list}", failed.len()).into())
    }
}

impl Step {
    fn run(mut self) -> std::result::Result<(), Outcome> {
        let missing = self.tools.iter().filter(|tool| !tool.is_at_hand());
        let missing: Vec<_> = missing.map(|tool| tool.missing()).collect();
        if !missing.is_empty() {
            let missing = missing.join("; ");
            return Err(if self.is_optional {
                Outcome::LeftOut(missing)
            } else {
                Outcome::Failed(missing)
            });
        }
        match self.command.status() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(Outcome::Failed(status.to_string())),
            Err(error) => Err(Outcome::Failed(format!(
                "cannot run {:?}: {error}",
                self.command
            ))),
        }
    }
}

fn seconds(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 60 {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!("{} min {} s", seconds / 60, seconds % 60)
    }
}
