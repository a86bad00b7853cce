//! Compiles the libraries with the lowest versions of their dependencies that `Cargo.toml` allows.
//!
//! Cargo chooses them by an option that is unstable, so the lock file is made in a copy of the three packages, in the
//! target directory. The copy has only what its users get: neither what tests depend on, which would raise the versions,
//! nor what is compiled for the model checker alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::estimates;
use crate::steps::Steps;
use crate::workspace::{LIBRARIES, Metadata, NEWER_COMPILERS, NEWER_FEATURES, Result, cargo, root};

/// Tables of a library's `Cargo.toml` that its users get nothing of.
const OURS_ALONE: [&str; 3] = [
    "[dev-dependencies]",
    "[target.'cfg(loom)'.dependencies]",
    "[[test]]",
];

/// Tables of the workspace's `Cargo.toml` that its members inherit from.
const INHERITED: [&str; 3] = [
    "[workspace.package]",
    "[workspace.dependencies]",
    "[workspace.lints",
];

/// Returns the libraries that are checked. One that asks for a newer compiler has newer dependencies than the others,
/// which in one workspace would raise the versions that the others are checked with.
fn libraries() -> impl Iterator<Item = &'static str> {
    let is_newer = |library: &&str| NEWER_COMPILERS.iter().any(|(newer, _)| newer == library);
    LIBRARIES
        .into_iter()
        .filter(move |library| !is_newer(library))
}

/// Adds the steps, of which the first makes the lock file.
pub(crate) fn add(steps: &mut Steps) -> Result<()> {
    let folder = Metadata::read()?.target().join("lower-bounds");
    copy(&folder)?;
    let mut resolve = cargo([
        "generate-lockfile",
        "--quiet",
        "-Z",
        "direct-minimal-versions",
    ]);
    // A nightly takes the option as it is.
    resolve.current_dir(&folder).env("RUSTC_BOOTSTRAP", "1");
    steps.add("lowest versions: resolve", estimates::RESOLVE, resolve);

    let all = check(&folder, &["--workspace", "--all-features"]);
    steps.add(
        "lowest versions: all features",
        estimates::LOWEST_VERSIONS,
        all,
    );
    for (package, features) in Metadata::read()?.features() {
        if !libraries().any(|library| library == package) {
            continue;
        }
        let (other, newer) = NEWER_FEATURES;
        let is_newer = |feature: &str| package == other && newer.contains(&feature);
        let features = features.into_iter().filter(|it| !is_newer(it));
        let none = ["-p", &package, "--no-default-features"];
        let name = format!("lowest versions: {package} without features");
        let estimate = estimates::LOWEST_VERSIONS_AGAIN;
        steps.add(name, estimate, check(&folder, &none));
        for feature in features {
            let alone = [&none[..], &["--features", &feature]].concat();
            let name = format!("lowest versions: {package} with feature `{feature}` alone");
            steps.add(name, estimate, check(&folder, &alone));
        }
    }
    Ok(())
}

fn check(folder: &Path, arguments: &[&str]) -> Command {
    let mut check = cargo(["check", "--locked"]);
    check
        .args(arguments)
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", folder.join("build"));
    check
}

/// Writes a workspace of the libraries alone.
fn copy(folder: &Path) -> Result<()> {
    let workspace = fs::read_to_string(root().join("Cargo.toml"))?;
    let members = libraries().map(|library| format!("\"{library}\""));
    let members = members.collect::<Vec<_>>().join(", ");
    let inherited = |header: &str| INHERITED.iter().any(|table| header.starts_with(table));
    let manifest = format!(
        "[workspace]\nresolver = \"3\"\nmembers = [{members}]\n\n{}",
        tables(&workspace, inherited)
    );
    for library in libraries() {
        let target = folder.join(library);
        if target.exists() {
            fs::remove_dir_all(&target)?;
        }
        copy_folder(&root().join(library), &target)?;
        let manifest = fs::read_to_string(target.join("Cargo.toml"))?;
        fs::write(target.join("Cargo.toml"), of_its_users(library, &manifest))?;
    }
    Ok(fs::write(folder.join("Cargo.toml"), manifest)?)
}

/// A library's manifest without what its users get nothing of, and without what brings in a library that is not copied.
fn of_its_users(library: &str, manifest: &str) -> String {
    let kept = tables(manifest, |header| !OURS_ALONE.contains(&header));
    let (other, features) = NEWER_FEATURES;
    if library != other {
        return kept;
    }
    let newer = NEWER_COMPILERS.iter().map(|(library, _)| *library);
    let gone: Vec<_> = newer.chain(features).collect();
    let is_kept = |line: &&str| {
        let name = line.split_once(" = ").map(|(name, _)| name);
        name.is_none_or(|name| !gone.contains(&name))
    };
    let lines = kept.lines().filter(is_kept);
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// The tables of a manifest whose header is chosen, as they are written.
fn tables(manifest: &str, mut is_chosen: impl FnMut(&str) -> bool) -> String {
    let mut chosen = String::new();
    let mut is_in = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            is_in = is_chosen(line.trim_end());
        }
        if is_in {
            chosen.push_str(line);
            chosen.push('\n');
        }
    }
    chosen
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target: PathBuf = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{INHERITED, of_its_users, tables};
    use crate::workspace::root;

    #[test]
    fn a_library_is_copied_with_what_its_users_get() {
        let manifest = std::fs::read_to_string(root().join("event-core/Cargo.toml"));
        let manifest = manifest.expect("event-core has a manifest");
        let kept = of_its_users("event-core", &manifest);
        assert!(kept.contains("\ntokio = { workspace = true, optional = true }\n"));
        assert!(kept.contains("\n[lints]\n"));
        assert!(!kept.contains("proptest"), "{kept}");
        assert!(!kept.contains("loom.workspace"), "{kept}");
    }

    #[test]
    fn a_library_is_copied_without_what_needs_a_newer_compiler() {
        let manifest = std::fs::read_to_string(root().join("event-catalog/Cargo.toml"));
        let manifest = manifest.expect("event-catalog has a manifest");
        let kept = of_its_users("event-catalog", &manifest);
        assert!(kept.contains("\nclap.workspace = true\n"));
        assert!(!kept.contains("event-outbox = "), "{kept}");
        assert!(!kept.contains("\nsqlite = "), "{kept}");
        assert!(!kept.contains("required-features"), "{kept}");
    }

    #[test]
    fn the_workspace_is_copied_without_its_members() {
        let manifest = std::fs::read_to_string(root().join("Cargo.toml"));
        let manifest = manifest.expect("the workspace has a manifest");
        let kept = tables(&manifest, |header| {
            INHERITED.iter().any(|table| header.starts_with(table))
        });
        assert!(kept.contains("\nserde_json = "));
        assert!(kept.contains("[workspace.lints.clippy]"));
        assert!(!kept.contains("members"), "{kept}");
    }
}
