//! Compiles the libraries with the oldest compiler that they promise: the workspace's `rust-version`, or a newer one of
//! their own.

use std::process::Command;

use crate::estimates;
use crate::steps::Steps;
use crate::tools::Tool;
use crate::workspace::{LIBRARIES, Metadata, NEWER_COMPILERS, NEWER_FEATURES, Result, root};

/// What this package inherits from the workspace.
const VERSION: &str = env!("CARGO_PKG_RUST_VERSION");

/// The compilers, each with the tools it needs and the libraries that promise it.
const COMPILERS: &[(&str, &[Tool])] = &[
    (VERSION, &[Tool::toolchain(VERSION)]),
    (
        NEWER_COMPILERS[0].1,
        &[Tool::toolchain(NEWER_COMPILERS[0].1)],
    ),
];

/// Runs the steps alone, and fails without those compilers.
pub(crate) fn run() -> Result<()> {
    let mut steps = Steps::default();
    for (version, tools) in COMPILERS {
        let check = check(version)?;
        steps.add_with(name(version), estimates::OLDEST_COMPILER, tools, check);
    }
    steps.run()
}

/// Adds the steps, of which those are left out whose compiler rustup cannot get.
pub(crate) fn add(steps: &mut Steps) -> Result<()> {
    for (version, tools) in COMPILERS {
        let check = check(version)?;
        steps.add_if_possible(name(version), estimates::OLDEST_COMPILER, tools, check);
    }
    Ok(())
}

fn name(version: &str) -> String {
    format!("the libraries with Rust {version}")
}

/// The compiler that a library promises.
fn compiler_of(library: &str) -> &'static str {
    let own = NEWER_COMPILERS.iter().find(|(name, _)| *name == library);
    own.map_or(VERSION, |(_, version)| version)
}

fn check(version: &str) -> Result<Command> {
    let mut check = Command::new("rustup");
    check
        .current_dir(root())
        .args(["run", version, "cargo", "check", "--locked"])
        // In a folder of its own, or each compiler would build everything again.
        .env("CARGO_TARGET_DIR", Metadata::read()?.target().join("msrv"))
        // They name the compiler that runs this program.
        .env_remove("CARGO")
        .env_remove("RUSTUP_TOOLCHAIN");
    let metadata = Metadata::read()?;
    for library in LIBRARIES {
        if compiler_of(library) == version {
            check.args(["-p", library]);
            for feature in metadata.features_of_its_compiler(library)? {
                check.args(["-F", &format!("{library}/{feature}")]);
            }
        }
    }
    let (library, features) = NEWER_FEATURES;
    if version == NEWER_COMPILERS[0].1 {
        check.args(["-p", library]);
        for feature in features {
            check.args(["-F", &format!("{library}/{feature}")]);
        }
    }
    Ok(check)
}

#[cfg(test)]
mod tests {
    use super::compiler_of;
    use crate::workspace::{LIBRARIES, root};

    #[test]
    fn each_library_is_compiled_with_the_compiler_that_its_manifest_names() {
        for library in LIBRARIES {
            let manifest = std::fs::read_to_string(root().join(library).join("Cargo.toml"));
            let manifest = manifest.expect("a library has a manifest");
            let own = format!("\nrust-version = \"{}\"\n", compiler_of(library));
            let inherits = manifest.contains("\nrust-version.workspace = true\n");
            assert!(inherits || manifest.contains(&own), "{library}: {own}");
            assert!(
                !inherits || compiler_of(library) == super::VERSION,
                "{library}"
            );
        }
    }
}
