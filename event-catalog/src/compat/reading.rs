//! Reads a JSON Schema as a shape.

use std::cell::Cell;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::compat::keywords::Keywords;
use crate::compat::reading_scalars::{float, integer, text, unsigned};
use crate::compat::shape::{ArrayShape, Field, ObjectShape, Shape, Shapes, UnionShape};
use crate::schema::reference::decoded;

/// Leaves the objects of a writer no field that the schema does not name.
pub(super) fn close(shape: &mut Shape) {
    match shape {
        Shape::Object(object) => {
            if !object.says_rest && !object.fields.is_empty() {
                object.rest = Shape::NONE;
            }
            object
                .fields
                .values_mut()
                .for_each(|field| close(&mut field.shape));
            close(&mut object.rest);
        }
        Shape::Array(array) => {
            array
                .prefix
                .iter_mut()
                .chain([&mut array.rest])
                .for_each(close);
        }
        Shape::Union(union) => union.members.iter_mut().for_each(close),
        _ => {}
    }
}

pub(super) struct Reading<'a> {
    /// The whole schema, which references point into.
    document: &'a Value,
    /// How many references the current shape is in.
    depth: Cell<u32>,
}

/// References that are resolved inside of each other, to intersect what they are for.
const MOST_REFERENCES: u32 = 8;

/// The keywords that say which values there are, in any draft. Others are comments, also those of a tool.
const ASSERTIONS: [&str; 49] = [
    "$ref",
    "$dynamicRef",
    "$recursiveRef",
    "additionalItems",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "contains",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "disallow",
    "divisibleBy",
    "else",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "extends",
    "format",
    "if",
    "items",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "not",
    "oneOf",
    "pattern",
    "patternProperties",
    "prefixItems",
    "properties",
    "propertyNames",
    "required",
    "then",
    "type",
    "unevaluatedItems",
    "unevaluatedProperties",
    "uniqueItems",
];

impl<'a> Reading<'a> {
    pub(super) fn new(document: &'a Value) -> Self {
        Self {
            document,
            depth: Cell::new(0),
        }
    }

    pub(super) fn shape(&self, schema: &Value) -> Shape {
        match schema {
            Value::Bool(true) => Shape::Any,
            Value::Bool(false) => Shape::NONE,
            Value::Object(keywords) => self.keywords(keywords),
            _ => Shape::Opaque(schema.clone()),
        }
    }

    fn keywords(&self, schema: &Map<String, Value>) -> Shape {
        let mut keywords = Keywords::of(schema, |key| ASSERTIONS.contains(&key));
        let is_sealed = keywords.take("unevaluatedProperties") == Some(&Value::Bool(false));
        let mut parts = Vec::new();
        if let Some(Value::String(pointer)) = keywords.take("$ref") {
            parts.push(Shape::Ref(decoded(pointer).into_owned()));
        }
        if let Some(all) = keywords.take_array("allOf") {
            parts.extend(all.iter().map(|part| self.shape(part)));
        }
        for (key, is_exclusive) in [("oneOf", true), ("anyOf", false)] {
            if let Some(members) = keywords.take_array(key) {
                let members = members.iter().map(|member| self.shape(member));
                parts.push(union_of(members.collect(), is_exclusive));
            }
        }
        if let Some(value) = keywords.take("const") {
            parts.push(Shape::Const(value.clone()));
        }
        if let Some(values) = keywords.take_array("enum") {
            let values = values.iter().cloned().map(Shape::Const);
            parts.push(union_of(values.collect(), false));
        }
        if !keywords.is_empty() {
            parts.push(self.typed(keywords));
        }
        let mut parts = parts.into_iter();
        let first = parts.next().unwrap_or(Shape::Any);
        let mut shape = parts.fold(first, |one, other| self.intersection(one, other, schema));
        if is_sealed && !seal(&mut shape) {
            shape = Shape::Opaque(Value::Object(schema.clone()));
        }
        shape
    }

    /// The shape of the keywords that depend on the type.
    fn typed(&self, mut keywords: Keywords<'_>) -> Shape {
        let all = keywords.clone();
        let whole = || Shape::Opaque(all.to_schema());
        let types: Vec<&str> = match keywords.take("type") {
            Some(Value::String(name)) => vec![name.as_str()],
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            None if keywords.get("properties").is_some() => vec!["object"],
            _ => return whole(),
        };
        let mut members = Vec::new();
        for name in types {
            members.push(match name {
                "null" => Shape::Null,
                "boolean" => Shape::Bool,
                "integer" => integer(&mut keywords),
                "number" => float(&mut keywords),
                "string" => text(&mut keywords),
                "array" => self.array(&mut keywords),
                "object" => self.object(&mut keywords),
                _ => return whole(),
            });
        }
        // The format of a number, a string or both.
        keywords.take("format");
        if !keywords.is_empty()
            || members
                .iter()
                .any(|shape| matches!(shape, Shape::Opaque(_)))
        {
            return whole();
        }
        union_of(members, false)
    }

    fn array(&self, keywords: &mut Keywords<'_>) -> Shape {
        let (mut prefix, mut rest) = (Vec::new(), Shape::Any);
        // `items` is a list in drafts before 2020-12.
        match keywords.take("items") {
            Some(Value::Array(items)) => {
                prefix = items.iter().map(|item| self.shape(item)).collect();
                if let Some(others) = keywords.take("additionalItems") {
                    rest = self.shape(others);
                }
            }
            Some(items) => rest = self.shape(items),
            None => {}
        }
        if let Some(items) = keywords.take_array("prefixItems") {
            prefix = items.iter().map(|item| self.shape(item)).collect();
        }
        let min = unsigned(keywords.take("minItems")).unwrap_or(0);
        Shape::Array(Box::new(ArrayShape {
            prefix,
            rest,
            min,
            max: unsigned(keywords.take("maxItems")),
            is_unique: keywords.take("uniqueItems") == Some(&Value::Bool(true)),
        }))
    }

    fn object(&self, keywords: &mut Keywords<'_>) -> Shape {
        let required: Vec<String> = match keywords.take("required") {
            Some(Value::Array(names)) => names
                .iter()
                .filter_map(|name| Some(name.as_str()?.to_owned()))
                .collect(),
            _ => Vec::new(),
        };
        let mut fields = BTreeMap::new();
        if let Some(Value::Object(properties)) = keywords.take("properties") {
            for (name, schema) in properties {
                let field = Field {
                    shape: self.shape(schema),
                    is_required: required.contains(name),
                    aliases: aliases(schema),
                };
                fields.insert(name.clone(), field);
            }
        }
        for name in required {
            fields.entry(name).or_insert(Field {
                shape: Shape::Any,
                is_required: true,
                aliases: Vec::new(),
            });
        }
        let rest = keywords.take("additionalProperties");
        Shape::Object(Box::new(ObjectShape {
            fields,
            says_rest: rest.is_some(),
            rest: rest.map_or(Shape::Any, |others| self.shape(others)),
        }))
    }

    /// The values that are in both shapes; `whole` is the schema that says so, for what cannot be analysed.
    fn intersection(&self, one: Shape, other: Shape, whole: &Map<String, Value>) -> Shape {
        match (one, other) {
            (Shape::Any, shape) | (shape, Shape::Any) => shape,
            (one, other) if one == other => one,
            (Shape::Ref(pointer), shape) | (shape, Shape::Ref(pointer)) => {
                let depth = self.depth.get();
                let definition = self.document.pointer(pointer.trim_start_matches('#'));
                match definition.filter(|_| depth < MOST_REFERENCES) {
                    Some(definition) => {
                        self.depth.set(depth + 1);
                        let definition = self.shape(definition);
                        let both = self.intersection(definition, shape, whole);
                        self.depth.set(depth);
                        both
                    }
                    None => Shape::Opaque(Value::Object(whole.clone())),
                }
            }
            (Shape::Union(union), shape) | (shape, Shape::Union(union)) => {
                let part = |member| self.intersection(member, shape.clone(), whole);
                let members: Vec<_> = union.members.into_iter().map(part).collect();
                if members
                    .iter()
                    .any(|member| matches!(member, Shape::Opaque(_)))
                {
                    return Shape::Opaque(Value::Object(whole.clone()));
                }
                union_of(members, union.is_exclusive)
            }
            (Shape::Object(one), Shape::Object(other)) => self.objects(*one, *other, whole),
            (Shape::Const(value), shape) | (shape, Shape::Const(value)) => {
                match Shapes::accepts_alone(&shape, &value) {
                    Some(true) => Shape::Const(value),
                    Some(false) => Shape::NONE,
                    None => Shape::Opaque(Value::Object(whole.clone())),
                }
            }
            (one, other) if one.is_of_another_type(&other) => Shape::NONE,
            _ => Shape::Opaque(Value::Object(whole.clone())),
        }
    }

    /// The objects that are in both shapes, as a flattened field has it.
    fn objects(
        &self,
        one: ObjectShape,
        mut other: ObjectShape,
        whole: &Map<String, Value>,
    ) -> Shape {
        let mut fields = BTreeMap::new();
        for (name, field) in one.fields {
            let second = other.fields.remove(&name).unwrap_or(Field {
                shape: other.rest.clone(),
                is_required: false,
                aliases: Vec::new(),
            });
            fields.insert(
                name,
                Field {
                    shape: self.intersection(field.shape, second.shape, whole),
                    is_required: field.is_required || second.is_required,
                    aliases: [field.aliases, second.aliases].concat(),
                },
            );
        }
        for (name, field) in other.fields {
            let shape = self.intersection(field.shape, one.rest.clone(), whole);
            fields.insert(name, Field { shape, ..field });
        }
        if fields
            .values()
            .any(|field| matches!(field.shape, Shape::Opaque(_)))
        {
            return Shape::Opaque(Value::Object(whole.clone()));
        }
        let says_rest = one.says_rest || other.says_rest;
        let rest = self.intersection(one.rest, other.rest, whole);
        Shape::Object(Box::new(ObjectShape {
            fields,
            rest,
            says_rest,
        }))
    }
}

/// Takes all fields from an object that no part of its schema names. Returns whether that was possible.
fn seal(shape: &mut Shape) -> bool {
    match shape {
        Shape::Object(object) => {
            if !object.says_rest {
                (object.rest, object.says_rest) = (Shape::NONE, true);
            }
            true
        }
        Shape::Union(union) => union.members.iter_mut().all(seal),
        _ => false,
    }
}

/// The names that the derive recorded, which no keyword of JSON Schema says.
fn aliases(schema: &Value) -> Vec<String> {
    let names = schema.get("x-aliases").and_then(Value::as_array);
    let names = names.into_iter().flatten();
    names
        .filter_map(|name| Some(name.as_str()?.to_owned()))
        .collect()
}

/// The union of shapes, without unions directly inside of it that add nothing.
fn union_of(members: Vec<Shape>, is_exclusive: bool) -> Shape {
    let mut flat = Vec::new();
    for member in members {
        match member {
            Shape::Union(inner) if !is_exclusive && !inner.is_exclusive => {
                flat.extend(inner.members);
            }
            member => flat.push(member),
        }
    }
    match flat.len() {
        1 => flat.remove(0),
        _ => Shape::Union(UnionShape {
            members: flat,
            is_exclusive,
        }),
    }
}
