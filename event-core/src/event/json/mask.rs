//! A serializer that masks redacted values, and passes the rest to another one.

#![allow(
    missing_debug_implementations,
    reason = "reachable through `__private` alone, which is not public API"
)]

use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant,
};
use serde::{Serialize, Serializer};

use crate::event::masking;
use crate::event::redacted::MASK;

/// Serializes with `S`, and masks the redacted values inside of a value.
pub struct Masking<S>(S);

impl<S> Masking<S> {
    pub(crate) const fn new(inner: S) -> Self {
        Self(inner)
    }
}

/// A value inside of another.
struct Inner<'a, T: ?Sized>(&'a T);

impl<T: Serialize + ?Sized> Serialize for Inner<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if masking::is_redacted(self.0) {
            serializer.serialize_str(MASK)
        } else {
            self.0.serialize(Masking(serializer))
        }
    }
}

macro_rules! plain {
    ($($serialize:ident($($name:ident: $value:ty),*))*) => { $(
        fn $serialize(self, $($name: $value),*) -> Result<S::Ok, S::Error> {
            self.0.$serialize($($name),*)
        }
    )* };
}

macro_rules! compound {
    ($($serialize:ident($($name:ident: $value:ty),*) -> $compound:ident)*) => { $(
        fn $serialize(self, $($name: $value),*) -> Result<Self::$compound, S::Error> {
            self.0.$serialize($($name),*).map(Masking)
        }
    )* };
}

impl<S: Serializer> Serializer for Masking<S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Masking<S::SerializeSeq>;
    type SerializeTuple = Masking<S::SerializeTuple>;
    type SerializeTupleStruct = Masking<S::SerializeTupleStruct>;
    type SerializeTupleVariant = Masking<S::SerializeTupleVariant>;
    type SerializeMap = Masking<S::SerializeMap>;
    type SerializeStruct = Masking<S::SerializeStruct>;
    type SerializeStructVariant = Masking<S::SerializeStructVariant>;

    plain! {
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
        serialize_f32(value: f32)
        serialize_f64(value: f64)
        serialize_char(value: char)
        serialize_str(value: &str)
        serialize_bytes(value: &[u8])
        serialize_none()
        serialize_unit()
        serialize_unit_struct(name: &'static str)
        serialize_unit_variant(name: &'static str, index: u32, variant: &'static str)
    }

    compound! {
        serialize_seq(len: Option<usize>) -> SerializeSeq
        serialize_tuple(len: usize) -> SerializeTuple
        serialize_tuple_struct(name: &'static str, len: usize) -> SerializeTupleStruct
        serialize_tuple_variant(
            name: &'static str, index: u32, variant: &'static str, len: usize
        ) -> SerializeTupleVariant
        serialize_map(len: Option<usize>) -> SerializeMap
        serialize_struct(name: &'static str, len: usize) -> SerializeStruct
        serialize_struct_variant(
            name: &'static str, index: u32, variant: &'static str, len: usize
        ) -> SerializeStructVariant
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.0.serialize_some(&Inner(value))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.0.serialize_newtype_struct(name, &Inner(value))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.0
            .serialize_newtype_variant(name, index, variant, &Inner(value))
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

/// Passes each value on with a check, and each name as it is.
macro_rules! values {
    ($($compound:ident: $($serialize:ident($($name:ident: $ty:ty)?)),*;)*) => { $(
        impl<S: $compound> $compound for Masking<S> {
            type Ok = S::Ok;
            type Error = S::Error;

            $(fn $serialize<T: Serialize + ?Sized>(
                &mut self,
                $($name: $ty,)?
                value: &T,
            ) -> Result<(), S::Error> {
                self.0.$serialize($($name,)? &Inner(value))
            })*

            fn end(self) -> Result<S::Ok, S::Error> {
                self.0.end()
            }
        }
    )* };
}

values! {
    SerializeSeq: serialize_element();
    SerializeTuple: serialize_element();
    SerializeTupleStruct: serialize_field();
    SerializeTupleVariant: serialize_field();
    SerializeMap: serialize_key(), serialize_value();
    SerializeStruct: serialize_field(name: &'static str);
    SerializeStructVariant: serialize_field(name: &'static str);
}
