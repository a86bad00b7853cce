//! `cargo xtask test`: everything that is a test.

use crate::steps::Steps;
use crate::workspace::{Result, cargo};

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
    steps.finish()
}
