//! Runs the program as a user does.

use std::process::{Command, Output};

/// What one run of the program left behind.
pub(crate) struct Run {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs the program to its end.
#[allow(dead_code, reason = "not every test runs it to its end")]
pub(crate) fn shop(args: &[&str]) -> Run {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(env!("CARGO_BIN_EXE_shop"))
        .args(args)
        .env_remove("CLICOLOR_FORCE")
        .output()
        .expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("the program writes UTF-8");
    Run {
        status: status.code(),
        stdout: text(stdout),
        stderr: text(stderr),
    }
}

impl Run {
    /// The word after a label of the summary.
    pub(crate) fn value(&self, label: &str) -> &str {
        self.value_in("", label)
    }

    /// The number after a label in the section about the queue of receipts.
    #[allow(dead_code, reason = "not every test looks at the queue")]
    pub(crate) fn queue(&self, label: &str) -> u64 {
        let value = self.value_in("Queue of receipts\n", label);
        value.parse().expect("a number")
    }

    /// The word after a label that comes after a heading.
    fn value_in(&self, heading: &str, label: &str) -> &str {
        let section = self.stdout.split_once(heading);
        let lines = section.map_or("", |(_, section)| section).lines();
        lines
            .map(str::trim_start)
            .find_map(|line| {
                line.strip_prefix(label)?
                    .strip_prefix(' ')?
                    .split_whitespace()
                    .next()
            })
            .unwrap_or_else(|| {
                panic!(
                    "no `{label}` in the summary:\n{}{}",
                    self.stdout, self.stderr
                )
            })
    }
}
