//! The assertion for a test.

use std::path::Path;

use super::{CheckOptions, Lock};
use crate::catalog::Catalog;
use crate::command::Terminal;

/// Asserts that the linked events are compatible with a lock, which `events lock` writes.
///
/// The path is relative to the folder of the caller's `Cargo.toml`. What is checked is what the lock says; with
/// `strict` also that all can be told. What is new, or changed without a break, is no failure.
///
/// Only events of crates that the test's binary links are seen: a test of the program itself links all, and
/// one in a file below `tests/` those whose types or `MODULE` it names.
///
/// # Examples
///
/// ```no_run
/// # #![allow(clippy::test_attr_in_doctest, reason = "it is how one writes it")]
/// #[test]
/// fn events_are_compatible() {
///     event_catalog::assert_compatible!("events.lock");
/// }
///
/// #[test]
/// fn events_are_compatible_for_sure() {
///     event_catalog::assert_compatible!("events.lock", strict);
/// }
/// ```
///
/// # Panics
///
/// An event is not compatible, with the text of `events check`; or the lock cannot be read.
#[macro_export]
macro_rules! assert_compatible {
    ($path:expr $(,)?) => {
        $crate::lock::assert_compatible(
            [env!("CARGO_MANIFEST_DIR"), $path, env!("CARGO_PKG_NAME")],
            $crate::lock::CheckOptions::default(),
        )
    };
    ($path:expr, strict $(,)?) => {
        $crate::lock::assert_compatible(
            [env!("CARGO_MANIFEST_DIR"), $path, env!("CARGO_PKG_NAME")],
            $crate::lock::CheckOptions::default().strict(),
        )
    };
}

/// Not public API. Used by the macro.
///
/// # Panics
///
/// Those of the macro.
#[track_caller]
pub fn assert_compatible([folder, path, package]: [&str; 3], options: CheckOptions) {
    let file = Path::new(folder).join(path);
    let command = format!("cargo run -p {package} -- events lock");
    let (text, lock) = match Lock::read_with_text(&file) {
        Ok(read) => read,
        Err(error) => panic!("the lock `{path}` cannot be used: {}", error.text(&command)),
    };
    let check = Catalog::linked()
        .check(&lock, options)
        .with_lock_file(path, &text);
    let text = check.text(&Terminal::plain(), &command);
    assert!(
        check.is_compatible(),
        "the events are not compatible with the lock `{path}`:\n{text}"
    );
    if !check.is_current() {
        // Shown by a test runner for tests that pass only if it is asked to.
        eprint!("{text}");
    }
}
