//! `cargo xtask ci`: what CI checks besides the tests.

use crate::steps::Steps;
use crate::workspace::{Metadata, Result, cargo};

/// Runs every check. Lints stand in for plain compiling where they can: clippy finds all that `cargo check`
/// does, and code that a feature leaves unused.
pub(crate) fn run() -> Result<()> {
    let mut steps = Steps::default();
    steps.run("format", &mut cargo(["fmt", "--all", "--check"]));
    steps.run(
        "lints",
        &mut cargo(["clippy", "--all-targets", "--", "-D", "warnings"]),
    );
    // The crates of the link test are a workspace of their own.
    let link = ["--manifest-path", "tests/link/Cargo.toml"];
    steps.run(
        "format of the link test",
        cargo(["fmt", "--all", "--check"]).args(link),
    );
    steps.run(
        "docs",
        cargo(["doc", "--no-deps", "--all-features"]).env("RUSTDOCFLAGS", "-D warnings"),
    );
    for (package, features) in Metadata::read()?.features() {
        let none = [
            "clippy",
            "-p",
            &package,
            "--no-default-features",
            "--",
            "-D",
            "warnings",
        ];
        steps.run(&format!("{package} without features"), &mut cargo(none));
        for feature in features {
            let alone = [
                "clippy",
                "-p",
                &package,
                "--no-default-features",
                "--features",
                &feature,
                "--",
                "-D",
                "warnings",
            ];
            steps.run(
                &format!("{package} with feature `{feature}` alone"),
                &mut cargo(alone),
            );
        }
    }
    for package in crate::test::beside() {
        let lints = [
            "clippy",
            "-p",
            package,
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ];
        steps.run(&format!("lints of {package}"), &mut cargo(lints));
    }
    // It is compiled and never run here: a figure from a busy machine would say nothing.
    let benchmark = [
        "clippy",
        "-p",
        "event-benches",
        "--all-targets",
        "--all-features",
        "--",
        "-D",
        "warnings",
    ];
    steps.run("benchmark compiles", &mut cargo(benchmark));
    steps.finish()
}
