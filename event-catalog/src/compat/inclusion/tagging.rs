//! Whether two unions are the variants of one enum, which serde writes in two ways.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::compat::inclusion::unions::tags;
use crate::compat::shape::{ObjectShape, Shape, Shapes, UnionShape};

/// Where the name of a variant is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Style {
    /// It is the only key of an object, or the whole.
    Key,
    /// It is in this field.
    Field(String),
}

/// A variant, with its object unless it is a text alone.
struct Variant<'a> {
    style: Style,
    object: Option<&'a ObjectShape>,
}

/// Whether most of the writer's variants that are refused are in the reader's union, too, and are written in another
/// way there.
///
/// A variant that only lacks a field is not: its name is where the reader looks for it.
pub(super) fn differs(
    writer: (&Shapes, &UnionShape),
    reader: (&Shapes, &UnionShape),
    are_refused: &[bool],
) -> bool {
    let (Some(written), Some(read)) = (variants(writer), variants(reader)) else {
        return false;
    };
    let read: BTreeMap<_, _> = read.into_iter().collect();
    let refused = written.iter().zip(are_refused);
    let refused = refused.filter(|(_, is_refused)| **is_refused);
    let shared = refused.filter_map(|((name, one), _)| Some((one, read.get(name)?)));
    let differing = shared.filter(|(one, other)| {
        one.style != other.style
            || is_content(reader.0, one, other)
            || is_content(writer.0, other, one)
    });
    differing.count() * 2 > are_refused.iter().filter(|it| **it).count()
}

/// Whether a variant whose own fields are beside its name is one whose fields are in a field of their own.
fn is_content(all: &Shapes, beside: &Variant<'_>, apart: &Variant<'_>) -> bool {
    let (Style::Field(tag), Some(beside), Some(apart)) =
        (&apart.style, beside.object, apart.object)
    else {
        return false;
    };
    let others = |object: &ObjectShape| -> Vec<String> {
        let names = object.fields.keys().filter(|name| *name != tag);
        names.cloned().collect()
    };
    let (beside, apart_names) = (others(beside), others(apart));
    let [content] = &apart_names[..] else {
        return false;
    };
    let content_shape = apart
        .fields
        .get(content)
        .and_then(|field| all.resolve(&field.shape));
    match content_shape {
        Some(Shape::Object(content_object)) => {
            !beside.is_empty()
                && !beside.contains(content)
                && beside
                    .iter()
                    .all(|name| content_object.fields.contains_key(name))
        }
        _ => false,
    }
}

/// Returns the variants of a union with their names; `None` if one has none.
fn variants<'a>((all, union): (&'a Shapes, &'a UnionShape)) -> Option<Vec<(String, Variant<'a>)>> {
    let variant = |member| match all.resolve(member)? {
        Shape::Const(Value::String(name)) => {
            let (style, object) = (Style::Key, None);
            Some((name.clone(), Variant { style, object }))
        }
        shape @ Shape::Object(object) => {
            let (name, style) = match tags(shape)[..] {
                [(field, Value::String(name)), ..] => (name.clone(), Style::Field(field.clone())),
                _ if object.fields.len() == 1 => (object.fields.keys().next()?.clone(), Style::Key),
                _ => return None,
            };
            let object = Some(&**object);
            Some((name, Variant { style, object }))
        }
        _ => None,
    };
    union.members.iter().map(variant).collect()
}
