//! Random events with secrets: no output shows one, and a key is one field's everywhere.
//!
//! A program with a few hundred random types is written from a seed, compiled, and run; what it asks
//! of each type is in `common`. Types that the derive must refuse are compiled apart, each in a module
//! of its own, and every error in them must be one of the derive's.
//!
//! `SECRETS_SEED=7 cargo test -p event-tests --test secrets` writes the program of a seed again, and
//! it stays in `target/secrets`.
//!
//! Apart from other tests, since it runs `cargo` for minutes, and is run alone.

mod shapes;
mod written;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, fs};

use serde_json::Value;

use self::shapes::{Random, Shape};

/// So many compile in about half a minute.
const SHAPES: usize = 150;

#[test]
fn no_secret_of_a_random_event_is_in_any_output_and_its_key_is_one_field_or_it_is_refused() {
    let seed = seed();
    println!("SECRETS_SEED={seed}");
    let mut random = Random(seed);
    let shapes = (0..SHAPES).map(|number| Shape::new(&mut random, number));
    let (refused, accepted): (Vec<_>, Vec<_>) = shapes
        .enumerate()
        .map(|(number, shape)| (format!("t{number}"), shape))
        .partition(|(_, shape)| shape.is_refused);
    assert!(
        refused.len() > SHAPES / 30 && accepted.len() > SHAPES / 2,
        "{}",
        refused.len()
    );
    write_program(&accepted, &refused);

    let run = output(cargo(&["run", "--package", "accepted"]).stderr(Stdio::inherit()));
    assert!(
        run.status.success(),
        "SECRETS_SEED={seed}\n{}",
        text(&run.stdout)
    );
    println!("{}", text(&run.stdout));
    each_is_refused_by_the_derive(&refused);
}

fn seed() -> u64 {
    if let Ok(seed) = env::var("SECRETS_SEED") {
        return seed.parse().expect("SECRETS_SEED is a number");
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    u64::from(now.expect("a time after 1970").subsec_nanos())
}

/// Each error of a module is the derive's, and each module has one.
fn each_is_refused_by_the_derive(refused: &[(String, Shape)]) {
    let check = output(&mut cargo(&[
        "check",
        "--package",
        "refused",
        "--message-format=json",
    ]));
    assert!(!check.status.success(), "all were accepted");
    let mut errors: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in text(&check.stdout).lines() {
        let Ok(line) = serde_json::from_str::<Value>(line) else {
            continue;
        };
        let message = &line["message"];
        let Some(file) = message["spans"][0]["file_name"].as_str() else {
            continue;
        };
        if message["level"] == "error" {
            let module = Path::new(file)
                .file_stem()
                .expect("a file")
                .to_string_lossy();
            let error = message["message"].as_str().unwrap_or_default();
            errors
                .entry(module.into_owned())
                .or_default()
                .push(error.to_owned());
        }
    }
    for (module, shape) in refused {
        let errors = errors.remove(module).unwrap_or_default();
        let is_ours = |error: &String| {
            (error.starts_with("`redact` ") || error.starts_with("`key` "))
                && error.contains("\nhelp: ")
        };
        assert!(
            !errors.is_empty() && errors.iter().all(is_ours),
            "{errors:#?} for\n{}",
            shape.source
        );
    }
    let others: BTreeSet<_> = errors.into_iter().collect();
    assert!(others.is_empty(), "{others:#?}");
}

fn write_program(accepted: &[(String, Shape)], refused: &[(String, Shape)]) {
    let folder = folder();
    let _ = fs::remove_dir_all(&folder);
    let write = |path: &str, text: &str| {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a file in a folder")).expect("a folder");
        fs::write(path, text).expect("a file is written");
    };
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let workspace = workspace.expect("a folder of the workspace");
    write(
        "Cargo.toml",
        "[workspace]\nmembers = [\"accepted\", \"refused\"]\nresolver = \"3\"\n\
         [profile.dev.package]\naccepted.debug = false\nrefused.debug = false\n",
    );
    let lock = fs::read_to_string(workspace.join("Cargo.lock")).expect("a lock file");
    write("Cargo.lock", &lock);
    let common = include_str!("common.rs");
    for (package, shapes, root) in [
        ("accepted", accepted, "main.rs"),
        ("refused", refused, "lib.rs"),
    ] {
        let core = workspace.join("event-core");
        write(
            &format!("{package}/Cargo.toml"),
            &format!(
                "[package]\nname = \"{package}\"\nedition = \"2024\"\n[dependencies]\n\
                 event-core = {{ path = '{}', features = [\"serde\"] }}\n\
                 serde = {{ version = \"1\", features = [\"derive\"] }}\nserde_json = \"1\"\n",
                core.display()
            ),
        );
        let mut modules = "#![allow(warnings)]\nmod common;\n".to_owned();
        let mut calls = String::new();
        for (module, shape) in shapes {
            let _ = writeln!(modules, "mod {module};");
            let _ = writeln!(calls, "    {module}::check(&mut seen);");
            write(&format!("{package}/src/{module}.rs"), &shape.source);
        }
        if root == "main.rs" {
            let _ = write!(
                modules,
                "fn main() {{\n    common::build();\n    let mut seen = common::Seen::default();\n{calls}\
                 \n    common::report(&seen);\n}}\n"
            );
        }
        write(&format!("{package}/src/{root}"), &modules);
        write(&format!("{package}/src/common.rs"), common);
    }
}

fn output(command: &mut Command) -> Output {
    command.output().expect("cargo starts")
}

fn cargo(arguments: &[&str]) -> Command {
    let program = env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from);
    let mut cargo = Command::new(program);
    cargo
        .current_dir(folder())
        .args(arguments)
        .args(["--offline", "--quiet", "--target-dir"])
        .arg(folder().with_file_name(""))
        .env("CARGO_INCREMENTAL", "0");
    cargo
}

/// Beside the `target/tmp` that cargo tells tests of.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("secrets")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
