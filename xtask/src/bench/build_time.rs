//! What handlers and events add to the build of the crate they are in.
//!
//! Generates pairs of crates and times a debug build of each after everything they depend on is built. Two
//! differ by the attribute `#[handler]` alone; two by `#[derive(Event)]`, and by an `emit` of each event.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Instant;

use super::figures::Figures;
use super::median;
use crate::workspace::{Result, cargo, root};

const EVENTS: usize = 50;
const HANDLERS_PER_EVENT: usize = 20;
const EMITTED_EVENTS: usize = 100;

/// A crate, and what writes its code.
type Crate = (&'static str, fn() -> String);

/// The crates, and what is in them.
const CRATES: [Crate; 4] = [
    ("handlers", || handlers("#[handler]\n")),
    ("functions", || handlers("")),
    ("events", || events(true)),
    ("structs", || events(false)),
];

/// Adds `build.1000`, the median of `rounds` differences in seconds.
pub(crate) fn measure_handlers(target: &Path, rounds: usize, figures: &mut Figures) -> Result<()> {
    let seconds = difference(target, rounds, "handlers", "functions")?;
    figures.add("build.1000", seconds, 1);
    Ok(())
}

/// Adds `build.event`, the same of one event that is emitted, in milliseconds.
pub(crate) fn measure_events(target: &Path, rounds: usize, figures: &mut Figures) -> Result<()> {
    let seconds = difference(target, rounds, "events", "structs")?;
    #[allow(clippy::cast_precision_loss, reason = "there are a hundred")]
    figures.add("build.event", 1000.0 * seconds / EMITTED_EVENTS as f64, 0);
    Ok(())
}

/// The median of `rounds` differences between the builds of two crates, in seconds.
fn difference(target: &Path, rounds: usize, with: &str, without: &str) -> Result<f64> {
    let folder = target.join("bench-build");
    generate(&folder)?;
    // Builds what both depend on, so this time does not count.
    build(&folder, without)?;
    let mut differences = Vec::new();
    for _ in 0..rounds {
        differences.push(build(&folder, with)? - build(&folder, without)?);
    }
    Ok(median(differences))
}

/// Writes a workspace of the crates, with the versions that this workspace has locked.
fn generate(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let members = CRATES.map(|(name, _)| name);
    fs::write(
        folder.join("Cargo.toml"),
        format!("[workspace]\nresolver = \"3\"\nmembers = {members:?}\n"),
    )?;
    fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
    for (name, text) in CRATES {
        let source = folder.join(name).join("src");
        fs::create_dir_all(&source)?;
        fs::write(folder.join(name).join("Cargo.toml"), manifest(name))?;
        let head = "#![allow(unused_imports)]\nuse event_core::{Dispatcher, Event, handler};\n";
        fs::write(source.join("lib.rs"), format!("{head}{}", text()))?;
    }
    Ok(())
}

fn manifest(name: &str) -> String {
    let core = root().join("event-core");
    let core = core.display();
    format!(
        "[package]\nname = \"bench-{name}\"\nedition = \"2024\"\n\n\
         [dependencies]\nevent-core = {{ path = '{core}' }}\n"
    )
}

fn handlers(attribute: &str) -> String {
    let mut text = String::new();
    for event in 0..EVENTS {
        let _ = write!(
            text,
            "\n#[derive(Event)]\npub struct E{event} {{\n    pub id: u64,\n}}\n"
        );
        for handler in 0..HANDLERS_PER_EVENT {
            let _ = write!(
                text,
                "\n{attribute}pub fn e{event}_h{handler}(event: &E{event}) {{\n    \
                 std::hint::black_box(event.id + {handler});\n}}\n"
            );
        }
    }
    text
}

fn events(are_emitted: bool) -> String {
    let mut text = String::new();
    for event in 0..EMITTED_EVENTS {
        let (derive, emit) = if are_emitted {
            ("#[derive(Event)]\n", "dispatcher.emit(event);")
        } else {
            ("", "std::hint::black_box((dispatcher, event));")
        };
        let _ = write!(
            text,
            "\n{derive}pub struct E{event} {{\n    pub id: u64,\n}}\n\n\
             pub fn emit_{event}(dispatcher: &Dispatcher, event: E{event}) {{\n    {emit}\n}}\n"
        );
    }
    text
}

/// Builds one of the crates from scratch and returns the seconds it took.
fn build(folder: &Path, name: &str) -> Result<f64> {
    // A newer file makes cargo build the crate, and nothing it depends on, once more.
    let source = folder.join(name).join("src/lib.rs");
    fs::write(&source, fs::read(&source)?)?;
    let start = Instant::now();
    let status = cargo(["build", "--quiet", "--offline", "-p"])
        .arg(format!("bench-{name}"))
        .arg("--target-dir")
        .arg(folder.join("target"))
        .env("CARGO_INCREMENTAL", "0")
        .current_dir(folder)
        .status()?;
    if !status.success() {
        return Err(format!(
            "the generated crate in {} does not compile",
            folder.display()
        )
        .into());
    }
    Ok(start.elapsed().as_secs_f64())
}
