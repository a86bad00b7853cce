//! `cargo xtask test`: everything that is a test.

use std::process::Command;

use crate::steps::Steps;
use crate::tools::Tool;
use crate::workspace::{Metadata, Result, cargo};

/// The packages beside the default members that have tests, and what those need.
const BESIDE: &[(&str, &[Tool])] = &[
    ("signals_orm", &[]),
    ("signals_orm_models", &[]),
    ("signals_orm_notifications", &[]),
    ("web_signup", &[]),
    ("echo_server", &[Tool::new("python3", "python3")]),
    ("event-compare", &[Tool::new("python3", "python3")]),
    ("window", WINDOW),
    // Without the fuzzer, which `cargo xtask fuzz` builds.
    ("event-fuzz", &[]),
    (
        "event-interop",
        &[
            Tool::with_part("python3", "python3-venv", &["-c", "import ensurepip, venv"]),
            Tool::new("node", "nodejs"),
            Tool::new("npm", "npm"),
        ],
    ),
    (
        "event-peers",
        &[
            Tool::with_part("python3", "python3-venv", &["-c", "import ensurepip, venv"]),
            Tool::new("node", "nodejs"),
            Tool::new("npm", "npm"),
            Tool::new("c++", "g++"),
        ],
    ),
];

/// A screen without a monitor, hands and eyes, and what the window opens while it runs: an OpenGL that
/// needs no graphics card, pointers, and keyboards.
const WINDOW: &[Tool] = &[
    Tool::new("Xvfb", "xvfb"),
    Tool::new("xdotool", "xdotool"),
    Tool::new("import", "imagemagick"),
    Tool::library("libGL.so.1", "libgl1"),
    Tool::library("libXcursor.so.1", "libxcursor1"),
    Tool::library("libXi.so.6", "libxi6"),
    Tool::library("libxkbcommon-x11.so.0", "libxkbcommon-x11-0"),
];

/// Runs the tests of the default members. The benchmark and the crates it compares with stay out.
///
/// `all` adds the packages beside them; `long` gives the storm and the load their full length.
pub(crate) fn run(all: bool, long: bool) -> Result<()> {
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
    // Without its features the core is another one: it refuses what it cannot run.
    steps.run(
        "the core without features",
        &mut cargo([
            "test",
            "-p",
            "event-core",
            "--no-default-features",
            "--lib",
            "--tests",
        ]),
    );
    for models in [["--test", "loom_flag"], ["--lib", "models"]] {
        let name = format!("interleavings {}", models[1]);
        steps.run(&name, &mut interleavings(models)?);
    }
    let (deliveries, seconds) = if long {
        ("10000000", "120")
    } else {
        ("400000", "10")
    };
    steps.run("load", &mut release("load", ["--deliveries", deliveries]));
    steps.run("storm", &mut release("storm", ["--seconds", seconds]));
    if all {
        for (package, tools) in BESIDE {
            run_beside(package, tools, &mut steps);
        }
    }
    steps.finish()
}

/// The names of the packages beside the default members that have tests.
pub(crate) fn beside() -> impl Iterator<Item = &'static str> {
    BESIDE.iter().map(|(package, _)| *package)
}

/// The tests of one package, if what they need is there; else the step fails and says what is missing.
fn run_beside(package: &str, tools: &[Tool], steps: &mut Steps) {
    let missing: Vec<_> = tools.iter().filter(|tool| !tool.is_at_hand()).collect();
    if missing.is_empty() {
        steps.run(
            package,
            &mut cargo(["test", "--no-fail-fast", "-p", package]),
        );
    } else {
        for tool in missing {
            steps.refuse(package, &tool.missing());
        }
    }
}

/// A program of the package `event-load`. It is built with optimizations, as what it tests is used.
fn release(program: &str, length: [&str; 2]) -> Command {
    let mut command = cargo([
        "run",
        "--release",
        "-p",
        "event-load",
        "--bin",
        program,
        "--",
    ]);
    command.args(length);
    command
}

/// The models that loom explores. They are built for loom's atomics, so in a target directory
/// of their own.
fn interleavings(models: [&str; 2]) -> Result<Command> {
    let mut command = cargo([
        "test",
        "-p",
        "event-core",
        "--release",
        "--no-default-features",
    ]);
    command
        .args(models)
        .env("RUSTFLAGS", "--cfg loom")
        .env("CARGO_TARGET_DIR", Metadata::read()?.target().join("loom"));
    Ok(command)
}
