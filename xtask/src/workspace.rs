//! Where the workspace is, and how its cargo is called.

use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Whatever keeps a task from being done, as text for the person who started it.
pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The packages that are published.
pub(crate) const LIBRARIES: [&str; 6] = [
    "event-catalog",
    "event-core",
    "event-macros",
    "event-outbox",
    "event-telemetry",
    "event-testing",
];

/// Those that promise a newer compiler than the workspace's `rust-version`, and which.
pub(crate) const NEWER_COMPILERS: [(&str, &str); 1] = [("event-outbox", "1.94")];

/// The features that bring a library of a newer compiler into a package that does without it, and that package.
pub(crate) const NEWER_FEATURES: (&str, [&str; 3]) =
    ("event-catalog", ["outbox", "postgres", "sqlite"]);

/// The folder of the workspace's `Cargo.toml`.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask is a folder of the workspace")
}

/// The cargo that runs this program, in the workspace's root.
pub(crate) fn cargo<const N: usize>(arguments: [&str; N]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).args(arguments);
    command
}

/// What a command prints, or an error with what it said instead.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command
        .output()
        .map_err(|error| format!("cannot run {command:?}: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8(output.stdout)?)
    } else {
        let said = String::from_utf8_lossy(&output.stderr);
        Err(format!("{command:?} failed ({}):\n{said}", output.status).into())
    }
}

/// What cargo knows about the workspace.
pub(crate) struct Metadata(Value);

impl Metadata {
    pub(crate) fn read() -> Result<Self> {
        let text = output(&mut cargo(["metadata", "--format-version=1", "--no-deps"]))?;
        Ok(Self(serde_json::from_str(&text)?))
    }

    /// Where cargo builds.
    pub(crate) fn target(&self) -> PathBuf {
        PathBuf::from(self.0["target_directory"].as_str().unwrap_or("target"))
    }

    /// The features of the default members, `default` apart, as pairs of package and features.
    pub(crate) fn features(&self) -> Vec<(String, Vec<String>)> {
        let default = list(&self.0["workspace_default_members"]);
        let packages = list(&self.0["packages"])
            .iter()
            .filter(|package| default.contains(&package["id"]));
        packages
            .filter_map(|package| {
                let name = package["name"].as_str()?;
                let features = package["features"].as_object()?.keys();
                let features: Vec<_> = features
                    .filter(|name| *name != "default")
                    .cloned()
                    .collect();
                (!features.is_empty()).then(|| (name.to_owned(), features))
            })
            .collect()
    }

    /// The features of a library that its oldest compiler and the lowest versions of the others are checked with.
    pub(crate) fn features_of_its_compiler(&self, library: &str) -> Result<Vec<String>> {
        let packages = list(&self.0["packages"]).iter();
        let mut found = packages.filter(|package| package["name"] == library);
        let features = found.next().and_then(|it| it["features"].as_object());
        let features = features.ok_or_else(|| format!("cargo knows no package `{library}`"))?;
        let is_newer =
            |feature: &str| library == NEWER_FEATURES.0 && NEWER_FEATURES.1.contains(&feature);
        Ok(features
            .keys()
            .filter(|name| !is_newer(name))
            .cloned()
            .collect())
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
