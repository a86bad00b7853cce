//! `cargo xtask test`: everything that is a test.

use std::process::Command;

use crate::steps::Steps;
use crate::workspace::{Metadata, Result, cargo};

/// Runs the tests of the default members. The benchmark and the crates it compares with stay out.
pub(crate) fn run() -> Result<()> {
    let mut steps = Steps::default();
    steps.run(
        "unit and integration tests",
        &mut cargo([
            "test",
            "--no-fail-fast",
            "--lib",
            "--bins",
            "--tests",
            "--examples",
        ]),
    );
    steps.run("doc tests", &mut cargo(["test", "--no-fail-fast", "--doc"]));
    steps.run("interleavings", &mut interleavings()?);
    steps.finish()
}

/// The models that loom explores. They are built for loom's atomics, so in a target directory
/// of their own.
fn interleavings() -> Result<Command> {
    let mut command = cargo([
        "test",
        "-p",
        "event-core",
        "--release",
        "--no-default-features",
        "--test",
        "loom_flag",
    ]);
    command
        .env("RUSTFLAGS", "--cfg loom")
        .env("CARGO_TARGET_DIR", Metadata::read()?.target().join("loom"));
    Ok(command)
}
