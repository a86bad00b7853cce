//! What the tests of this package share.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

mod gate;
mod record;
mod wait;
mod watch;

pub use self::gate::Gate;
pub use self::record::{codec, envelope, read, record};
pub use self::wait::{idle, until, until_async};
pub use self::watch::{Heard, Watch, short};

/// The README's samples, as doctests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

/// What one can do, from one handler to queues and traces, as doctests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/tour.md")]
pub struct Tour;

/// How to test with events, as doctests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/testing.md")]
pub struct Testing;

/// Our side of each comparison, as doctests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/coming_from.md")]
pub struct ComingFrom;

/// How a program shows its events, as doctests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/catalogue.md")]
pub struct Catalogue;

/// What to type for each change of an event, as doctests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/changing_an_event.md")]
pub struct ChangingAnEvent;

/// A list that handlers write to, in the order in which they run.
#[derive(Debug, Default)]
pub struct Journal(Mutex<Vec<String>>);

impl Journal {
    /// Adds a line.
    pub fn write(&self, line: impl Into<String>) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(line.into());
    }

    /// Takes the lines written so far.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A runtime of two workers, whose threads are named `worker`.
///
/// # Panics
///
/// The system has no threads left.
#[must_use]
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("worker")
        .enable_time()
        .build()
        .expect("a runtime of two threads")
}

/// Polls a future once.
pub fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls once, outside of every runtime.
pub fn poll<F: Future + ?Sized>(future: &mut Pin<Box<F>>) -> Option<F::Output> {
    let mut context = Context::from_waker(Waker::noop());
    match future.as_mut().poll(&mut context) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// A panic that leaves no trace on stderr.
///
/// # Panics
///
/// Always.
pub fn quiet_panic() -> ! {
    std::panic::resume_unwind(Box::new("on purpose"))
}
