//! Holds dependencies to `deny.toml`: their licences, their sources, and one version of each in what users build.
//!
//! Advisories are checked on request, since their database is a repository that is fetched from outside of the
//! package registries.

use std::process::Command;

use crate::estimates::{self, Estimate};
use crate::steps::Steps;
use crate::tools::Tool;
use crate::workspace::{LIBRARIES, Result, cargo};

const CARGO_DENY: &[Tool] = &[Tool::subcommand("deny", "cargo-deny")];

/// Runs the steps alone, and fails without cargo-deny. `advisories` adds what needs their database.
pub(crate) fn run(advisories: bool) -> Result<()> {
    let mut steps = Steps::default();
    for (name, estimate, check) in checks() {
        steps.add_with(name, estimate, CARGO_DENY, check);
    }
    if advisories {
        let check = cargo(["deny", "check", "advisories"]);
        steps.add_with("advisories", estimates::DENY, CARGO_DENY, check);
    }
    steps.run()
}

/// Adds the steps that need no database, if cargo-deny is there: to compile it takes longer than all other
/// checks.
pub(crate) fn add(steps: &mut Steps) {
    if !CARGO_DENY.iter().all(|tool| tool.is_present()) {
        eprintln!(
            "left out: licences, sources and versions of dependencies, since cargo-deny is not installed; \
             `cargo xtask deny` installs it, in about ten minutes, and checks them, as the public workflow does"
        );
        return;
    }
    for (name, estimate, check) in checks() {
        steps.add_with(name, estimate, CARGO_DENY, check);
    }
}

fn checks() -> Vec<(String, Estimate, Command)> {
    // Examples and benchmarks do not choose the versions that their dependencies have.
    let mut all = cargo(["deny", "check", "--allow", "duplicate"]);
    all.args(["licenses", "bans", "sources"]);
    let name = "licences and sources of all dependencies".to_owned();
    let mut checks = vec![(name, estimates::CARGO_DENY, all)];
    for library in LIBRARIES {
        let mut bans = cargo(["deny", "--exclude-dev"]);
        let manifest = format!("{library}/Cargo.toml");
        bans.args(["--manifest-path", &manifest, "check", "bans"]);
        let name = format!("one version of each dependency of {library}");
        checks.push((name, estimates::DENY, bans));
    }
    checks
}
