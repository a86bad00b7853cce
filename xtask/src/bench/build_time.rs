//! What a thousand handlers add to the build of the crate they are in.
//!
//! Generates two crates that differ by the attribute `#[handler]` alone, and times a debug build of each
//! after everything they depend on is built.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Instant;

use super::figures::Figures;
use super::median;
use crate::workspace::{Result, cargo, root};

const EVENTS: usize = 50;
const HANDLERS_PER_EVENT: usize = 20;

/// Adds `build.1000`, the median of `rounds` differences in seconds.
pub(crate) fn measure(target: &Path, rounds: usize, figures: &mut Figures) -> Result<()> {
    let folder = target.join("bench-build");
    generate(&folder)?;
    // Builds what both depend on, so this time does not count.
    build(&folder, "functions")?;
    let mut differences = Vec::new();
    for _ in 0..rounds {
        differences.push(build(&folder, "handlers")? - build(&folder, "functions")?);
    }
    figures.add("build.1000", median(differences), 1);
    Ok(())
}

/// Writes a workspace of the two crates, with the versions that this workspace has locked.
fn generate(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(
        folder.join("Cargo.toml"),
        "[workspace]\nresolver = \"3\"\nmembers = [\"handlers\", \"functions\"]\n",
    )?;
    fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
    for (name, attribute) in [("handlers", "#[handler]\n"), ("functions", "")] {
        let source = folder.join(name).join("src");
        fs::create_dir_all(&source)?;
        fs::write(folder.join(name).join("Cargo.toml"), manifest(name))?;
        fs::write(source.join("lib.rs"), library(attribute))?;
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

fn library(attribute: &str) -> String {
    let mut text = String::from("#![allow(unused_imports)]\nuse event_core::{Event, handler};\n");
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
