//! The two loops one would write by hand.

use std::any::Any;
use std::error::Error;
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::candidate::{Candidate, Register, register};
use crate::work::{Order, branch, count};

/// A table of functions, the plainest list of handlers.
pub type Slice = &'static [fn(&Order)];

/// A loop over a slice of functions: promises nothing, the floor.
#[must_use]
pub fn slice(handlers: usize) -> Candidate {
    let slice = slice_of::<false>(handlers);
    Candidate::new("slice", move |id, total| {
        emit_slice(slice, Order { id, total });
    })
}

/// [`slice`] with handlers that branch.
#[must_use]
pub fn slice_branching(handlers: usize) -> Candidate {
    let slice = slice_of::<true>(handlers);
    Candidate::random("slice", move |id, total| {
        emit_slice(slice, Order { id, total });
    })
}

/// A loop over boxed closures that may fail, each in a `catch_unwind` of its own: by hand, what our
/// dispatcher promises about failures.
#[must_use]
pub fn boxed(handlers: usize) -> Candidate {
    let closures = closures_of::<false>(handlers);
    Candidate::new("boxed", move |id, total| {
        emit_boxed(&closures, Order { id, total });
    })
}

/// [`boxed`] with handlers that branch.
#[must_use]
pub fn boxed_branching(handlers: usize) -> Candidate {
    let closures = closures_of::<true>(handlers);
    Candidate::random("boxed", move |id, total| {
        emit_boxed(&closures, Order { id, total });
    })
}

/// The slice that [`emit_slice`] walks.
#[must_use]
pub fn slice_of<const BRANCHING: bool>(handlers: usize) -> Slice {
    let mut functions = Functions::<BRANCHING>(Vec::new());
    register(&mut functions, handlers);
    functions.0.leak()
}

/// The loop of [`slice`].
#[inline]
pub fn emit_slice(slice: Slice, event: Order) {
    let event = black_box(event);
    for handler in black_box(slice) {
        handler(&event);
    }
}

type BoxError = Box<dyn Error + Send + Sync>;
type Closure = Box<dyn Fn(&Order) -> Result<(), BoxError> + Send + Sync>;

/// How a handler ended that did not end well.
#[derive(Debug)]
#[expect(dead_code, reason = "read by `Debug` alone")]
enum Failure {
    Error(BoxError),
    Panic(Box<dyn Any + Send>),
}

fn closures_of<const BRANCHING: bool>(handlers: usize) -> Vec<Closure> {
    let mut closures = Closures::<BRANCHING>(Vec::new());
    register(&mut closures, handlers);
    closures.0
}

#[inline]
fn emit_boxed(closures: &Vec<Closure>, event: Order) {
    let event = black_box(event);
    let mut failures = Vec::new();
    for closure in black_box(closures) {
        match catch_unwind(AssertUnwindSafe(|| closure(&event))) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => failures.push(Failure::Error(error)),
            Err(payload) => failures.push(Failure::Panic(payload)),
        }
    }
    assert!(failures.is_empty(), "{failures:?}");
}

struct Functions<const BRANCHING: bool>(Vec<fn(&Order)>);

impl<const BRANCHING: bool> Register for Functions<BRANCHING> {
    fn add<const I: usize>(&mut self) {
        self.0.push(run::<I, BRANCHING>);
    }
}

struct Closures<const BRANCHING: bool>(Vec<Closure>);

impl<const BRANCHING: bool> Register for Closures<BRANCHING> {
    fn add<const I: usize>(&mut self) {
        self.0.push(Box::new(|event| {
            run::<I, BRANCHING>(event);
            Ok(())
        }));
    }
}

#[inline]
fn run<const I: usize, const BRANCHING: bool>(event: &Order) {
    if BRANCHING {
        branch::<I>(event.id, event.total);
    } else {
        count::<I>(event.id, event.total);
    }
}
