//! `cargo xtask ci`: what CI checks besides the tests.

use std::process::Command;

use crate::steps::Steps;
use crate::workspace::{LIBRARIES, Metadata, Result, cargo};
use crate::{deny, estimates, lower_bounds, msrv};

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
    steps.add(
        "names in the pages",
        estimates::FORMAT,
        cargo(["xtask", "names"]),
    );
    steps.add("lints", estimates::LINTS, lints(&["--all-targets"]));
    let mut docs = cargo(["doc", "--no-deps", "--all-features"]);
    docs.env("RUSTDOCFLAGS", "-D warnings");
    steps.add("docs", estimates::DOCS, docs);
    steps.add("docs as docs.rs shows them", estimates::DOCS_RS, docs_rs()?);
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
    let catalog = lints(&["-p", "event-bench-catalog", "--all-targets"]);
    steps.add(
        "benchmark of the catalogue compiles",
        estimates::LINTS_OF_ONE_MORE,
        catalog,
    );
    let outbox = lints(&["-p", "event-bench-outbox", "--all-targets"]);
    steps.add(
        "benchmark of the outbox compiles",
        estimates::LINTS_OF_ONE_MORE,
        outbox,
    );
    lower_bounds::add(&mut steps)?;
    msrv::add(&mut steps)?;
    deny::add(&mut steps);
    steps.run()
}

/// The documentation of what is published, with the features that each item needs.
fn docs_rs() -> Result<Command> {
    let mut docs = cargo(["doc", "--no-deps", "--all-features"]);
    for library in LIBRARIES {
        docs.args(["-p", library]);
    }
    docs.env("RUSTDOCFLAGS", "--cfg docsrs -D warnings")
        // docs.rs has a nightly compiler; this is how a stable one shows the features.
        .env("RUSTC_BOOTSTRAP", "1")
        // In a folder of its own, or the two kinds of documentation would replace each other.
        .env(
            "CARGO_TARGET_DIR",
            Metadata::read()?.target().join("docsrs"),
        );
    Ok(docs)
}

/// Clippy, whose warnings are errors here.
fn lints(arguments: &[&str]) -> Command {
    let mut clippy = cargo(["clippy"]);
    clippy.args(arguments).args(["--", "-D", "warnings"]);
    clippy
}
