//! Programs, libraries and toolchains: found, or installed where that needs no password.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::workspace::cargo;

/// A program, a library or a toolchain, and the package that has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tool {
    what: What,
    package: &'static str,
}

#[derive(Clone, Copy, Debug)]
enum What {
    Program(&'static str),
    /// One of which a part is in a package of its own. It has the part if it succeeds with these
    /// arguments.
    Part(&'static str, &'static [&'static str]),
    /// A file or folder that is at this path.
    Path(&'static str),
    /// One that a program opens while it runs, so that no build asks for it.
    Library(&'static str),
    /// A subcommand of cargo's, which cargo compiles from the crate that is the package.
    Subcommand(&'static str),
    /// A toolchain of this version, which rustup has.
    Toolchain(&'static str),
}

impl Tool {
    pub(crate) const fn new(program: &'static str, package: &'static str) -> Self {
        let what = What::Program(program);
        Self { what, package }
    }

    pub(crate) const fn with_part(
        program: &'static str,
        package: &'static str,
        check: &'static [&'static str],
    ) -> Self {
        let what = What::Part(program, check);
        Self { what, package }
    }

    pub(crate) const fn path(path: &'static str, package: &'static str) -> Self {
        let what = What::Path(path);
        Self { what, package }
    }

    pub(crate) const fn library(file: &'static str, package: &'static str) -> Self {
        let what = What::Library(file);
        Self { what, package }
    }

    pub(crate) const fn subcommand(name: &'static str, package: &'static str) -> Self {
        let what = What::Subcommand(name);
        Self { what, package }
    }

    pub(crate) const fn toolchain(version: &'static str) -> Self {
        let what = What::Toolchain(version);
        Self {
            what,
            package: version,
        }
    }

    /// Whether it is there, if need be after installing it.
    pub(crate) fn is_at_hand(self) -> bool {
        self.is_present() || (self.install() && self.is_present())
    }

    /// What to say where it is not.
    pub(crate) fn missing(self) -> String {
        let package = self.package;
        let (name, how) = match self.what {
            What::Program(name) | What::Library(name) | What::Path(name) => {
                (format!("`{name}`"), format!("apt-get install {package}"))
            }
            What::Part(name, _) => (
                format!("`{name}`, or a part of it,"),
                format!("apt-get install {package}"),
            ),
            What::Subcommand(name) => (
                format!("`cargo {name}`"),
                format!("cargo install --locked {package}"),
            ),
            What::Toolchain(version) => (
                format!("Rust {version}"),
                format!("rustup toolchain install {version} --profile minimal"),
            ),
        };
        format!("{name} is missing: install it (for example: {how})")
    }

    pub(crate) fn is_present(self) -> bool {
        match self.what {
            What::Program(name) => is_on_the_path(name),
            What::Part(name, check) => {
                is_on_the_path(name) && succeeds(Command::new(name).args(check))
            }
            What::Library(file) => is_a_library(file),
            What::Path(path) => Path::new(path).exists(),
            What::Subcommand(name) => succeeds(cargo([name]).arg("--version")),
            What::Toolchain(version) => {
                succeeds(Command::new("rustup").args(["run", version, "rustc", "--version"]))
            }
        }
    }

    /// What cargo and rustup install needs no rights; what apt installs needs root.
    fn install(self) -> bool {
        match self.what {
            What::Subcommand(_) => {
                eprintln!("installing {}, which takes minutes ...", self.package);
                // In a folder of its own, which is removed afterwards, and without optimizations: it runs for
                // seconds.
                let mut install = cargo(["install", "--locked", "--debug", "--quiet"]);
                install.arg(self.package).env_remove("CARGO_TARGET_DIR");
                succeeds(&mut install)
            }
            What::Toolchain(version) => {
                eprintln!("installing Rust {version} ...");
                let mut install = Command::new("rustup");
                install.args(["toolchain", "install", version]);
                succeeds(install.args(["--profile", "minimal", "--no-self-update"]))
            }
            What::Program(_) | What::Part(..) | What::Library(_) | What::Path(_) => {
                self.install_with_apt()
            }
        }
    }

    fn install_with_apt(self) -> bool {
        let user = Command::new("id").arg("-u").output();
        let is_root = user.is_ok_and(|output| output.stdout.trim_ascii() == b"0");
        if !is_root {
            return false;
        }
        eprintln!("installing {} ...", self.package);
        let install =
            || succeeds(apt(&["install", "--yes", "--no-install-recommends"]).arg(self.package));
        install() || (succeeds(&mut apt(&["update"])) && install())
    }
}

fn is_on_the_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Whether the loader knows it. Without `ldconfig` the test will tell.
fn is_a_library(file: &str) -> bool {
    // Not every path has the folder of system programs.
    let asked = ["ldconfig", "/sbin/ldconfig"]
        .into_iter()
        .find_map(|program| Command::new(program).arg("-p").output().ok());
    asked.is_none_or(|known| {
        let list = String::from_utf8_lossy(&known.stdout);
        list.lines()
            .any(|line| line.split_whitespace().next() == Some(file))
    })
}

fn apt(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive");
    command
}

fn succeeds(command: &mut Command) -> bool {
    let quiet = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::Tool;

    #[test]
    fn a_path_is_present_whether_it_is_a_file_or_a_folder() {
        let file = Tool::path(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"), "file");
        let folder = Tool::path(concat!(env!("CARGO_MANIFEST_DIR"), "/src"), "folder");
        let neither = Tool::path(concat!(env!("CARGO_MANIFEST_DIR"), "/nothing"), "neither");
        assert_eq!(
            [file, folder, neither].map(Tool::is_present),
            [true, true, false]
        );
    }
}
