//! The programs that measure.

use std::path::PathBuf;
use std::process::Command;

use crate::workspace::{Metadata, Result, cargo, output};

/// The programs of a package, in release mode.
pub(super) struct Programs {
    pub(super) target: PathBuf,
}

impl Programs {
    /// Those of the benchmark package.
    pub(super) fn build() -> Result<Self> {
        Self::build_with(&[])
    }

    pub(super) fn build_with(options: &[&str]) -> Result<Self> {
        Self::of("event-benches", options)
    }

    pub(super) fn of(package: &str, options: &[&str]) -> Result<Self> {
        let status = cargo(["build", "--release", "-p", package])
            .args(options)
            .status()?;
        if !status.success() {
            return Err(format!("`{package}` does not compile").into());
        }
        Ok(Self {
            target: Metadata::read()?.target(),
        })
    }

    pub(super) fn path(&self, program: &str) -> PathBuf {
        self.target.join("release").join(program)
    }

    pub(super) fn run(&self, program: &str, arguments: &[&str]) -> Result<String> {
        output(Command::new(self.path(program)).args(arguments))
    }
}
