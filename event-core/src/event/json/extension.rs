//! The extension attributes of an envelope.
//!
//! CloudEvents 1.0 allows other extensions, but JSON, the bindings of protocols and the SDKs of other
//! languages agree only on strings, booleans, and signed integers of 32 bits. So nothing else is written:
//! a type that is no [`Value`] does not compile.

use std::fmt;

use serde::Serialize;
use serde::ser::{Error, SerializeStruct};
use uuid::Uuid;

/// The types of extensions.
pub(crate) trait Value: Serialize {}

impl Value for str {}
impl Value for bool {}
impl Value for i32 {}

// These are written as strings.
impl Value for Uuid {}
impl Value for fmt::Arguments<'_> {}

/// Writes an extension.
pub(crate) fn write<S: SerializeStruct, V: Value + ?Sized>(
    envelope: &mut S,
    name: &'static str,
    value: &V,
) -> Result<(), S::Error> {
    envelope.serialize_field(name, value)
}

/// Writes an extension that is a count.
pub(crate) fn write_count<S: SerializeStruct>(
    envelope: &mut S,
    name: &'static str,
    count: u32,
) -> Result<(), S::Error> {
    match i32::try_from(count) {
        Ok(count) => write(envelope, name, &count),
        Err(_) => Err(S::Error::custom(format_args!(
            "`{name}` is {count}, and the most that an extension can be is {}",
            i32::MAX
        ))),
    }
}
