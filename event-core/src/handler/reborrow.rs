//! Dependencies of async handlers whose type has the lifetime of its borrow.
//!
//! `&dyn Clock` in a signature is `&'a (dyn Clock + 'a)`, a dispatcher holds a `dyn Clock + 'static`, and
//! the arguments of a function item are not converted. So the macro writes both types, as a `for<'a>
//! fn(&'a (dyn Clock + 'static)) -> &'a (dyn Clock + 'a)`, to which [`same`] coerces.

#![allow(
    missing_docs,
    missing_debug_implementations,
    reason = "reachable through `__private` alone, which is not public API"
)]

use std::sync::Arc;

use crate::engine::emission::delivery::Delivery;
use crate::engine::plan::bound::NotRun;
use crate::handler::async_slots::AsyncSlot;

/// A resolved dependency, and the function that makes the argument from it.
pub struct Reborrowed<H, F> {
    held: H,
    reborrow: F,
}

/// A function from `&'a T` to the argument of a handler.
pub trait Reborrow<'a, T: ?Sized> {
    type Arg: Send;

    fn reborrow(&self, held: &'a T) -> Self::Arg;
}

/// Makes a slot for an argument whose type has the lifetime of its borrow.
pub fn reborrowed<H, F>(held: H, reborrow: F) -> Reborrowed<H, F> {
    Reborrowed { held, reborrow }
}

/// Returns its argument, with a shorter lifetime.
pub fn same<T: ?Sized>(held: &T) -> &T {
    held
}

impl<'a, T: ?Sized + 'a, F, A: Send> Reborrow<'a, T> for F
where
    F: Fn(&'a T) -> A,
{
    type Arg = A;

    fn reborrow(&self, held: &'a T) -> A {
        self(held)
    }
}

impl<T, F> AsyncSlot for Reborrowed<Arc<T>, F>
where
    T: ?Sized + Send + Sync + 'static,
    F: for<'a> Reborrow<'a, T> + Send + Sync + 'static,
{
    type Arg<'a> = <F as Reborrow<'a, T>>::Arg;

    fn shared(&self) -> Option<Self::Arg<'_>> {
        Some(self.reborrow.reborrow(&self.held))
    }

    fn arg<'a>(&'a self, _: &Delivery<'_>) -> Result<Self::Arg<'a>, NotRun> {
        Ok(self.reborrow.reborrow(&self.held))
    }
}

impl<T, F> AsyncSlot for Reborrowed<Option<Arc<T>>, F>
where
    T: ?Sized + Send + Sync + 'static,
    F: for<'a> Reborrow<'a, T> + Send + Sync + 'static,
{
    type Arg<'a> = Option<<F as Reborrow<'a, T>>::Arg>;

    fn shared(&self) -> Option<Self::Arg<'_>> {
        let held = self.held.as_deref();
        Some(held.map(|held| self.reborrow.reborrow(held)))
    }

    fn arg<'a>(&'a self, _: &Delivery<'_>) -> Result<Self::Arg<'a>, NotRun> {
        let held = self.held.as_deref();
        Ok(held.map(|held| self.reborrow.reborrow(held)))
    }
}
