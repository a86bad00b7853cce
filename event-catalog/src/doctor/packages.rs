//! Finds packages with handlers that a program depends on and that are not linked, with what cargo knows.

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::env;
use std::error::Error;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use super::{Finding, FindingKind, Severity};
use crate::catalog::{Catalog, Place};

/// A package whose source has handlers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HandlerPackage {
    /// The name.
    pub name: String,
    /// The first `#[handler]` or `#[handlers]` in its source.
    pub place: Place,
    /// Whether its source has a `module!`, so that there is a `MODULE` to name.
    pub has_module: bool,
}

/// Why it is not known which packages a program depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PackagesError {
    /// Cargo did not say: it is not there, or there is no `Cargo.toml`.
    Cargo(String),
    /// The workspace has no package of this name.
    UnknownPackage(String),
}

/// The packages of the framework, whose own sources have the attributes in another meaning.
const FRAMEWORK: [&str; 4] = [
    "event-core",
    "event-macros",
    "event-catalog",
    "event-telemetry",
];

/// What is read of `cargo metadata`.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_root: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
    optional: bool,
    target: Option<String>,
}

/// Returns the packages of a workspace that a package depends on, itself included, and whose sources have
/// handlers. `folder` is one of the workspace; `cargo metadata` is asked, which needs no network.
///
/// The sources of packages that depend on `event-core` are searched for `#[handler]` and `#[handlers]`, outside
/// of comments. Dependencies that are optional or for one platform are left out, since it is not known whether
/// the program has them; so are packages from registries.
///
/// # Errors
///
/// Cargo is not there or says nothing, or the workspace has no such package.
pub fn handler_packages(
    folder: &Path,
    package: &str,
) -> Result<Vec<HandlerPackage>, PackagesError> {
    let metadata: Metadata = serde_json::from_str(&metadata(folder)?).map_err(|error| {
        PackagesError::Cargo(format!(
            "what `cargo metadata` says cannot be read: {error}"
        ))
    })?;
    let packages = metadata.packages.iter();
    let packages: HashMap<&str, &Package> = packages
        .map(|package| (package.name.as_str(), package))
        .collect();
    let Some(program) = packages.get(package) else {
        return Err(PackagesError::UnknownPackage(package.to_owned()));
    };
    let mut needed = BTreeSet::from([program.name.as_str()]);
    let mut open = vec![*program];
    while let Some(package) = open.pop() {
        for dependency in package.dependencies.iter().filter(|it| it.is_linked()) {
            if let Some(package) = packages.get(dependency.name.as_str())
                && needed.insert(&package.name)
            {
                open.push(package);
            }
        }
    }
    let needed = needed.into_iter().map(|name| packages[name]);
    let is_meant = |package: &&Package| {
        let mut dependencies = package.dependencies.iter();
        dependencies.any(|it| it.name == "event-core")
            && !FRAMEWORK.contains(&package.name.as_str())
    };
    let with_handlers = |package| with_handlers(package, &metadata.workspace_root);
    Ok(needed.filter(is_meant).filter_map(with_handlers).collect())
}

impl Dependency {
    /// Whether the program has it, whatever its features and its platform.
    fn is_linked(&self) -> bool {
        self.kind.is_none() && !self.optional && self.target.is_none()
    }
}

fn metadata(folder: &Path) -> Result<String, PackagesError> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--no-deps", "--quiet"])
        .current_dir(folder)
        .output()
        .map_err(|error| PackagesError::Cargo(format!("cargo cannot be run: {error}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(PackagesError::Cargo(said.trim().to_owned()));
    }
    String::from_utf8(output.stdout).map_err(|error| PackagesError::Cargo(error.to_string()))
}

/// Searches the source of a package. Its place is in the workspace, as those of the compiler are.
fn with_handlers(package: &Package, workspace: &Path) -> Option<HandlerPackage> {
    let folder = package.manifest_path.parent()?.join("src");
    let mut files = BTreeSet::new();
    rust_files(&folder, &mut files);
    let mut place = None;
    let mut has_module = false;
    for file in files {
        let Ok(text) = fs::read_to_string(&file) else {
            continue;
        };
        let code = text.lines().enumerate();
        for (at, line) in code.filter(|(_, line)| !line.trim_start().starts_with("//")) {
            if place.is_none() && is_handler(line) {
                let file = file.strip_prefix(workspace).unwrap_or(&file);
                place = Some(Place {
                    file: file.display().to_string().into(),
                    line: u32::try_from(at + 1).unwrap_or(u32::MAX),
                });
            }
            has_module |= line.contains("module!(");
        }
    }
    Some(HandlerPackage {
        name: package.name.clone(),
        place: place?,
        has_module,
    })
}

/// Whether a line begins with `#[handler]` or `#[handlers]`, also with keys, or with a path before the name.
fn is_handler(line: &str) -> bool {
    let Some(attribute) = line.trim_start().strip_prefix("#[") else {
        return false;
    };
    let path = attribute.split(['(', ']']).next().unwrap_or_default();
    matches!(path.rsplit("::").next(), Some("handler" | "handlers"))
}

fn rust_files(folder: &Path, files: &mut BTreeSet<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.insert(path);
        }
    }
}

/// Says why it is not known which packages the program depends on.
pub(crate) fn unknown(why: &str) -> Finding {
    // Cargo says more than one line, and the first of them what is wrong.
    let first = why.lines().next().unwrap_or_default();
    let why = first.strip_prefix("error: ").unwrap_or(first);
    Finding {
        severity: Severity::Note,
        kind: FindingKind::PackagesUnknown,
        message: format!("whether handlers of dependencies are missing is not known: {why}"),
        help: "`--no-cargo` asks nothing of cargo".to_owned(),
        places: Vec::new(),
    }
}

/// Finds the packages of which no handler is linked.
pub(super) fn unlinked(catalog: &Catalog, packages: &[HandlerPackage]) -> Vec<Finding> {
    let linked: BTreeSet<&str> = catalog
        .handlers()
        .filter_map(|handler| handler.package.as_deref())
        .collect();
    let missing = packages.iter();
    let missing = missing.filter(|package| !linked.contains(package.name.as_str()));
    let finding = |package: &HandlerPackage| {
        let name = &package.name;
        let named = format!(
            "name it where the dispatcher is built: `.module({}::MODULE)`",
            name.replace('-', "_")
        );
        Finding {
            severity: Severity::Error,
            kind: FindingKind::NotLinked,
            message: format!(
                "the program depends on `{name}`, which has handlers, and none of them is linked"
            ),
            help: if package.has_module {
                named
            } else {
                format!("add `event_core::module!();` to its `lib.rs`, and {named}")
            },
            places: vec![package.place.clone()],
        }
    };
    missing.map(finding).collect()
}

impl fmt::Display for PackagesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cargo(said) => f.write_str(said),
            Self::UnknownPackage(name) => write!(f, "the workspace has no package `{name}`"),
        }
    }
}

impl Error for PackagesError {}
