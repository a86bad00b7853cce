//! The values that a builder was given, for the handlers that take them.

use std::any::{Any, TypeId, type_name};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::panics;
use crate::type_map::ByType;

/// The values a builder was given, by type.
#[derive(Default)]
pub(crate) struct Provided {
    values: ByType<Value>,
}

struct Value {
    /// An `Arc<T>`, unless its handlers alone hold it.
    arc: Option<Owner>,
    /// Another, while somebody holds one.
    upgrade: Box<dyn Fn() -> Option<Owner> + Send + Sync>,
    name: &'static str,
    taken: AtomicBool,
}

/// An `Arc<T>`, whatever its type.
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

    /// Leaves each value to the handlers that took it. The others stay here.
    pub(crate) fn leave_to_handlers(&mut self) {
        for value in self.values.values_mut() {
            if *value.taken.get_mut() {
                value.arc = None;
            }
        }
    }

    /// Owners of all values that are left, for whoever drops them: a closure that owns two of them
    /// would drop the second in the panic of the first.
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

    /// The types of the values that nobody has asked for.
    pub(crate) fn untaken(&self) -> impl Iterator<Item = &'static str> {
        let values = self.values.values();
        values
            .filter(|value| !value.taken.load(Ordering::Relaxed))
            .map(|value| value.name)
    }
}

impl Drop for Provided {
    /// A builder that is dropped owns them, as a dispatcher does.
    fn drop(&mut self) {
        let owners = self.take_owners();
        if !owners.is_empty() {
            panics::release(|| owners.into_iter().for_each(panics::drop_caught));
        }
    }
}
