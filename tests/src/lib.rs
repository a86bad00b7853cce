//! What the tests of this package share.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

mod gate;
mod record;

pub use self::gate::Gate;
pub use self::record::{codec, envelope, read, record};

/// The README's samples, as doctests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

/// What one can do, from one handler to queues and traces, as doctests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/tour.md")]
pub struct Tour;

/// Our side of each comparison, as doctests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/coming_from.md")]
pub struct ComingFrom;

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

/// Gives other threads their turn until `holds`: for what gives no signal, such as a count.
pub fn until(mut holds: impl FnMut() -> bool) {
    while !holds() {
        std::thread::yield_now();
    }
}

/// Polls a future once.
pub fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// A panic that leaves no trace on stderr.
///
/// # Panics
///
/// Always.
pub fn quiet_panic() -> ! {
    std::panic::resume_unwind(Box::new("on purpose"))
}
