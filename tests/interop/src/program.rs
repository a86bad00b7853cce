//! A peer that is a program: installed once, started once for many tasks, one line in, one line out.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread;

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
        let environment = folder.join("interop-python");
        let python = environment.join("bin/python");
        let requirements = source("python/requirements.txt");
        installed(&environment, &[&requirements], || {
            must(
                Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment),
                "install Python 3.10 or newer and its venv (for example: apt-get install python3-venv)",
            );
            must(
                Command::new(&python)
                    .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
                    .args(["--require-hashes", "--only-binary", ":all:", "--requirement"])
                    .arg(&requirements),
                "its packages come from the registry that pip is set up for",
            );
        });
        python
    });
    let mut command = Command::new(python);
    command.arg(source("python/peer.py"));
    command
}

/// Node with the SDK, in a folder of its own.
pub(crate) fn node(folder: &Path) -> Command {
    static INSTALLED: OnceLock<PathBuf> = OnceLock::new();
    let project = INSTALLED.get_or_init(|| {
        let project = folder.join("interop-node");
        let files = ["package.json", "package-lock.json", ".npmrc"];
        let sources = files.map(|file| source(&format!("node/{file}")));
        let read: Vec<_> = sources.iter().map(PathBuf::as_path).collect();
        installed(&project, &read, || {
            fs::create_dir_all(&project).expect("a folder");
            for (source, file) in sources.iter().zip(files) {
                fs::copy(source, project.join(file)).expect("a copy");
            }
            must(
                Command::new("npm")
                    .args(["ci", "--silent"])
                    .current_dir(&project),
                "install Node 20 or newer and npm (for example: apt-get install nodejs npm); packages come \
                 from the registry that npm is set up for",
            );
        });
        project
    });
    // Beside its packages, where Node looks for them.
    fs::copy(source("node/peer.js"), project.join("peer.js")).expect("a copy");
    let mut command = Command::new("node");
    command.arg(project.join("peer.js"));
    command
}

fn source(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

/// Installs into a folder, unless what is there was installed from the same files.
fn installed(folder: &Path, from: &[&Path], install: impl FnOnce()) {
    let read = |file: &&Path| fs::read_to_string(file).expect("it is in the repository");
    let from: String = from.iter().map(read).collect();
    let stamp = folder.join("installed-from");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == from) {
        return;
    }
    install();
    fs::write(stamp, from).expect("it is written");
}

fn must(command: &mut Command, help: &str) {
    match command.output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => panic!(
            "{command:?} failed ({}): {help}\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        ),
        Err(error) => panic!("cannot run {command:?} ({error}): {help}"),
    }
}
