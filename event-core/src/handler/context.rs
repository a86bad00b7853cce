//! Values that an emitter gives to handlers of the event and of all it causes.

use std::any::{TypeId, type_name};
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::engine::emission::delivery::Delivery;
pub(crate) use crate::engine::emission::values::Values;
use crate::handler::param::{Dependency, Param};
use crate::handler::resolver::Resolver;
use crate::meta::Meta;
use crate::panics;
use crate::type_name::short;

/// A handler's parameter: the value of type `T` that was given with
/// [`Dispatcher::with`](crate::Dispatcher::with).
///
/// The value reaches every handler of the event and of all that it causes, through queues and tasks. A
/// delivery without the value fails with an error that says so; a handler that can run without it takes
/// an `Option<Context<T>>`.
///
/// # Examples
///
/// ```standalone_crate
/// use event_core::{Context, Dispatcher, Event, handler};
///
/// struct Tenant(&'static str);
///
/// #[derive(Event)]
/// struct OrderPlaced;
/// #[derive(Event)]
/// struct StockReserved;
///
/// #[handler]
/// fn reserve(_event: &OrderPlaced) -> StockReserved {
///     StockReserved
/// }
///
/// #[handler]
/// fn tell(_event: &StockReserved, tenant: Context<Tenant>) {
///     assert_eq!(tenant.0, "north");
/// }
///
/// let dispatcher = Dispatcher::builder().build()?;
/// assert!(dispatcher.with(Tenant("north")).emit(OrderPlaced).is_ok());
/// assert!(!dispatcher.emit(OrderPlaced).is_ok());
/// # Ok::<(), event_core::error::BuildError>(())
/// ```
pub struct Context<T> {
    value: Arc<T>,
}

impl<T> Context<T> {
    /// Returns the value itself, shared.
    #[must_use]
    pub fn into_arc(self) -> Arc<T> {
        self.value
    }
}

impl<T> Deref for Context<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> Clone for Context<T> {
    fn clone(&self) -> Self {
        Self {
            value: Arc::clone(&self.value),
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Context<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Context").field(&self.value).finish()
    }
}

impl<T: Dependency> Param for Context<T> {
    type State = ();
    type Rejection = String;

    fn resolve(_: &mut Resolver<'_>) -> Option<()> {
        Some(())
    }

    fn param((): &(), delivery: &Delivery<'_>) -> Result<Self, String> {
        find(delivery).ok_or_else(|| {
            let value = type_name::<T>();
            format!(
                "the event was emitted without a `{value}`; emit it with \
                 `dispatcher.with({}…)`, or take `Option<Context<_>>`",
                short(value)
            )
        })
    }
}

impl<T: Dependency> Param for Option<Context<T>> {
    type State = ();
    type Rejection = std::convert::Infallible;

    fn resolve(_: &mut Resolver<'_>) -> Option<()> {
        Some(())
    }

    fn param((): &(), delivery: &Delivery<'_>) -> Result<Self, Self::Rejection> {
        Ok(find(delivery))
    }
}

fn find<T: Dependency>(delivery: &Delivery<'_>) -> Option<Context<T>> {
    let values = delivery.emission().lineage().values.as_ref()?;
    let value = Arc::clone(values.0.get(&TypeId::of::<T>())?);
    value.downcast().ok().map(|value| Context { value })
}

impl Drop for Values {
    fn drop(&mut self) {
        let values = std::mem::take(&mut self.0);
        values.into_values().for_each(panics::drop_caught);
    }
}

impl Param for Meta {
    type State = ();
    type Rejection = std::convert::Infallible;

    fn resolve(resolver: &mut Resolver<'_>) -> Option<()> {
        resolver.needs_meta();
        Some(())
    }

    fn param((): &(), delivery: &Delivery<'_>) -> Result<Self, Self::Rejection> {
        Ok(delivery.emission().meta())
    }
}
