//! `cargo xtask test`: everything that is a test.

use std::process::Command;

use crate::estimates::{self, Estimate, of_package};
use crate::steps::Steps;
use crate::tools::Tool;
use crate::workspace::{Metadata, Result, cargo};

/// The packages beside the default members that have tests, what those need, and about what they take.
const BESIDE: &[(&str, &[Tool], Estimate)] = &[
    ("signals_orm", &[], of_package(300, 900)),
    ("signals_orm_models", &[], of_package(10, 20)),
    ("signals_orm_notifications", &[], of_package(10, 20)),
    ("web_signup", &[], of_package(60, 200)),
    ("order_service", &[], of_package(120, 250)),
    ("echo_server", PYTHON, of_package(60, 100)),
    ("event-compare", PYTHON, of_package(30, 50)),
    ("window", WINDOW, of_package(240, 700)),
    // Without the fuzzer, which `cargo xtask fuzz` builds.
    ("event-fuzz", &[], of_package(60, 100)),
    ("event-interop", LANGUAGES, of_package(120, 300)),
    ("event-outbox", &[], of_package(180, 600)),
    ("event-browser", BROWSER, of_package(180, 300)),
    ("event-outbox-servers", POSTGRESQL, of_package(150, 500)),
    ("event-documents", GENERATORS, of_package(150, 500)),
    ("event-published", LANGUAGES, of_package(60, 150)),
    ("event-peers", PEERS, of_package(180, 700)),
];

const PYTHON: &[Tool] = &[Tool::new("python3", "python3")];

const LANGUAGES: &[Tool] = &[PYTHON_VENV, NODE, NPM];

const GENERATORS: &[Tool] = &[
    PYTHON_VENV,
    NODE,
    NPM,
    Tool::new("javac", "default-jdk-headless"),
    Tool::path(
        "/usr/share/java/jackson-databind.jar",
        "libjackson2-databind-java",
    ),
];

const BROWSER: &[Tool] = &[Tool::new("chromium", "chromium")];

const POSTGRESQL: &[Tool] = &[
    PYTHON_VENV,
    Tool::path("/usr/lib/postgresql", "postgresql"),
    Tool::path("/usr/sbin/pgbouncer", "pgbouncer"),
];

const PEERS: &[Tool] = &[PYTHON_VENV, NODE, NPM, Tool::new("c++", "g++")];

const PYTHON_VENV: Tool =
    Tool::with_part("python3", "python3-venv", &["-c", "import ensurepip, venv"]);

const NODE: Tool = Tool::new("node", "nodejs");

const NPM: Tool = Tool::new("npm", "npm");

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
    let tests = ["--lib", "--bins", "--tests", "--examples"];
    let mut build = cargo(["test", "--no-run"]);
    build.args(tests);
    steps.add("build the tests", estimates::BUILD_OF_TESTS, build);
    let mut run = cargo(["test", "--no-fail-fast"]);
    run.args(tests);
    steps.add("unit and integration tests", estimates::TESTS, run);
    let docs = cargo(["test", "--no-fail-fast", "--doc"]);
    steps.add("doc tests", estimates::DOC_TESTS, docs);
    // Without its features the core is another one: it refuses what it cannot run.
    let mut core = cargo(["test", "-p", "event-core", "--no-default-features"]);
    core.args(["--lib", "--tests"]);
    let name = "the core without features";
    steps.add(name, estimates::CORE_WITHOUT_FEATURES, core);
    for (models, estimate) in [
        (["--test", "loom_flag"], estimates::MODELS_OF_THE_FLAG),
        (["--lib", "models"], estimates::MODELS),
    ] {
        let name = format!("interleavings {}", models[1]);
        steps.add(name, estimate, interleavings(models)?);
    }
    let mut schemas = cargo(["test", "--release", "-p", "event-catalog"]);
    schemas
        .args(["--test", "compat", "random"])
        .env("COMPAT_CASES", "100000");
    steps.add("comparisons of schemas", estimates::SCHEMAS, schemas);
    if long {
        let load = release("load", ["--deliveries", "10000000"]);
        steps.add("long load", estimates::LONG_LOAD, load);
        let storm = release("storm", ["--seconds", "120"]);
        steps.add("long storm", estimates::LONG_STORM, storm);
    } else {
        let load = release("load", ["--deliveries", "400000"]);
        steps.add("load", estimates::LOAD, load);
        let storm = release("storm", ["--seconds", "10"]);
        steps.add("storm", estimates::STORM, storm);
    }
    if all {
        for (package, tools, estimate) in BESIDE {
            let tests = cargo(["test", "--no-fail-fast", "-p", package]);
            steps.add_with(*package, *estimate, tools, tests);
        }
        add_crashes(&mut steps, 500, None);
    }
    steps.run()
}

/// A store of the outbox.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum Store {
    Sqlite,
    Postgres,
}

/// Kills programs with an outbox this often, on one store or on each.
pub(crate) fn crash(kills: u32, store: Option<Store>) -> Result<()> {
    let mut steps = Steps::default();
    add_crashes(&mut steps, kills, store);
    steps.run()
}

fn add_crashes(steps: &mut Steps, kills: u32, only: Option<Store>) {
    for store in only.map_or_else(|| vec![Store::Sqlite, Store::Postgres], |only| vec![only]) {
        let (name, tests, tools) = match store {
            Store::Sqlite => ("crashes on SQLite", "on_sqlite", &[][..]),
            Store::Postgres => ("crashes on PostgreSQL", "on_postgres", POSTGRESQL),
        };
        let mut crashes = cargo(["test", "-p", "event-outbox-servers", "--test", "crash"]);
        crashes
            .args(["--", "--nocapture", tests])
            .env("EVENT_OUTBOX_KILLS", kills.to_string());
        steps.add_with(name, estimates::CRASHES, tools, crashes);
    }
}

/// The names of the packages beside the default members that have tests.
pub(crate) fn beside() -> impl Iterator<Item = &'static str> {
    BESIDE.iter().map(|(package, ..)| *package)
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
