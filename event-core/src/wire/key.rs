//! The value of an event's `key`: found under the name that serde gave it, without writing the rest.

use std::fmt;

use serde::ser::{
    Impossible, SerializeMap, SerializeSeq, SerializeStruct, SerializeTuple, SerializeTupleStruct,
};
use serde::{Serialize, Serializer};
use serde_json::Value;

/// What `pointer` leads to in the event's JSON, as a text: a string as it is, anything else as JSON.
/// `None` if it is nothing, `null` or empty, or does not serialize, which writing the event will tell.
pub(super) fn of<E: Serialize>(event: &E, pointer: &str) -> Option<String> {
    let found = match pointer.strip_prefix('/') {
        None => serde_json::to_string(event).ok(),
        Some(step) if step.contains('~') => {
            Finder::find(&step.replace("~1", "/").replace("~0", "~"), event)
        }
        Some(step) => Finder::find(step, event),
    };
    let json = found.filter(|json| json != "null")?;
    let text = if json.starts_with('"') {
        serde_json::from_str(&json).ok()?
    } else {
        json
    };
    Some(text).filter(|text| !text.is_empty())
}

/// Takes the value of one field, or of one place, and looks at no other.
struct Finder<'f> {
    name: &'f str,
    found: Option<String>,
}

impl<'f> Finder<'f> {
    fn find<E: Serialize>(name: &'f str, event: &E) -> Option<String> {
        let mut finder = Self { name, found: None };
        event.serialize(&mut finder).ok()?;
        finder.found
    }

    fn take<T: Serialize + ?Sized>(&mut self, value: &T) -> fmt::Result {
        self.found = Some(serde_json::to_string(value).map_err(|_| fmt::Error)?);
        Ok(())
    }
}

/// Has neither fields nor places.
macro_rules! plain {
    ($($serialize:ident($($value:ty),*))*) => { $(
        fn $serialize(self, $(_: $value),*) -> fmt::Result {
            Ok(())
        }
    )* };
}

impl<'m, 'f> Serializer for &'m mut Finder<'f> {
    type Ok = ();
    type Error = fmt::Error;
    type SerializeSeq = Places<'m, 'f>;
    type SerializeTuple = Places<'m, 'f>;
    type SerializeTupleStruct = Places<'m, 'f>;
    type SerializeTupleVariant = Impossible<(), fmt::Error>;
    type SerializeMap = Fields<'m, 'f>;
    type SerializeStruct = Fields<'m, 'f>;
    type SerializeStructVariant = Impossible<(), fmt::Error>;

    plain! {
        serialize_bool(bool)
        serialize_i8(i8)
        serialize_i16(i16)
        serialize_i32(i32)
        serialize_i64(i64)
        serialize_i128(i128)
        serialize_u8(u8)
        serialize_u16(u16)
        serialize_u32(u32)
        serialize_u64(u64)
        serialize_u128(u128)
        serialize_f32(f32)
        serialize_f64(f64)
        serialize_char(char)
        serialize_str(&str)
        serialize_bytes(&[u8])
        serialize_none()
        serialize_unit()
        serialize_unit_struct(&'static str)
        serialize_unit_variant(&'static str, u32, &'static str)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> fmt::Result {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> fmt::Result {
        value.serialize(self)
    }

    // Keys are of structs.

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> fmt::Result {
        Ok(())
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, fmt::Error> {
        Ok(Places {
            place: self.name.parse().ok(),
            finder: self,
            count: 0,
        })
    }

    fn serialize_tuple(self, len: usize) -> Result<Self::SerializeTuple, fmt::Error> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleStruct, fmt::Error> {
        self.serialize_seq(Some(len))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, fmt::Error> {
        Ok(Fields {
            finder: self,
            is_next: false,
        })
    }

    fn serialize_struct(
        self,
        _: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStruct, fmt::Error> {
        self.serialize_map(Some(len))
    }
}

/// What has values in places.
struct Places<'m, 'f> {
    finder: &'m mut Finder<'f>,
    place: Option<usize>,
    count: usize,
}

impl SerializeSeq for Places<'_, '_> {
    type Ok = ();
    type Error = fmt::Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> fmt::Result {
        if self.place == Some(self.count) {
            self.finder.take(value)?;
        }
        self.count += 1;
        Ok(())
    }

    fn end(self) -> fmt::Result {
        Ok(())
    }
}

impl SerializeTuple for Places<'_, '_> {
    type Ok = ();
    type Error = fmt::Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> fmt::Result {
        SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> fmt::Result {
        Ok(())
    }
}

impl SerializeTupleStruct for Places<'_, '_> {
    type Ok = ();
    type Error = fmt::Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> fmt::Result {
        SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> fmt::Result {
        Ok(())
    }
}

/// What has values under names.
struct Fields<'m, 'f> {
    finder: &'m mut Finder<'f>,
    /// Whether the name was that of a map's next value.
    is_next: bool,
}

impl SerializeMap for Fields<'_, '_> {
    type Ok = ();
    type Error = fmt::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> fmt::Result {
        let key = serde_json::to_value(key).map_err(|_| fmt::Error)?;
        self.is_next = matches!(key, Value::String(key) if key == self.finder.name);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> fmt::Result {
        if self.is_next {
            self.finder.take(value)?;
        }
        Ok(())
    }

    fn end(self) -> fmt::Result {
        Ok(())
    }
}

impl SerializeStruct for Fields<'_, '_> {
    type Ok = ();
    type Error = fmt::Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> fmt::Result {
        if name == self.finder.name {
            self.finder.take(value)?;
        }
        Ok(())
    }

    fn end(self) -> fmt::Result {
        Ok(())
    }
}
