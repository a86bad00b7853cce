//! The resolved parameters of async handlers.

#![allow(
    missing_docs,
    reason = "reachable through `__private` alone, which is not public API"
)]

use std::sync::Arc;

use crate::engine::emission::delivery::Delivery;
use crate::engine::plan::bound::NotRun;
use crate::handler::bind::BoundParam;

/// A resolved parameter of an async handler.
pub trait AsyncSlot: Send + Sync + 'static {
    /// The type of the function's argument.
    type Arg<'a>: Send;

    /// Returns the argument, if it is the same for each delivery.
    fn shared(&self) -> Option<Self::Arg<'_>>;

    /// # Errors
    ///
    /// The parameter rejected the delivery.
    fn arg<'a>(&'a self, delivery: &Delivery<'_>) -> Result<Self::Arg<'a>, NotRun>;
}

impl<T: ?Sized + Send + Sync + 'static> AsyncSlot for Arc<T> {
    type Arg<'a> = &'a T;

    fn shared(&self) -> Option<&T> {
        Some(self)
    }

    fn arg<'a>(&'a self, _: &Delivery<'_>) -> Result<&'a T, NotRun> {
        Ok(self)
    }
}

impl<T: ?Sized + Send + Sync + 'static> AsyncSlot for Option<Arc<T>> {
    type Arg<'a> = Option<&'a T>;

    fn shared(&self) -> Option<Option<&T>> {
        Some(self.as_deref())
    }

    fn arg<'a>(&'a self, _: &Delivery<'_>) -> Result<Option<&'a T>, NotRun> {
        Ok(self.as_deref())
    }
}

impl<P: Send + 'static> AsyncSlot for BoundParam<P> {
    type Arg<'a> = P;

    fn shared(&self) -> Option<P> {
        None
    }

    fn arg(&self, delivery: &Delivery<'_>) -> Result<P, NotRun> {
        self.make(delivery)
    }
}

/// The resolved parameters of an async handler.
pub trait AsyncSlots: Send + Sync + 'static {
    type Args<'a>: Send;

    /// Returns the arguments, if they are the same for each delivery.
    fn shared(&self) -> Option<Self::Args<'_>>;

    /// # Errors
    ///
    /// A parameter rejected the delivery.
    fn args<'a>(&'a self, delivery: &Delivery<'_>) -> Result<Self::Args<'a>, NotRun>;
}

impl AsyncSlots for () {
    type Args<'a> = ();

    fn shared(&self) -> Option<()> {
        Some(())
    }

    fn args(&self, _: &Delivery<'_>) -> Result<(), NotRun> {
        Ok(())
    }
}
