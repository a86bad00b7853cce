//! The values of an array or object, each checked.

use serde::Serialize;
use serde::ser::{
    Error, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant,
};

use crate::event::json::checked::{Checked, Level, Unreadable, inside, refuse};
use crate::event::json::path::Step;

/// Serializes the values of an array or object.
pub(crate) struct CheckedValues<C> {
    inner: C,
    /// The level of the values.
    level: Level,
    /// How many values were serialized, if they have no names.
    count: usize,
    /// The enum's variant that contains the values.
    variant: Option<&'static str>,
    /// The step to the next value of a map.
    key: Option<Step>,
}

impl<C> CheckedValues<C> {
    pub(crate) fn new(inner: C, level: Level, variant: Option<&'static str>) -> Self {
        Self {
            inner,
            level,
            count: 0,
            variant,
            key: None,
        }
    }

    /// Refuses a key that is no string but becomes one in JSON, if those are refused.
    fn check_key<K, E>(&self, key: &K) -> Result<(), E>
    where
        K: Serialize + ?Sized,
        E: Error,
    {
        if self.level.is_buffered && !Step::is_text(key) {
            return Err(refuse(Unreadable::Buffered));
        }
        Ok(())
    }

    /// Adds the step to the value that failed, and the variant's step before it.
    #[cold]
    fn outside<E>(&self, step: Step, error: E) -> E {
        let error = inside(step, error);
        match self.variant {
            Some(variant) => inside(Step::Key(variant.into()), error),
            None => error,
        }
    }
}

/// Implements compounds whose values have positions.
macro_rules! in_places {
    ($($trait:ident $serialize:ident)*) => { $(
        impl<C: $trait> $trait for CheckedValues<C> {
            type Ok = C::Ok;
            type Error = C::Error;

            fn $serialize<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), C::Error> {
                let (at, level) = (self.count, self.level);
                self.count += 1;
                self.inner
                    .$serialize(&Checked { value, level })
                    .map_err(|error| self.outside(Step::Index(at), error))
            }

            fn end(self) -> Result<C::Ok, C::Error> {
                self.inner.end()
            }
        }
    )* };
}

in_places! {
    SerializeSeq serialize_element
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
}

/// Implements compounds whose values have names.
macro_rules! under_names {
    ($($trait:ident)*) => { $(
        impl<C: $trait> $trait for CheckedValues<C> {
            type Ok = C::Ok;
            type Error = C::Error;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), C::Error> {
                let level = self.level;
                self.inner
                    .serialize_field(key, &Checked { value, level })
                    .map_err(|error| self.outside(Step::Key(key.into()), error))
            }

            fn skip_field(&mut self, key: &'static str) -> Result<(), C::Error> {
                self.inner.skip_field(key)
            }

            fn end(self) -> Result<C::Ok, C::Error> {
                self.inner.end()
            }
        }
    )* };
}

under_names! { SerializeStruct SerializeStructVariant }

impl<C: SerializeMap> SerializeMap for CheckedValues<C> {
    type Ok = C::Ok;
    type Error = C::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), C::Error> {
        // The value comes in a later call that does not have the key.
        self.key = Step::to_value_of(key);
        self.check_key(key)?;
        let level = self.level;
        self.inner.serialize_key(&Checked { value: key, level })
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), C::Error> {
        let (key, level) = (self.key.take(), self.level);
        self.inner
            .serialize_value(&Checked { value, level })
            .map_err(|error| inside(key.unwrap_or(Step::Unknown), error))
    }

    fn serialize_entry<K, V>(&mut self, key: &K, value: &V) -> Result<(), C::Error>
    where
        K: Serialize + ?Sized,
        V: Serialize + ?Sized,
    {
        self.check_key(key)?;
        let level = self.level;
        let key_checked = Checked { value: key, level };
        self.inner
            .serialize_entry(&key_checked, &Checked { value, level })
            .map_err(|error| match Step::to_value_of(key) {
                Some(step) => inside(step, error),
                // The key itself failed.
                None => error,
            })
    }

    fn end(self) -> Result<C::Ok, C::Error> {
        self.inner.end()
    }
}
