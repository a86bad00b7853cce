//! Finds which redacted value did not fit, so that the path of an error ends there and shows none of the
//! keys inside.
//!
//! A [`Redacted`](crate::event::Redacted) knows that its value does not fit, but not where it is; the
//! code that tracks the path knows where the error was, but not whether that is inside of a redacted
//! value. So redacted values are counted while data is read. If one fails, the data is read a second
//! time, for the path, and that value fails before it is read: then the path ends there.

use std::cell::Cell;
use std::fmt::Display;

use serde::de::Error;

use crate::event::json::read::without_values;

thread_local! {
    static READING: Cell<Reading> = const { Cell::new(Reading::of(None)) };
}

#[derive(Clone, Copy)]
struct Reading {
    /// How many redacted values were read that are not inside of others.
    count: u32,
    is_inside: bool,
    /// The number of the last one that did not fit.
    failed: Option<u32>,
    /// The number of the one that must fail.
    stop_at: Option<u32>,
}

impl Reading {
    const fn of(stop_at: Option<u32>) -> Self {
        Self {
            count: 0,
            is_inside: false,
            failed: None,
            stop_at,
        }
    }
}

/// Sets the state with which counting continues, even after a panic.
struct Restore(Reading);

impl Drop for Restore {
    fn drop(&mut self) {
        READING.set(self.0);
    }
}

/// Runs `read`; also returns the number of the redacted value that did not fit, if one did not. The value
/// with the number `stop_at` fails before it is read.
pub(crate) fn watched<R>(stop_at: Option<u32>, read: impl FnOnce() -> R) -> (R, Option<u32>) {
    let _restore = Restore(READING.replace(Reading::of(stop_at)));
    let result = read();
    (result, READING.get().failed)
}

/// Reads the content of a redacted value.
pub(crate) fn redacted<R, E: Error + Display>(read: impl FnOnce() -> Result<R, E>) -> Result<R, E> {
    let before = READING.get();
    // The value, or a part of it, does not fit: serde's text would show it.
    let hide = |error: E| E::custom(without_values(&error));
    if before.is_inside {
        return read().map_err(hide);
    }
    let number = before.count;
    if before.stop_at == Some(number) {
        return Err(E::custom("a redacted value does not fit"));
    }
    let mut after = Restore(Reading {
        count: number.wrapping_add(1),
        ..before
    });
    READING.set(Reading {
        is_inside: true,
        ..after.0
    });
    let result = read();
    if result.is_err() {
        after.0.failed = Some(number);
    }
    result.map_err(hide)
}
