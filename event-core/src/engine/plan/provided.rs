//! The values that a builder provides to handlers.

use std::any::{Any, TypeId, type_name};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::panics;
use crate::prehashed::ByType;

/// The provided values, by type.
#[derive(Default)]
pub(crate) struct Provided {
    values: ByType<Value>,
}

struct Value {
    /// An `Arc<T>`, until it is left to the handlers that took it.
    arc: Option<Owner>,
    /// Makes another `Arc<T>`, if one is alive.
    upgrade: Box<dyn Fn() -> Option<Owner> + Send + Sync>,
    name: &'static str,
    taken: AtomicBool,
}

/// An `Arc<T>` whose type is erased.
pub(crate) type Owner = Box<dyn Any + Send + Sync>;

impl Provided {
    /// Keeps `value`; returns whether there was one of the type already.
    pub(crate) fn insert<T: ?Sized + Send + Sync + 'static>(&mut self, value: Arc<T>) -> bool {
        let weak = Arc::downgrade(&value);
        let value = Value {
            arc: Some(Box::new(value)),
            upgrade: Box::new(move || Some(Box::new(weak.upgrade()?))),
            name: type_name::<T>(),
            taken: AtomicBool::new(false),
        };
        self.values.insert(TypeId::of::<T>(), value).is_some()
    }

    /// Leaves each value that a handler took to its handlers. The others stay here.
    pub(crate) fn leave_to_handlers(&mut self) {
        for value in self.values.values_mut() {
            if *value.taken.get_mut() {
                value.arc = None;
            }
        }
    }

    /// Takes the owners of all values that are left. The caller drops them one by one: a closure that
    /// owned two of them would drop the second one while the first one panics.
    pub(crate) fn take_owners(&mut self) -> Vec<Owner> {
        let values = std::mem::take(&mut self.values).into_values();
        let owners = values.filter_map(|value| value.arc.or_else(|| (value.upgrade)()));
        owners.collect()
    }

    pub(crate) fn get<T: ?Sized + Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        let value = self.values.get(&TypeId::of::<T>())?;
        value.taken.store(true, Ordering::Relaxed);
        value.arc.as_ref()?.downcast_ref::<Arc<T>>().cloned()
    }

    /// Returns the types of the values that no handler took.
    pub(crate) fn untaken(&self) -> impl Iterator<Item = &'static str> {
        let values = self.values.values();
        values
            .filter(|value| !value.taken.load(Ordering::Relaxed))
            .map(|value| value.name)
    }
}

impl Drop for Provided {
    /// A builder that is dropped drops the values as a dispatcher does.
    fn drop(&mut self) {
        let owners = self.take_owners();
        if !owners.is_empty() {
            panics::release(|| owners.into_iter().for_each(panics::drop_caught));
        }
    }
}
