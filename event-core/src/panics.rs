//! Runs code of the user and catches its panics, or lets them continue where they are expected.

use std::any::Any;
use std::cell::RefCell;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread;

use crate::log;
use crate::nesting_depth;

type Payload = Box<dyn Any + Send>;

thread_local! {
    /// The panics of values that are dropped inside of [`release`].
    static RELEASED: RefCell<Option<Vec<Payload>>> = const { RefCell::new(None) };
}

/// Runs `code`; returns the text of its panic, if it panics.
pub(crate) fn catch<R>(code: impl FnOnce() -> R) -> Result<R, Box<str>> {
    catch_unwind(AssertUnwindSafe(code)).map_err(message)
}

/// Runs `code`; returns the payload of its panic, if it panics.
pub(crate) fn catch_payload<R>(code: impl FnOnce() -> R) -> Result<R, Payload> {
    catch_unwind(AssertUnwindSafe(code))
}

/// Drops a value that may own values of the user's; a panic of a `Drop` is logged, or continues from the
/// enclosing [`release`].
pub(crate) fn drop_caught<T>(value: T) {
    if let Err(payload) = catch_payload(|| drop(value))
        && let Some(payload) = hand_on(payload)
    {
        log::drop_panicked(&message(payload));
    }
}

/// Runs `code`, which [drops](drop_caught) what a guard of the user's owns. After that the first panic
/// continues, as if the user had dropped the values: so a mock that panics in its `Drop` fails its test.
///
/// Inside of an emission, and on a thread that panics, no panic continues, and each is logged.
pub(crate) fn release(code: impl FnOnce()) {
    let goes_on = nesting_depth::is_outermost() && !thread::panicking();
    // A thread that ends may have dropped its list of panics.
    let begin = || RELEASED.try_with(|released| released.replace(Some(Vec::new())));
    let outer = goes_on.then(begin).and_then(Result::ok);
    let ended = catch_payload(code);
    let Some(outer) = outer else {
        if let Err(payload) = ended {
            log::drop_panicked(&message(payload));
        }
        return;
    };
    let released = RELEASED.with(|released| released.replace(outer));
    let mut panics = released.into_iter().flatten().chain(ended.err());
    let first = panics.next();
    for payload in panics {
        log::drop_panicked(&message(payload));
    }
    if let Some(payload) = first {
        resume_unwind(payload);
    }
}

/// Passes a panic to the enclosing [`release`], unless an emission is between them; returns it if there
/// is none.
fn hand_on(payload: Payload) -> Option<Payload> {
    let mut payload = Some(payload);
    let _ = RELEASED.try_with(|released| {
        if let Some(released) = &mut *released.borrow_mut()
            && nesting_depth::is_outermost()
        {
            released.extend(payload.take());
        }
    });
    payload
}

/// A value that may own values of the user's, and whose panics are [caught](drop_caught) wherever it is
/// dropped.
pub(crate) struct DropCaught<T>(Option<T>);

impl<T> DropCaught<T> {
    pub(crate) fn new(held: T) -> Self {
        Self(Some(held))
    }

    /// Takes the value out, to be dropped elsewhere.
    pub(crate) fn into_inner(mut self) -> T {
        match self.0.take() {
            Some(held) => held,
            None => unreachable!("it is there until this is dropped"),
        }
    }
}

impl<T> Deref for DropCaught<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        match &self.0 {
            Some(held) => held,
            None => unreachable!("it is there until this is dropped"),
        }
    }
}

impl<T> Drop for DropCaught<T> {
    fn drop(&mut self) {
        if const { std::mem::needs_drop::<T>() } && self.0.is_some() {
            drop_caught(self.0.take());
        }
    }
}

/// Returns the text of a panic. The drop of the payload is caught, too, since its `Drop` is the user's.
/// If that panics as well, the second payload is leaked, which ends the chain.
#[cold]
pub(crate) fn message(payload: Payload) -> Box<str> {
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
