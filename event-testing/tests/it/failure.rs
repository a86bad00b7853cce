//! Catches the failures of assertions.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    /// The place of the last panic, on a thread that wants to know.
    static PLACE: RefCell<Option<(String, u32)>> = const { RefCell::new(None) };
}

/// The text of a failure, and the line of this package's test that it points at.
pub(crate) struct Caught {
    pub(crate) text: String,
    pub(crate) file: String,
    pub(crate) line: u32,
}

/// Returns the failure of an assertion.
#[track_caller]
pub(crate) fn caught<R>(assert: impl FnOnce() -> R) -> Caught {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let place = info.location().map(|at| (at.file().to_owned(), at.line()));
            PLACE.set(place);
            before(info);
        }));
    });
    let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(assert()))) else {
        panic!("the assertion holds");
    };
    let text = payload.downcast_ref::<String>().cloned();
    let text = text.or_else(|| {
        payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
    });
    let (file, line) = PLACE.take().expect("a panic has a place");
    Caught {
        text: text.expect("a panic has a text"),
        file,
        line,
    }
}

/// Returns the text of an assertion's failure, without the numbers of lines.
#[track_caller]
pub(crate) fn text<R>(assert: impl FnOnce() -> R) -> String {
    without_lines(&caught(assert).text)
}

/// Writes `_` for the numbers of lines in a text.
pub(crate) fn without_lines(text: &str) -> String {
    let mut parts = text.split(".rs:");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(".rs:_");
        out.push_str(part.trim_start_matches(|char: char| char.is_ascii_digit() || char == ':'));
    }
    out
}
