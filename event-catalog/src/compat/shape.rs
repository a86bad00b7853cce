//! A JSON Schema as the set of values that it describes.
//!
//! The subset is what `schemars` writes for types that derive serde's traits. What is outside of it is kept as it
//! is, and is comparable to itself alone.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

use crate::compat::reading::{Reading, close};
use crate::schema::reference::decoded;

/// A set of JSON values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    Any,
    Null,
    Bool,
    /// Exactly this value.
    Const(Value),
    Integer(IntegerShape),
    Float(FloatShape),
    Text(TextShape),
    Array(Box<ArrayShape>),
    Object(Box<ObjectShape>),
    /// The values of all members. Without members there is no value.
    Union(UnionShape),
    /// A definition of the schema, by its pointer.
    Ref(String),
    /// What this module cannot analyse.
    Opaque(Value),
}

/// The integers between two bounds, each included.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct IntegerShape {
    pub(crate) min: Option<i128>,
    pub(crate) max: Option<i128>,
}

/// The numbers between two bounds, each included.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct FloatShape {
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
}

/// The strings of a length, a pattern and a format, without those that are excluded. A length is in characters.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TextShape {
    pub(crate) min: u64,
    pub(crate) max: Option<u64>,
    pub(crate) pattern: Option<String>,
    pub(crate) format: Option<String>,
    pub(crate) excluded: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ArrayShape {
    /// The first items.
    pub(crate) prefix: Vec<Shape>,
    /// The items after them.
    pub(crate) rest: Shape,
    pub(crate) min: u64,
    pub(crate) max: Option<u64>,
    pub(crate) is_unique: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ObjectShape {
    pub(crate) fields: BTreeMap<String, Field>,
    /// The values of all other fields.
    pub(crate) rest: Shape,
    /// Whether the schema says something about other fields.
    pub(crate) says_rest: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Field {
    pub(crate) shape: Shape,
    pub(crate) is_required: bool,
    /// Other names under which the reader takes the field.
    pub(crate) aliases: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct UnionShape {
    pub(crate) members: Vec<Shape>,
    /// Whether a value of two members is in neither, as `oneOf` has it.
    pub(crate) is_exclusive: bool,
}

impl Shape {
    /// The shape without values.
    pub(crate) const NONE: Self = Self::Union(UnionShape {
        members: Vec::new(),
        is_exclusive: false,
    });

    pub(crate) fn is_none(&self) -> bool {
        matches!(self, Self::Union(union) if union.members.is_empty())
    }

    /// Whether the values of both are of one JSON type each, and of different ones.
    pub(super) fn is_of_another_type(&self, other: &Self) -> bool {
        let kind = |shape: &Self| match shape {
            Self::Null => Some(0),
            Self::Bool => Some(1),
            // An integer is a number.
            Self::Integer(_) | Self::Float(_) => Some(2),
            Self::Text(_) => Some(3),
            Self::Array(_) => Some(4),
            Self::Object(_) => Some(5),
            Self::Any | Self::Const(_) | Self::Union(_) | Self::Ref(_) | Self::Opaque(_) => None,
        };
        matches!((kind(self), kind(other)), (Some(one), Some(other)) if one != other)
    }
}

/// Whether a schema says what is written, or what is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// An object has no field that its schema does not name.
    Writer,
    Reader,
}

/// A schema: the shape of its root, and those of its definitions.
#[derive(Clone, Debug)]
pub(crate) struct Shapes {
    pub(crate) root: Shape,
    definitions: BTreeMap<String, Shape>,
}

impl Shapes {
    pub(crate) fn new(schema: &Value, role: Role) -> Self {
        let reading = Reading::new(schema);
        let mut definitions = BTreeMap::new();
        for key in ["$defs", "definitions"] {
            let named = schema.get(key).and_then(Value::as_object);
            for (name, definition) in named.into_iter().flatten() {
                let pointer = format!("#/{key}/{}", name.replace('~', "~0").replace('/', "~1"));
                definitions.insert(pointer, reading.shape(definition));
            }
        }
        // A reference may lead anywhere.
        let references = references(schema);
        for pointer in references.iter().map(|it| &**it).filter(|it| *it != "#") {
            let target = pointer.strip_prefix('#');
            let target = target.and_then(|pointer| schema.pointer(pointer));
            if let Some(target) = target
                && !definitions.contains_key(pointer)
            {
                definitions.insert(pointer.to_owned(), reading.shape(target));
            }
        }
        let mut root = reading.shape(schema);
        if role == Role::Writer {
            definitions.values_mut().chain([&mut root]).for_each(close);
        }
        if references.iter().any(|reference| reference == "#") {
            definitions.insert("#".to_owned(), root.clone());
        }
        Self { root, definitions }
    }

    /// Returns the shape of a schema that is a part of another, which its references point into.
    pub(crate) fn part(whole: &Value, part: &Value, role: Role) -> Shape {
        let mut shape = Reading::new(whole).shape(part);
        if role == Role::Writer {
            close(&mut shape);
        }
        shape
    }

    /// Whether a shape has a value; `None` if that cannot be told, as of one with a reference.
    pub(super) fn accepts_alone(shape: &Shape, value: &Value) -> Option<bool> {
        let shapes = Self {
            root: Shape::Any,
            definitions: BTreeMap::new(),
        };
        shapes.accepts(shape, value)
    }

    /// Returns the shape that a reference is for, through references; `None` if there is no such definition, or if
    /// it refers to itself alone.
    pub(crate) fn resolve<'a>(&'a self, mut shape: &'a Shape) -> Option<&'a Shape> {
        for _ in 0..=self.definitions.len() {
            let Shape::Ref(pointer) = shape else {
                return Some(shape);
            };
            shape = self.definitions.get(pointer)?;
        }
        None
    }
}

/// Returns the references in a schema, decoded.
fn references(schema: &Value) -> Vec<Cow<'_, str>> {
    let mut found = Vec::new();
    let mut rest = vec![schema];
    while let Some(part) = rest.pop() {
        let reference = part.get("$ref").and_then(Value::as_str);
        found.extend(reference.map(decoded));
        rest.extend(part.as_array().into_iter().flatten());
        rest.extend(
            part.as_object()
                .into_iter()
                .flat_map(serde_json::Map::values),
        );
    }
    found
}
