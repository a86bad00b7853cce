//! Serializes as `serde_json` does, and refuses values that `serde_json` would write but could not read.
//!
//! `serde_json` writes a float that is not finite as `null`, and reads no value that is nested deeper
//! than [`DEEPEST`]. Only a serializer can know that a `null` was a float, so this one wraps that of
//! `serde_json`. Its cost is small: for valid values it only counts levels and elements. For an invalid
//! value, each level adds its step to the path while the error passes through it, so that no second pass
//! is needed.

pub(crate) mod values;

use std::cell::RefCell;
use std::fmt::Display;

use serde::ser::Error;
use serde::{Serialize, Serializer};

use crate::event::json::checked::values::CheckedValues;
use crate::event::json::path::Step;

/// The most arrays and objects inside each other that `serde_json` reads.
const DEEPEST: u8 = 127;

thread_local! {
    /// What was refused of the event that is written on this thread.
    static REFUSED: RefCell<Refused> = const { RefCell::new(Refused::NOTHING) };
}

/// The reason and the place of a value that was refused.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) why: Option<Unreadable>,
    /// The path, from the value outwards.
    pub(crate) path: Vec<Step>,
}

/// Why `serde_json` could write a value but not read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    NotFinite,
    TooDeep,
    /// It can be read, but not out of a buffer of serde, as that of flattened fields.
    Buffered,
}

/// How many arrays and objects a value is inside of.
#[derive(Clone, Copy)]
pub(crate) struct Level {
    count: u8,
    /// Whether values that serde's buffer loses are refused.
    is_buffered: bool,
}

impl Refused {
    const NOTHING: Self = Self {
        why: None,
        path: Vec::new(),
    };
}

/// Runs `write`, which serializes [`Checked`] values; also returns what was refused. That is set even if
/// a `Serialize` of the user's ignores the error.
pub(crate) fn watched<R>(write: impl FnOnce() -> R) -> (R, Refused) {
    let before = REFUSED.replace(Refused::NOTHING);
    let written = write();
    (written, REFUSED.replace(before))
}

/// Clears the path of the error: the value that failed is hidden, so the path must end with it.
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
        Unreadable::Buffered => "a buffer loses it",
    })
}

/// Adds a step to the path of an error.
#[cold]
fn inside<E>(step: Step, error: E) -> E {
    REFUSED.with_borrow_mut(|refused| refused.path.push(step));
    error
}

/// A value at a level of arrays and objects.
pub(crate) struct Checked<'a, T: ?Sized> {
    value: &'a T,
    level: Level,
}

impl<'a, T: ?Sized> Checked<'a, T> {
    /// Makes a value that is inside of no array or object.
    pub(crate) fn new(value: &'a T) -> Self {
        Self::with(value, false)
    }

    /// Makes a value that is inside of no array or object, and in which values that serde's buffer loses
    /// are refused, too.
    pub(crate) fn buffered(value: &'a T) -> Self {
        Self::with(value, true)
    }

    fn with(value: &'a T, is_buffered: bool) -> Self {
        let level = Level {
            count: 0,
            is_buffered,
        };
        Self { value, level }
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
    level: Level,
}

impl<S: Serializer> CheckedSerializer<S> {
    /// Returns the inner serializer, and the level of values inside of `levels` more arrays and objects.
    fn enter(self, levels: u8) -> Result<(S, Level), S::Error> {
        let count = self.level.count + levels;
        if count > DEEPEST {
            return Err(refuse(Unreadable::TooDeep));
        }
        Ok((
            self.inner,
            Level {
                count,
                ..self.level
            },
        ))
    }

    /// Refuses a value that serde's buffer loses, if those are refused.
    fn unbuffered(self) -> Result<S, S::Error> {
        if self.level.is_buffered {
            return Err(refuse(Unreadable::Buffered));
        }
        Ok(self.inner)
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
        serialize_u8(value: u8)
        serialize_u16(value: u16)
        serialize_u32(value: u32)
        serialize_u64(value: u64)
        serialize_char(value: char)
        serialize_str(value: &str)
        serialize_none()
        serialize_unit()
        serialize_unit_struct(name: &'static str)
        serialize_unit_variant(name: &'static str, index: u32, variant: &'static str)
    }

    fn serialize_i128(self, value: i128) -> Result<S::Ok, S::Error> {
        self.unbuffered()?.serialize_i128(value)
    }

    fn serialize_u128(self, value: u128) -> Result<S::Ok, S::Error> {
        self.unbuffered()?.serialize_u128(value)
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

    /// JSON has bytes as an array.
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
        // serde_json's own structs are no objects: a `RawValue` stands for a value of any kind.
        let (inner, level) = if name.starts_with("$serde_json::") {
            let level = self.level;
            (self.unbuffered()?, level)
        } else {
            self.enter(1)?
        };
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
