//! Refuses values of a `wire` event that serde would write but could not read, as far as a type's tokens
//! show them.
//!
//! For `flatten`, and for an enum whose tag is not beside its content, serde first reads everything into
//! a buffer, which supports neither 128 bits nor raw JSON, and keeps the keys of maps as the texts that
//! JSON has. Types that only lead to such a value are not detected here; the documentation of
//! `event_core::wire` describes them.

use syn::{Data, GenericArgument, PathArguments, Type};

use super::parse::Model;
use super::serde;
use crate::diagnostics::Diagnostics;

/// A value that the buffer loses.
enum Lost<'a> {
    /// A type that the buffer does not support.
    Value(&'a syn::Ident),
    /// A map's keys of a type that is no text.
    Keys(&'a syn::Ident),
}

pub(super) fn check(model: &Model<'_>, diagnostics: &mut Diagnostics) {
    if model.keys.wire.is_none() {
        return;
    }
    let container = serde::keys(&model.input.attrs);
    if container
        .iter()
        .any(|key| matches!(&**key, "from" | "try_from"))
    {
        return;
    }
    let buffered = is_buffered(model);
    for field in model.shapes.iter().flat_map(|shape| &shape.fields) {
        let keys = serde::keys(&field.field.attrs);
        let is_read_otherwise = |key: &String| {
            matches!(
                &**key,
                "with" | "deserialize_with" | "skip" | "skip_deserializing"
            )
        };
        if keys.iter().any(is_read_otherwise) {
            continue;
        }
        let is_flattened = keys.iter().any(|key| key == "flatten");
        if let (true, Some(lost)) = (is_flattened || buffered.is_some(), find(&field.field.ty)) {
            let behind = if is_flattened { None } else { buffered };
            report(model, &field.name(), behind, &lost, diagnostics);
        }
    }
}

/// Returns why serde reads the variants of the event through its buffer, if it does.
fn is_buffered(model: &Model<'_>) -> Option<&'static str> {
    let Data::Enum(data) = &model.input.data else {
        return None;
    };
    let container = &model.container;
    let is_untagged =
        |attributes: &[syn::Attribute]| serde::keys(attributes).iter().any(|key| key == "untagged");
    if container.untagged {
        Some("an `untagged` enum")
    } else if container.tag.is_some() && container.content.is_none() {
        Some("an enum with a `tag` and no `content`")
    } else if data
        .variants
        .iter()
        .any(|variant| is_untagged(&variant.attrs))
    {
        Some("an enum with an `untagged` variant")
    } else {
        None
    }
}

fn report(
    model: &Model<'_>,
    name: &str,
    buffered: Option<&str>,
    lost: &Lost<'_>,
    diagnostics: &mut Diagnostics,
) {
    let event = &model.input.ident;
    let place = buffered.unwrap_or("what is flattened");
    let start = format!("field `{name}` of `{event}` could be written and not read");
    let other = match buffered {
        Some(_) => {
            "give the enum a `tag` and a `content`: `#[serde(tag = \"type\", content = \"data\")]`"
        }
        None => "remove `flatten`",
    };
    match lost {
        Lost::Value(ty) => diagnostics.error(
            ty,
            format!("{start}: serde reads {place} through a buffer that has no `{ty}`"),
            format!("{other}, or read the field `with` a function of its own"),
        ),
        Lost::Keys(ty) => diagnostics.error(
            ty,
            format!(
                "{start}: JSON has the `{ty}` keys as texts, and serde reads {place} through a buffer \
                 that keeps them texts"
            ),
            format!("write `String` for `{ty}`; or {other}"),
        ),
    }
}

/// Returns the first value in a type that the buffer loses.
fn find(ty: &Type) -> Option<Lost<'_>> {
    match ty {
        Type::Array(array) => find(&array.elem),
        Type::Group(group) => find(&group.elem),
        Type::Paren(paren) => find(&paren.elem),
        Type::Tuple(tuple) => tuple.elems.iter().find_map(find),
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            let name = last.ident.to_string();
            match &*name {
                "u128" | "i128" | "NonZeroU128" | "NonZeroI128" | "RawValue" => {
                    return Some(Lost::Value(&last.ident));
                }
                _ => {}
            }
            let PathArguments::AngleBracketed(arguments) = &last.arguments else {
                return None;
            };
            let mut types = arguments.args.iter().filter_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            });
            match &*name {
                "BTreeMap" | "HashMap" | "IndexMap" => {
                    let (key, value) = (types.next()?, types.next()?);
                    let keys = || is_no_text(key).map(Lost::Keys);
                    find(key).or_else(keys).or_else(|| find(value))
                }
                "Arc" | "BTreeSet" | "Box" | "HashSet" | "IndexSet" | "LinkedList" | "NonZero"
                | "Option" | "Range" | "RangeInclusive" | "Rc" | "Redacted" | "Result" | "Vec"
                | "VecDeque" | "Wrapping" => types.find_map(find),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Returns the name of a key's type that is no text but becomes one in JSON.
fn is_no_text(key: &Type) -> Option<&syn::Ident> {
    let Type::Path(path) = key else { return None };
    let last = &path.path.segments.last()?.ident;
    let numbers = [
        "bool", "f32", "f64", "i8", "i16", "i32", "i64", "isize", "u8", "u16", "u32", "u64",
        "usize",
    ];
    numbers.contains(&&*last.to_string()).then_some(last)
}
