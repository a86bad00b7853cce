//! Programs that are not cargo's: found, or installed where that needs no password.

use std::process::{Command, Stdio};

/// A program, and the package of Debian's that has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tool {
    pub(crate) program: &'static str,
    pub(crate) package: &'static str,
}

impl Tool {
    pub(crate) const fn new(program: &'static str, package: &'static str) -> Self {
        Self { program, package }
    }

    /// Whether the program is there, if need be after installing it.
    pub(crate) fn is_at_hand(self) -> bool {
        self.is_present() || (self.install() && self.is_present())
    }

    /// What to say where it is not.
    pub(crate) fn missing(self) -> String {
        let Self { program, package } = self;
        format!("`{program}` is missing: install it (for example: apt-get install {package})")
    }

    fn is_present(self) -> bool {
        let name = self.program;
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
    }

    /// As root, with apt.
    fn install(self) -> bool {
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
