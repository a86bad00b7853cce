//! A peer that is a program: installed once, started once for many tasks, one line in, one line out.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread;

use event_registries::{node_project, python_environment};
use serde_json::Value;

/// Does each task, in order.
pub(crate) fn run(mut program: Command, tasks: Vec<Value>) -> Vec<Value> {
    let mut child = program
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!(
                "cannot run {program:?} ({error}); `cargo xtask test --all` installs what it may"
            )
        });
    let count = tasks.len();
    let mut stdin = child.stdin.take().expect("it is piped");
    // It may answer before it has read everything.
    let writing =
        thread::spawn(move || tasks.iter().try_for_each(|task| writeln!(stdin, "{task}")));
    let stdout = BufReader::new(child.stdout.take().expect("it is piped"));
    let answer = |line: Result<String, _>| {
        let line = line.expect("it writes UTF-8");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line}: {error}"))
    };
    let answers: Vec<_> = stdout.lines().map(answer).collect();
    let status = child.wait().expect("it ends");
    assert!(status.success(), "{program:?} failed ({status})");
    assert_eq!(answers.len(), count);
    let written = writing.join().expect("no panic");
    written.expect("it reads everything");
    answers
}

/// Python with the SDK, in a virtual environment.
pub(crate) fn python(folder: &Path) -> Command {
    static INSTALLED: OnceLock<PathBuf> = OnceLock::new();
    let python = INSTALLED.get_or_init(|| {
        let requirements = source("python/requirements.txt");
        let environment = folder.join("interop-python");
        python_environment(Path::new("python3"), &environment, &requirements)
    });
    let mut command = Command::new(python);
    command.arg(source("python/peer.py"));
    command
}

/// Node with the SDK, in a folder of its own.
pub(crate) fn node(folder: &Path) -> Command {
    static INSTALLED: OnceLock<PathBuf> = OnceLock::new();
    let project =
        INSTALLED.get_or_init(|| node_project(&folder.join("interop-node"), &source("node")));
    // Beside its packages, where Node looks for them.
    fs::copy(source("node/peer.js"), project.join("peer.js")).expect("a copy");
    let mut command = Command::new("node");
    command.arg(project.join("peer.js"));
    command
}

fn source(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}
