//! The values that an emitter gives along.

use std::any::{Any, TypeId};
use std::sync::Arc;

use crate::prehashed::ByType;

/// The values that one emitter gives along, by type.
#[derive(Clone, Default)]
pub(crate) struct Values(pub(crate) ByType<Arc<dyn Any + Send + Sync>>);

impl Values {
    /// Returns these values and one more, which replaces another of its type.
    pub(crate) fn and<T: Send + Sync + 'static>(&self, value: T) -> Self {
        let mut values = self.clone();
        values.0.insert(TypeId::of::<T>(), Arc::new(value));
        values
    }
}
