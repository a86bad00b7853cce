//! Serializes as serde_json does, and refuses what serde_json would write and nothing could read.
//!
//! serde_json writes a float that is not finite as `null`, and reads no value that is nested deeper than
//! [`DEEPEST`]. Whether a `null` was a float can be told by nobody but a serializer, so this one stands
//! between the event and serde_json's. It costs next to nothing: where all is fine it only counts
//! levels and elements. Where something is not, each level adds its step to the path while the error
//! passes through it, so that no second pass is needed.

use std::cell::RefCell;
use std::fmt::Display;

use serde::ser::{
    Error, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant,
};
use serde::{Serialize, Serializer};

use super::path::Step;

/// How many arrays and objects may stand inside each other for serde_json to read them.
const DEEPEST: u8 = 127;

thread_local! {
    /// Of the event that is written on this thread.
    static REFUSED: RefCell<Refused> = const { RefCell::new(Refused::NOTHING) };
}

/// What was not written, and where.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(super) why: Option<Unreadable>,
    /// From the value outwards.
    pub(super) path: Vec<Step>,
}

/// What serde_json would write and could not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    NotFinite,
    TooDeep,
}

impl Refused {
    const NOTHING: Self = Self {
        why: None,
        path: Vec::new(),
    };
}

/// Runs `write`, which serializes [`Checked`] values; also returns what of them was refused. That is set
/// even where a `Serialize` of the user's went on behind the error.
pub(super) fn watched<R>(write: impl FnOnce() -> R) -> (R, Refused) {
    let before = REFUSED.replace(Refused::NOTHING);
    let written = write();
    (written, REFUSED.replace(before))
}

/// The value that failed is hidden, so the path of the error ends with it.
#[cold]
pub(crate) fn hide_path() {
    REFUSED.with_borrow_mut(|refused| refused.path.clear());
}

#[cold]
fn refuse<E: Error>(why: Unreadable) -> E {
    REFUSED.with_borrow_mut(|refused| {
        refused.path.clear();
        refused.why.get_or_insert(why);
    });
    E::custom(match why {
        Unreadable::NotFinite => "a float is not finite",
        Unreadable::TooDeep => "it is nested too deep",
    })
}

/// Adds a step to the path of an error.
#[cold]
fn inside<E>(step: Step, error: E) -> E {
    REFUSED.with_borrow_mut(|refused| refused.path.push(step));
    error
}

/// A value at a level of arrays and objects.
pub(super) struct Checked<'a, T: ?Sized> {
    value: &'a T,
    level: u8,
}

impl<'a, T: ?Sized> Checked<'a, T> {
    /// One that is inside of nothing.
    pub(super) fn new(value: &'a T) -> Self {
        Self { value, level: 0 }
    }
}

impl<T: Serialize + ?Sized> Serialize for Checked<'_, T> {
    fn serialize<S: Serializer>(&self, inner: S) -> Result<S::Ok, S::Error> {
        let level = self.level;
        self.value.serialize(CheckedSerializer { inner, level })
    }
}

/// Serializes one value.
struct CheckedSerializer<S> {
    inner: S,
    level: u8,
}

/// Serializes the values of an array or object.
struct CheckedValues<C> {
    inner: C,
    /// Of the values.
    level: u8,
    /// How many of them there were, where they have no names.
    count: usize,
    /// The enum's variant that they are the values of.
    variant: Option<&'static str>,
    /// The step to the next value of a map.
    key: Option<Step>,
}

impl<S: Serializer> CheckedSerializer<S> {
    /// The serializer's own, and that of the values inside of so many more arrays and objects.
    fn enter(self, levels: u8) -> Result<(S, u8), S::Error> {
        let level = self.level + levels;
        if level > DEEPEST {
            return Err(refuse(Unreadable::TooDeep));
        }
        Ok((self.inner, level))
    }
}

impl<C> CheckedValues<C> {
    fn new(inner: C, level: u8, variant: Option<&'static str>) -> Self {
        Self {
            inner,
            level,
            count: 0,
            variant,
            key: None,
        }
    }

    /// The step to a value went wrong, and its variant's before it.
    #[cold]
    fn outside<E>(&self, step: Step, error: E) -> E {
        let error = inside(step, error);
        match self.variant {
            Some(variant) => inside(Step::Key(variant.into()), error),
            None => error,
        }
    }
}

macro_rules! as_it_is {
    ($($serialize:ident($($value:ident: $type:ty),*))*) => { $(
        fn $serialize(self, $($value: $type),*) -> Result<S::Ok, S::Error> {
            self.inner.$serialize($($value),*)
        }
    )* };
}

impl<S: Serializer> Serializer for CheckedSerializer<S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = CheckedValues<S::SerializeSeq>;
    type SerializeTuple = CheckedValues<S::SerializeTuple>;
    type SerializeTupleStruct = CheckedValues<S::SerializeTupleStruct>;
    type SerializeTupleVariant = CheckedValues<S::SerializeTupleVariant>;
    type SerializeMap = CheckedValues<S::SerializeMap>;
    type SerializeStruct = CheckedValues<S::SerializeStruct>;
    type SerializeStructVariant = CheckedValues<S::SerializeStructVariant>;

    as_it_is! {
        serialize_bool(value: bool)
        serialize_i8(value: i8)
        serialize_i16(value: i16)
        serialize_i32(value: i32)
        serialize_i64(value: i64)
        serialize_i128(value: i128)
        serialize_u8(value: u8)
        serialize_u16(value: u16)
        serialize_u32(value: u32)
        serialize_u64(value: u64)
        serialize_u128(value: u128)
        serialize_char(value: char)
        serialize_str(value: &str)
        serialize_none()
        serialize_unit()
        serialize_unit_struct(name: &'static str)
        serialize_unit_variant(name: &'static str, index: u32, variant: &'static str)
    }

    fn serialize_f32(self, value: f32) -> Result<S::Ok, S::Error> {
        if value.is_finite() {
            self.inner.serialize_f32(value)
        } else {
            Err(refuse(Unreadable::NotFinite))
        }
    }

    fn serialize_f64(self, value: f64) -> Result<S::Ok, S::Error> {
        if value.is_finite() {
            self.inner.serialize_f64(value)
        } else {
            Err(refuse(Unreadable::NotFinite))
        }
    }

    /// JSON has them as an array.
    fn serialize_bytes(self, value: &[u8]) -> Result<S::Ok, S::Error> {
        let (inner, _) = self.enter(1)?;
        inner.serialize_bytes(value)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        let level = self.level;
        self.inner.serialize_some(&Checked { value, level })
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let level = self.level;
        let value = Checked { value, level };
        self.inner.serialize_newtype_struct(name, &value)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let (inner, level) = self.enter(1)?;
        let value = Checked { value, level };
        inner
            .serialize_newtype_variant(name, index, variant, &value)
            .map_err(|error| inside(Step::Key(variant.into()), error))
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        let (inner, level) = self.enter(1)?;
        let inner = inner.serialize_seq(len)?;
        Ok(CheckedValues::new(inner, level, None))
    }

    fn serialize_tuple(self, len: usize) -> Result<Self::SerializeTuple, S::Error> {
        let (inner, level) = self.enter(1)?;
        let inner = inner.serialize_tuple(len)?;
        Ok(CheckedValues::new(inner, level, None))
    }

    fn serialize_tuple_struct(
        self,
        name: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleStruct, S::Error> {
        let (inner, level) = self.enter(1)?;
        let inner = inner.serialize_tuple_struct(name, len)?;
        Ok(CheckedValues::new(inner, level, None))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleVariant, S::Error> {
        let (inner, level) = self.enter(2)?;
        let inner = inner.serialize_tuple_variant(name, index, variant, len)?;
        Ok(CheckedValues::new(inner, level, Some(variant)))
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Self::SerializeMap, S::Error> {
        let (inner, level) = self.enter(1)?;
        let inner = inner.serialize_map(len)?;
        Ok(CheckedValues::new(inner, level, None))
    }

    fn serialize_struct(
        self,
        name: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStruct, S::Error> {
        // serde_json's own are no objects: a `RawValue` stands for a value of any kind.
        let levels = u8::from(!name.starts_with("$serde_json::"));
        let (inner, level) = self.enter(levels)?;
        let inner = inner.serialize_struct(name, len)?;
        Ok(CheckedValues::new(inner, level, None))
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        let (inner, level) = self.enter(2)?;
        let inner = inner.serialize_struct_variant(name, index, variant, len)?;
        Ok(CheckedValues::new(inner, level, Some(variant)))
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.collect_str(value)
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

/// What has values in places.
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

/// What has values under names.
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
        // Its value comes in a call that does not know it.
        self.key = Step::to_value_of(key);
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
        let level = self.level;
        let key_checked = Checked { value: key, level };
        self.inner
            .serialize_entry(&key_checked, &Checked { value, level })
            .map_err(|error| match Step::to_value_of(key) {
                Some(step) => inside(step, error),
                // The key is what failed.
                None => error,
            })
    }

    fn end(self) -> Result<C::Ok, C::Error> {
        self.inner.end()
    }
}
