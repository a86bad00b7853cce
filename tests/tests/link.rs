//! The link test: what a program must say so that the handlers of a crate are in it.
//!
//! `tests/link` is a workspace of crates that only hold handlers, and of programs that mention
//! them in each way there is. It is built once in debug and once in release. Each program then
//! emits one event and prints the handlers that answered, or else what its build was told.
//!
//! The rows are the contract that the page `linking.md` of `event-core` gives to users.
//!
//! Apart from other tests, since it is about what a program links, and runs `cargo` for minutes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, Once, OnceLock, PoisonError};
use std::{env, fs, io, process};

use serde_json::Value;

/// One program, and what it must print.
struct Row {
    program: &'static str,
    /// How the program mentions the crate whose handlers are asked for.
    says: &'static str,
    prints: &'static str,
}

const ROWS: &[Row] = &[
    Row {
        program: "nothing",
        says: "nothing: the crate is in `Cargo.toml`, and the compiler never opens it",
        prints: NOBODY,
    },
    Row {
        program: "only_under_cfg_test",
        says: "`use plug as _;` under a `cfg` that is off, which is nothing",
        prints: NOBODY,
    },
    Row {
        program: "through_a_crate_that_does_not",
        says: "a crate between them that has `plug` in its `Cargo.toml` alone",
        prints: NOBODY,
    },
    Row {
        program: "lib-and-bin",
        says: "nothing of the library of its own package, which is a crate like any other",
        prints: NOBODY,
    },
    Row {
        program: "module",
        says: "`.module(plug::MODULE)`: what we recommend, since it is checked, too",
        prints: ALL_OF_PLUG,
    },
    Row {
        program: "use_as_underscore",
        says: "`use plug as _;`, which brings in private handlers of modules nobody names",
        prints: ALL_OF_PLUG,
    },
    Row {
        program: "extern_crate",
        says: "`extern crate plug as _;`, the same in older words",
        prints: ALL_OF_PLUG,
    },
    Row {
        program: "one_call",
        says: "a call of one function, which brings in all handlers and not those near it",
        prints: ALL_OF_PLUG,
    },
    Row {
        program: "path_in_dead_code",
        says: "one path in a function that nobody calls: naming counts, running does not",
        prints: ALL_OF_PLUG,
    },
    Row {
        program: "through_a_crate_that_names_it",
        says: "a crate between them that says `use plug as _;`",
        prints: ALL_OF_PLUG,
    },
    Row {
        program: "names_its_library",
        says: "the library of its own package, which has `plug` in its `Cargo.toml` alone",
        prints: "lib_and_bin::in_the_library",
    },
    Row {
        program: "renamed",
        says: "the library of a package that has the framework under another name",
        prints: "renamed::Desk::in_an_impl\nrenamed::at_the_root",
    },
    Row {
        program: "listed",
        says: "a module that lists handlers which register themselves, too: each is there once",
        prints: "\
listed::Desk::in_an_impl
listed::at_the_root
listed::module::in_a_module
listed::unlisted::in_no_list",
    },
    Row {
        program: "two_versions",
        says: "two versions of one crate, whose handlers would all run twice",
        prints: "\
the dispatcher cannot be built; 1 problem:

two handlers are `twin::in_each_version`
  --> twin-1/src/lib.rs:7
  --> twin-2/src/lib.rs:7
  help: `twin` is linked twice, in versions 1.0.0 and 2.0.0, and each copy would handle every \
event; make all crates depend on one version (`cargo tree --duplicates`)",
    },
];

/// What a program without handlers is told, because its event says `handlers = 1..`.
const NOBODY: &str = "\
the dispatcher cannot be built; 1 problem:

event `link.roll_called` has 0 handlers and must have at least 1
  --> roll-call/src/lib.rs:8
  help: write the handler, link its crate by naming its module in the builder \
(`.module(its_crate::MODULE)`), or say `.allow_unhandled::<RollCalled>()`";

const ALL_OF_PLUG: &str = "\
plug::Desk::in_an_impl
plug::at_the_root
plug::module::deep::in_a_deep_module
plug::module::in_a_module
plug::never_called::in_a_dead_function";

/// The handlers that the module of the crate `listed` lists.
const LISTED: &[&str] = &[
    "listed::Desk::in_an_impl",
    "listed::at_the_root",
    "listed::module::in_a_module",
];

/// The other handlers of the C program, those of `plug` apart. To name their crates is not
/// enough there.
const UNLISTED: &[&str] = &["listed::unlisted::in_no_list", "twin::in_each_version"];

/// The unit tests, the three integration tests and the four samples of the crates `tested` and `renamed`.
const TESTS_AND_SAMPLES: usize = 9;

#[test]
fn in_debug_each_program_has_the_handlers_of_its_row() {
    each_program_has_the_handlers_of_its_row(Profile::Debug);
}

#[test]
fn in_release_each_program_has_the_handlers_of_its_row() {
    each_program_has_the_handlers_of_its_row(Profile::Release);
}

fn each_program_has_the_handlers_of_its_row(profile: Profile) {
    let built = built(profile);
    let programs: BTreeSet<_> = built.programs.keys().map(String::as_str).collect();
    let rows: BTreeSet<_> = ROWS.iter().map(|row| row.program).collect();
    assert_eq!(programs, rows, "each program has a row");
    let mut wrong = Vec::new();
    for Row {
        program,
        says,
        prints,
    } in ROWS
    {
        let printed = output(&mut Command::new(&built.programs[*program]));
        let right = printed == *prints;
        let mark = if right { "ok" } else { "WRONG" };
        progress(&format!("{} {program}: {mark}", profile.name()));
        if !right {
            wrong.push(format!(
                "`{program}` says {says}.\nIt must print\n\n{prints}\n\nand prints\n\n{printed}"
            ));
        }
    }
    let wrong = wrong.join("\n\n");
    assert!(wrong.is_empty(), "in {}:\n\n{wrong}", profile.name());
}

#[test]
#[cfg_attr(
    not(target_os = "linux"),
    ignore = "it knows the C compiler's flags for Linux only"
)]
fn in_debug_a_c_program_has_every_listed_handler() {
    a_c_program_has_every_listed_handler(Profile::Debug);
}

#[test]
#[cfg_attr(
    not(target_os = "linux"),
    ignore = "it knows the C compiler's flags for Linux only"
)]
fn in_release_a_c_program_has_every_listed_handler() {
    a_c_program_has_every_listed_handler(Profile::Release);
}

/// What else is there is the linker's choice and differs between profiles, so it is shown only.
fn a_c_program_has_every_listed_handler(profile: Profile) {
    let listed = LISTED.iter().copied();
    let unlisted = UNLISTED.iter().copied().chain(ALL_OF_PLUG.lines());
    let all: BTreeSet<_> = listed.chain(unlisted).collect();

    let printed = c_program(profile, &[], &[]);
    let present: BTreeSet<_> = printed.lines().collect();
    for handler in LISTED {
        assert!(present.contains(handler), "no `{handler}` in:\n{printed}");
    }
    assert!(present.is_subset(&all), "others in:\n{printed}");
    assert_eq!(present.len(), printed.lines().count(), "twice:\n{printed}");
    let lost: Vec<_> = all.difference(&present).copied().collect();
    progress(&format!(
        "{} C program: ok; of the handlers that are not listed, the linker dropped {lost:?}",
        profile.name()
    ));

    let whole = c_program(
        profile,
        &["-Wl,--whole-archive"],
        &["-Wl,--no-whole-archive"],
    );
    assert_eq!(whole.lines().collect::<BTreeSet<_>>(), all);
    progress(&format!("{} C program, whole archive: ok", profile.name()));
}

#[test]
fn in_debug_tests_and_samples_have_the_handlers_of_what_they_name() {
    tests_and_samples_pass(Profile::Debug);
}

#[test]
fn in_release_tests_and_samples_have_the_handlers_of_what_they_name() {
    tests_and_samples_pass(Profile::Release);
}

/// The crates `tested` and `renamed` assert it in unit tests, integration tests and doc tests of their own.
fn tests_and_samples_pass(profile: Profile) {
    built(profile);
    let mut tests = cargo(&link_workspace(), "test", profile);
    tests.args(["-p", "tested", "-p", "renamed", "--no-fail-fast"]);
    let alone = alone();
    let said = output(&mut tests);
    drop(alone);
    let passed = said
        .lines()
        .filter_map(|line| line.strip_prefix("test result: ok. "))
        .filter_map(|rest| rest.split(' ').next()?.parse::<usize>().ok());
    assert_eq!(passed.sum::<usize>(), TESTS_AND_SAMPLES, "{said}");
    progress(&format!("{} tests and samples: ok", profile.name()));
}

/// Otherwise their handlers would be in two registries, of which a dispatcher sees one.
#[test]
fn cargo_refuses_two_copies_of_the_framework() {
    let core = main_workspace().join("event-core");
    let folder = target().join("two-copies");
    let write = |path: &str, text: &str| {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a file in a folder")).expect("a folder");
        fs::write(path, text).expect("a file is written");
    };

    // Another version, of which all that cargo needs to know is the key `links`.
    let manifest = fs::read_to_string(core.join("Cargo.toml")).expect("event-core's manifest");
    let links = manifest.lines().find(|line| line.starts_with("links = "));
    let links = links.expect("a `links` key in event-core's manifest");
    write(
        "event-core/Cargo.toml",
        &format!("[package]\nname = \"event-core\"\nversion = \"0.99.0\"\n{links}\n[workspace]\n"),
    );
    write("event-core/src/lib.rs", "");
    write("event-core/build.rs", "fn main() {}\n");

    let resolve = |program: &str, second: &str| {
        let core = core.display();
        let manifest = format!(
            "[package]\nname = \"program\"\nedition = \"2024\"\n[workspace]\n\
             [dependencies]\nevent-core = {{ path = '{core}' }}\n{second}\n"
        );
        write(&format!("{program}/Cargo.toml"), &manifest);
        write(&format!("{program}/src/main.rs"), "fn main() {}\n");
        let folder = folder.join(program);
        fs::copy(
            main_workspace().join("Cargo.lock"),
            folder.join("Cargo.lock"),
        )
        .expect("a lock");
        let mut cargo = Command::new(cargo_path());
        // Resolves, and neither downloads nor compiles.
        cargo.args(["update", "--workspace", "--offline"]);
        let alone = alone();
        let output = cargo.current_dir(folder).output().expect("cargo starts");
        drop(alone);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.success(), said)
    };

    let (resolved, said) = resolve("one", "");
    assert!(resolved, "one copy is refused:\n{said}");
    let second = "second = { package = \"event-core\", path = '../event-core' }";
    let (resolved, said) = resolve("two", second);
    assert!(!resolved, "two copies are not refused");
    for words in [
        "links to the native library `event-core-registry`",
        // Either may be the one that came second.
        "0.99.0",
        concat!("event-core v", env!("CARGO_PKG_VERSION")),
    ] {
        assert!(said.contains(words), "no “{words}” in:\n{said}");
    }
    progress("two copies of the framework: ok");
}

#[derive(Clone, Copy)]
enum Profile {
    Debug,
    Release,
}

impl Profile {
    fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Release => "release",
        }
    }
}

/// The link workspace, built in one profile.
struct Built {
    programs: BTreeMap<String, PathBuf>,
    static_library: PathBuf,
}

/// Builds the link workspace, the first time in this process.
fn built(profile: Profile) -> &'static Built {
    static DEBUG: OnceLock<Built> = OnceLock::new();
    static RELEASE: OnceLock<Built> = OnceLock::new();
    let slot = match profile {
        Profile::Debug => &DEBUG,
        Profile::Release => &RELEASE,
    };
    slot.get_or_init(|| {
        use_main_lock();
        progress(&format!("building tests/link in {} ...", profile.name()));
        let mut build = cargo(&link_workspace(), "build", profile);
        build.args(["--workspace", "--message-format=json-render-diagnostics"]);
        let alone = alone();
        let said = output(&mut build);
        drop(alone);
        let mut programs = BTreeMap::new();
        let mut static_library = None;
        for line in said.lines() {
            let Ok(message) = serde_json::from_str::<Value>(line) else {
                continue;
            };
            let target = &message["target"];
            if let (Some(name), Some(path)) =
                (target["name"].as_str(), message["executable"].as_str())
            {
                programs.insert(name.to_owned(), path.into());
            }
            if target["kind"][0] == "staticlib" {
                static_library = message["filenames"][0].as_str().map(PathBuf::from);
            }
        }
        Built {
            programs,
            static_library: static_library.expect("cargo says where the static library is"),
        }
    })
}

/// Gives the link workspace the versions of the main one, which are on this machine since the
/// main one was built from them. Cargo removes what the link workspace does not need.
fn use_main_lock() {
    static COPIED: Once = Once::new();
    COPIED.call_once(|| {
        // Renamed, so that another run of this test never sees a half of it.
        let part = link_workspace().join(format!("Cargo.lock.{}", process::id()));
        fs::copy(main_workspace().join("Cargo.lock"), &part).expect("the lock file is copied");
        fs::rename(part, link_workspace().join("Cargo.lock")).expect("the copy is renamed");
    });
}

/// Until it is dropped no other cargo of this test runs. Each would say that it waits for the first one's lock.
fn alone() -> MutexGuard<'static, ()> {
    static CARGO: Mutex<()> = Mutex::new(());
    CARGO.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A cargo that builds in a folder of its own, so that it waits for no other cargo, and whose
/// progress is seen.
fn cargo(folder: &Path, command: &str, profile: Profile) -> Command {
    let mut cargo = Command::new(cargo_path());
    cargo
        .current_dir(folder)
        .args([command, "--offline", "--target-dir"])
        .arg(target())
        .stderr(Stdio::inherit());
    if let Profile::Release = profile {
        cargo.arg("--release");
    }
    cargo
}

/// Links the static library into the C program, and runs it.
fn c_program(profile: Profile, before: &[&str], after: &[&str]) -> String {
    /// What `rustc --print native-static-libs` asks for.
    const NATIVE: [&str; 7] = [
        "-lgcc_s",
        "-lutil",
        "-lrt",
        "-lpthread",
        "-lm",
        "-ldl",
        "-lc",
    ];
    let built = built(profile);
    let program = target().join(format!("c-program-{}", profile.name()));
    output(
        Command::new(c_compiler())
            .arg(link_workspace().join("c-program/src/main.c"))
            .args(before)
            .arg(&built.static_library)
            .args(after)
            .args(NATIVE)
            .arg("-o")
            .arg(&program),
    );
    output(&mut Command::new(program))
}

/// `CC`, or the first usual name that is there. Rust links with one of them, so there is one.
fn c_compiler() -> String {
    let usual = ["cc", "gcc", "clang"].map(String::from);
    let compiler = env::var("CC").into_iter().chain(usual).find(|name| {
        let mut version = Command::new(name);
        version.arg("--version").stdout(Stdio::null());
        version.status().is_ok_and(|status| status.success())
    });
    compiler.expect(
        "a C compiler: name one in `CC`, or have `cc`, `gcc` or `clang` on the `PATH`, for \
         example by `apt-get install gcc`",
    )
}

/// What a command prints; it must succeed.
fn output(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    let text = |bytes| String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    let printed = text(&output.stdout);
    assert!(
        output.status.success(),
        "{command:?} failed ({}):\n{printed}\n{}",
        output.status,
        text(&output.stderr)
    );
    printed.trim_end().replace('\\', "/")
}

/// Says it at once: what `eprintln!` writes is kept until the test has failed.
fn progress(line: &str) {
    let _ = writeln!(io::stderr(), "link test: {line}");
}

fn cargo_path() -> PathBuf {
    env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from)
}

fn main_workspace() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package
        .parent()
        .expect("a folder of the workspace")
        .to_owned()
}

fn link_workspace() -> PathBuf {
    main_workspace().join("tests/link")
}

/// `target/link`, beside the `target/tmp` that cargo tells tests of.
fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("link")
}
