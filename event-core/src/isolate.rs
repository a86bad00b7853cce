//! Runs code of the user so that its panic stays here.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::log;

/// Runs `code`; its panic, if it panics, as text.
pub(crate) fn run<R>(code: impl FnOnce() -> R) -> Result<R, Box<str>> {
    catch_unwind(AssertUnwindSafe(code)).map_err(message)
}

/// Runs `code`; its panic's payload, if it panics.
pub(crate) fn caught<R>(code: impl FnOnce() -> R) -> Result<R, Box<dyn Any + Send>> {
    catch_unwind(AssertUnwindSafe(code))
}

/// Drops what may own values of the user's; a `Drop` that panics is logged.
pub(crate) fn discard<T>(value: T) {
    if let Err(panic) = run(|| drop(value)) {
        log::drop_panicked(&panic);
    }
}

/// The text of a panic. The payload is dropped under isolation, too: its `Drop` is the
/// user's. If that panics as well, the second payload is leaked, which ends the chain.
#[cold]
pub(crate) fn message(payload: Box<dyn Any + Send>) -> Box<str> {
    let text = if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).into()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.as_str().into()
    } else {
        "a panic whose payload is not text".into()
    };
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(second);
    }
    text
}
