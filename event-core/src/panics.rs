//! Runs code of the user so that its panic stays here, or comes out where somebody waits for it.

use std::any::Any;
use std::cell::RefCell;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread;

use crate::log;
use crate::nesting_depth;

type Payload = Box<dyn Any + Send>;

thread_local! {
    /// The panics of what is dropped inside of [`release`].
    static RELEASED: RefCell<Option<Vec<Payload>>> = const { RefCell::new(None) };
}

/// Runs `code`; its panic, if it panics, as text.
pub(crate) fn catch<R>(code: impl FnOnce() -> R) -> Result<R, Box<str>> {
    catch_unwind(AssertUnwindSafe(code)).map_err(message)
}

/// Runs `code`; its panic's payload, if it panics.
pub(crate) fn catch_payload<R>(code: impl FnOnce() -> R) -> Result<R, Payload> {
    catch_unwind(AssertUnwindSafe(code))
}

/// Drops what may own values of the user's; a `Drop` that panics is logged, or comes out of the
/// [`release`] that this is inside of.
pub(crate) fn drop_caught<T>(value: T) {
    if let Err(payload) = catch_payload(|| drop(value))
        && let Some(payload) = hand_on(payload)
    {
        log::drop_panicked(&message(payload));
    }
}

/// Runs `code`, which [discards](drop_caught) what a guard of the user's owns. Once all of it is dropped,
/// the first panic goes on, as if the user had dropped it: so the verdict of a mock reaches its test.
///
/// Inside of an emission, and on a thread that panics, nothing goes on, and each is logged.
pub(crate) fn release(code: impl FnOnce()) {
    let goes_on = nesting_depth::is_outermost() && !thread::panicking();
    // A thread that ends has no place for them any more.
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

/// Leaves a panic to the [`release`] that this is inside of, unless an emission is between them;
/// gives it back if there is none.
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

/// What may own values of the user's, and is [discarded](drop_caught) wherever it is dropped.
pub(crate) struct DropCaught<T>(Option<T>);

impl<T> DropCaught<T> {
    pub(crate) fn new(held: T) -> Self {
        Self(Some(held))
    }

    /// Takes it out, to be dropped elsewhere.
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

/// The text of a panic. The payload is dropped under isolation, too: its `Drop` is the
/// user's. If that panics as well, the second payload is leaked, which ends the chain.
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
