//! `cargo xtask api`: holds the public API to the lists in the repository.
//!
//! Each published library has the list of its public items in `public-api.txt`, so that a change of the API
//! is a change that a reviewer sees. The items are read from rustdoc's JSON by the crate `public-api`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use public_api::Builder;

use crate::workspace::{Metadata, Result, cargo, root};

/// The libraries that have a list.
const LIBRARIES: [&str; 5] = [
    "event-catalog",
    "event-core",
    "event-outbox",
    "event-telemetry",
    "event-testing",
];

/// Compares each library with its list, or writes the lists.
pub(crate) fn run(update: bool) -> Result<()> {
    let mut differences = String::new();
    for library in LIBRARIES {
        let list = root().join(library).join("public-api.txt");
        let items = items(library)?;
        if update {
            fs::write(&list, items)?;
            continue;
        }
        let known = fs::read_to_string(&list).map_err(|error| {
            format!(
                "{}: {error}; write it with `cargo xtask api --update`",
                list.display()
            )
        })?;
        let changes = difference(&known, &items);
        if !changes.is_empty() {
            write!(differences, "{}:\n{changes}", relative(&list).display())?;
        }
    }
    if differences.is_empty() {
        return Ok(());
    }
    Err(format!(
        "the public API is not the one that is listed:\n{differences}if that is meant, say so in the \
         changelog and run `cargo xtask api --update`"
    )
    .into())
}

/// The public items of a library with all its features, one to a line, sorted.
fn items(library: &str) -> Result<String> {
    let json = rustdoc(library)?;
    let api = Builder::from_rustdoc_json(&json)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .sorted(true)
        .build()
        .map_err(|error| {
            format!(
                "{}: {error}; the JSON of rustdoc has another format than the crate `public-api` of \
                 this version reads: use the toolchain that CI uses",
                json.display()
            )
        })?;
    let mut items = String::new();
    for item in api.items() {
        writeln!(items, "{item}")?;
    }
    Ok(items)
}

/// Writes the documentation of a library as JSON; returns the file.
fn rustdoc(library: &str) -> Result<PathBuf> {
    // In a folder of its own, since flags of nightly would have everything built again.
    let target = Metadata::read()?.target().join("public-api");
    let status = cargo([
        "rustdoc",
        "--quiet",
        "--lib",
        "--all-features",
        "-p",
        library,
    ])
    .args([
        "--",
        "-Zunstable-options",
        "--output-format=json",
        "--cap-lints=allow",
    ])
    // rustdoc's JSON is unstable; this is how a stable toolchain writes it.
    .env("RUSTC_BOOTSTRAP", "1")
    .env("CARGO_TARGET_DIR", &target)
    .status()?;
    if !status.success() {
        return Err(
            format!("the documentation of `{library}` cannot be written ({status})").into(),
        );
    }
    let file = format!("{}.json", library.replace('-', "_"));
    Ok(target.join("doc").join(file))
}

/// The lines that only one of two lists has.
fn difference(known: &str, found: &str) -> String {
    let (known, found): (BTreeSet<_>, BTreeSet<_>) =
        (known.lines().collect(), found.lines().collect());
    let gone = known.difference(&found).map(|item| format!("  - {item}\n"));
    let new = found.difference(&known).map(|item| format!("  + {item}\n"));
    gone.chain(new).collect()
}

fn relative(path: &Path) -> &Path {
    path.strip_prefix(root()).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn a_difference_has_what_is_gone_and_what_is_new() {
        assert_eq!(difference("a\nb\n", "b\nc\n"), "  - a\n  + c\n");
        assert_eq!(difference("a\n", "a\n"), "");
    }
}
