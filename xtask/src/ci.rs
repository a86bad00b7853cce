//! `cargo xtask ci`: what CI checks besides the tests.

use std::process::Command;

use crate::estimates;
use crate::lower_bounds;
use crate::steps::Steps;
use crate::workspace::{Metadata, Result, cargo};

/// Runs every check. Lints stand in for plain compiling where they can: clippy finds all that `cargo check`
/// does, and code that a feature leaves unused.
pub(crate) fn run() -> Result<()> {
    let mut steps = Steps::default();
    let format = cargo(["fmt", "--all", "--check"]);
    steps.add("format", estimates::FORMAT, format);
    // The crates of the link test are a workspace of their own.
    let mut format = cargo(["fmt", "--all", "--check"]);
    format.args(["--manifest-path", "tests/link/Cargo.toml"]);
    steps.add("format of the link test", estimates::FORMAT, format);
    steps.add("layers", estimates::FORMAT, cargo(["xtask", "layers"]));
    steps.add("lints", estimates::LINTS, lints(&["--all-targets"]));
    let mut docs = cargo(["doc", "--no-deps", "--all-features"]);
    docs.env("RUSTDOCFLAGS", "-D warnings");
    steps.add("docs", estimates::DOCS, docs);
    for (package, features) in Metadata::read()?.features() {
        let none = ["-p", &package, "--no-default-features"];
        let estimate = estimates::FEATURE_ALONE;
        steps.add(
            format!("{package} without features"),
            estimate,
            lints(&none),
        );
        for feature in features {
            let alone = [&none[..], &["--features", &feature]].concat();
            let name = format!("{package} with feature `{feature}` alone");
            steps.add(name, estimate, lints(&alone));
        }
    }
    for package in crate::test::beside() {
        let name = format!("lints of {package}");
        let all = ["-p", package, "--all-targets"];
        steps.add(name, estimates::LINTS_OF_ONE_MORE, lints(&all));
    }
    // It is compiled and never run here: a figure from a busy machine would say nothing.
    let benchmark = lints(&["-p", "event-benches", "--all-targets", "--all-features"]);
    steps.add("benchmark compiles", estimates::BENCHMARK, benchmark);
    lower_bounds::add(&mut steps)?;
    steps.run()
}

/// Clippy, whose warnings are errors here.
fn lints(arguments: &[&str]) -> Command {
    let mut clippy = cargo(["clippy"]);
    clippy.args(arguments).args(["--", "-D", "warnings"]);
    clippy
}
