//! Compiles the libraries with the oldest compiler that they promise, the workspace's `rust-version`.

use std::process::Command;

use crate::estimates;
use crate::steps::Steps;
use crate::tools::Tool;
use crate::workspace::{LIBRARIES, Metadata, Result, root};

/// What this package inherits from the workspace.
const VERSION: &str = env!("CARGO_PKG_RUST_VERSION");

const TOOLCHAIN: &[Tool] = &[Tool::toolchain(VERSION)];

/// Runs the step alone, and fails without that compiler.
pub(crate) fn run() -> Result<()> {
    let mut steps = Steps::default();
    steps.add_with(name(), estimates::OLDEST_COMPILER, TOOLCHAIN, check()?);
    steps.run()
}

/// Adds the step, which is left out where rustup cannot get the compiler.
pub(crate) fn add(steps: &mut Steps) -> Result<()> {
    steps.add_if_possible(name(), estimates::OLDEST_COMPILER, TOOLCHAIN, check()?);
    Ok(())
}

fn name() -> String {
    format!("the libraries with Rust {VERSION}")
}

fn check() -> Result<Command> {
    let mut check = Command::new("rustup");
    check
        .current_dir(root())
        .args([
            "run",
            VERSION,
            "cargo",
            "check",
            "--locked",
            "--all-features",
        ])
        // In a folder of its own, or each compiler would build everything again.
        .env("CARGO_TARGET_DIR", Metadata::read()?.target().join("msrv"))
        // They name the compiler that runs this program.
        .env_remove("CARGO")
        .env_remove("RUSTUP_TOOLCHAIN");
    for library in LIBRARIES {
        check.args(["-p", library]);
    }
    Ok(check)
}
