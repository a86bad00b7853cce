//! Random types, their schemas as `schemars` writes them, and values as serde writes them.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value, json};

/// A type that derives serde's traits.
#[derive(Clone, Debug)]
pub(crate) enum Type {
    Bool,
    Integer(i64, i64),
    Float,
    Text,
    Any,
    Option(Box<Type>),
    List(Box<Type>),
    Tuple(Vec<Type>),
    Map(Box<Type>),
    Struct(Fields),
    /// Variants without data.
    Names(Vec<&'static str>),
    /// `#[serde(tag = "type")]`.
    Internal(Vec<(&'static str, Fields)>),
    /// `#[serde(tag = "type", content = "content")]`.
    Adjacent(Vec<(&'static str, Type)>),
    /// Serde's own representation; a variant without a type has no data.
    External(Vec<(&'static str, Option<Type>)>),
    Untagged(Vec<Type>),
}

#[derive(Clone, Debug)]
pub(crate) struct Fields {
    pub(crate) fields: Vec<Field>,
    /// `#[serde(deny_unknown_fields)]`.
    pub(crate) denies: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) content: Type,
    /// `#[serde(default)]`.
    pub(crate) has_default: bool,
    /// `#[serde(skip_serializing_if = …)]`, which comes with a default.
    pub(crate) is_skipped: bool,
}

const FIELDS: [&str; 6] = ["id", "name", "total", "lines", "note", "at"];
const VARIANTS: [&str; 4] = ["Card", "Cash", "Coupon", "Gift"];
const INTEGERS: [(i64, i64); 4] = [
    (0, u8::MAX as i64),
    (0, u32::MAX as i64),
    (i32::MIN as i64, i32::MAX as i64),
    (i64::MIN, i64::MAX),
];

pub(crate) fn types() -> impl Strategy<Value = Type> {
    let leaf = prop_oneof![
        Just(Type::Bool),
        select(&INTEGERS[..]).prop_map(|(min, max)| Type::Integer(min, max)),
        Just(Type::Float),
        Just(Type::Text),
        Just(Type::Any),
        names().prop_map(Type::Names),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        let variant = || fields(inner.clone());
        prop_oneof![
            4 => fields(inner.clone()).prop_map(Type::Struct),
            1 => boxed.clone().prop_map(Type::Option),
            1 => boxed.clone().prop_map(Type::List),
            1 => boxed.prop_map(Type::Map),
            1 => prop::collection::vec(inner.clone(), 2..4).prop_map(Type::Tuple),
            1 => variants(variant()).prop_map(Type::Internal),
            1 => variants(inner.clone()).prop_map(Type::Adjacent),
            1 => variants(prop::option::of(inner.clone())).prop_map(Type::External),
            1 => prop::collection::vec(inner.clone(), 2..4).prop_map(Type::Untagged),
        ]
    })
}

fn names() -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::subsequence(&VARIANTS[..], 1..=VARIANTS.len())
}

fn variants<T: std::fmt::Debug>(
    content: impl Strategy<Value = T> + Clone,
) -> impl Strategy<Value = Vec<(&'static str, T)>> {
    names().prop_flat_map(move |names| {
        let contents = prop::collection::vec(content.clone(), names.len());
        contents.prop_map(move |contents| names.iter().copied().zip(contents).collect())
    })
}

fn fields(content: impl Strategy<Value = Type> + Clone) -> impl Strategy<Value = Fields> + Clone {
    let names = prop::sample::subsequence(&FIELDS[..], 0..=4);
    let all = names.prop_flat_map(move |names| {
        let extras = (content.clone(), any::<bool>(), any::<bool>());
        prop::collection::vec(extras, names.len()).prop_map(move |extras| {
            let fields = names.iter().copied().zip(extras);
            let field = |(name, (content, has_default, is_skipped))| Field {
                name,
                content,
                has_default,
                is_skipped: is_skipped && has_default,
            };
            fields.map(field).collect()
        })
    });
    (all, prop::bool::weighted(0.2)).prop_map(|(fields, denies)| Fields { fields, denies })
}

/// A type, and what it became by some changes.
pub(crate) fn changed() -> impl Strategy<Value = (Type, Type)> {
    let changes = prop::collection::vec((any::<Index>(), types()), 0..3);
    prop_oneof![
        9 => (types(), changes).prop_map(|(old, changes)| {
            let mut new = old.clone();
            for (at, part) in changes {
                new.change(at, part);
            }
            (old, new)
        }),
        1 => (types(), types()),
    ]
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Side {
    Writer,
    /// A writer's, whose objects have no fields but those that are named.
    ClosedWriter,
    Reader,
}

impl Type {
    /// Replaces a random part of the type, or changes it in another way.
    fn change(&mut self, at: Index, part: Self) {
        let count = self.count();
        let at = at.index(count * 4);
        let Some(chosen) = self.nth(&mut (at % count)) else {
            return;
        };
        match (&mut *chosen, at / count) {
            (Self::Struct(fields), 1) => fields.denies = !fields.denies,
            (Self::Struct(fields), 2) => drop(fields.fields.pop()),
            (Self::Struct(fields), 3) if !fields.fields.is_empty() => {
                if fields.fields.iter().all(|field| field.name != "at") {
                    fields.fields[0].name = "at";
                }
            }
            (Self::Names(names), 1) => names.push("Voucher"),
            (Self::Names(names), 2) if names.len() > 1 => drop(names.pop()),
            (Self::Internal(variants), 1) if variants.len() > 1 => drop(variants.pop()),
            (Self::External(variants), 1) if variants.len() > 1 => drop(variants.pop()),
            (Self::Internal(variants), 2) => {
                let external = variants
                    .drain(..)
                    .map(|(name, fields)| (name, Some(Self::Struct(fields))));
                *chosen = Self::External(external.collect());
            }
            (_, 3) => *chosen = Self::Option(Box::new(chosen.clone())),
            _ => *chosen = part,
        }
    }

    fn inner(&mut self) -> Vec<&mut Self> {
        match self {
            Self::Option(inner) | Self::List(inner) | Self::Map(inner) => vec![inner],
            Self::Tuple(all) | Self::Untagged(all) => all.iter_mut().collect(),
            Self::Struct(fields) => fields
                .fields
                .iter_mut()
                .map(|field| &mut field.content)
                .collect(),
            Self::Internal(variants) => {
                let fields = variants
                    .iter_mut()
                    .flat_map(|(_, fields)| &mut fields.fields);
                fields.map(|field| &mut field.content).collect()
            }
            Self::Adjacent(variants) => variants.iter_mut().map(|(_, content)| content).collect(),
            Self::External(variants) => variants
                .iter_mut()
                .filter_map(|(_, content)| content.as_mut())
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Returns how many types there are in the type, with itself.
    fn count(&mut self) -> usize {
        1 + self.inner().into_iter().map(Self::count).sum::<usize>()
    }

    /// Returns the type with a number among those in the type, which is counted down.
    fn nth(&mut self, number: &mut usize) -> Option<&mut Self> {
        if *number == 0 {
            return Some(self);
        }
        *number -= 1;
        self.inner().into_iter().find_map(|inner| inner.nth(number))
    }

    pub(crate) fn schema(&self, side: Side) -> Value {
        match self {
            Self::Bool => json!({"type": "boolean"}),
            Self::Integer(min, max) => json!({"type": "integer", "minimum": min, "maximum": max}),
            Self::Float => json!({"type": "number"}),
            Self::Text => json!({"type": "string"}),
            Self::Any => json!(true),
            Self::Option(inner) => match inner.schema(side) {
                Value::Bool(true) => json!(true),
                inner => json!({"anyOf": [inner, {"type": "null"}]}),
            },
            Self::List(inner) => json!({"type": "array", "items": inner.schema(side)}),
            Self::Tuple(items) => {
                let schemas: Vec<_> = items.iter().map(|item| item.schema(side)).collect();
                let count = items.len();
                json!({"type": "array", "prefixItems": schemas, "minItems": count, "maxItems": count})
            }
            Self::Map(inner) => {
                json!({"type": "object", "additionalProperties": inner.schema(side)})
            }
            Self::Struct(fields) => Value::Object(fields.schema(side)),
            Self::Names(names) => json!({"type": "string", "enum": names}),
            Self::Internal(variants) => {
                let variants = variants.iter().map(|(name, fields)| {
                    let mut schema = fields.schema(side);
                    let tag = json!({"type": "string", "const": name});
                    let properties = schema.entry("properties").or_insert(json!({}));
                    properties
                        .as_object_mut()
                        .expect("an object")
                        .insert("type".into(), tag);
                    let required = schema.entry("required").or_insert(json!([]));
                    required.as_array_mut().expect("a list").push(json!("type"));
                    Value::Object(schema)
                });
                json!({"oneOf": variants.collect::<Vec<_>>()})
            }
            Self::Adjacent(variants) => {
                let variants = variants.iter().map(|(name, content)| {
                    closed(side, json!({
                        "type": "object",
                        "properties": {"type": {"type": "string", "const": name}, "content": content.schema(side)},
                        "required": ["type", "content"],
                    }))
                });
                json!({"oneOf": variants.collect::<Vec<_>>()})
            }
            Self::External(variants) => {
                let variants = variants.iter().map(|(name, content)| match content {
                    None => json!({"type": "string", "const": name}),
                    Some(content) => json!({
                        "type": "object",
                        "properties": {*name: content.schema(side)},
                        "required": [name],
                        "additionalProperties": false,
                    }),
                });
                json!({"oneOf": variants.collect::<Vec<_>>()})
            }
            Self::Untagged(variants) => {
                let variants = variants.iter().map(|variant| variant.schema(side));
                json!({"anyOf": variants.collect::<Vec<_>>()})
            }
        }
    }

    /// A random value as serde writes it.
    pub(crate) fn value(&self, random: &mut impl FnMut(usize) -> usize) -> Value {
        match self {
            Self::Bool => Value::Bool(random(2) == 0),
            Self::Integer(min, max) => match random(4) {
                0 => json!(min),
                1 => json!(max),
                2 => json!((*max).min(300)),
                _ => json!((*min).max(0)),
            },
            Self::Float => json!([0.5, -1e300, 3.0][random(3)]),
            Self::Text => {
                json!(["", "x", "Card", "00000000-0000-0000-0000-000000000000"][random(4)])
            }
            Self::Any => match random(5) {
                0 => Value::Null,
                1 => json!({"id": 1, "any": [true]}),
                2 => json!([1]),
                3 => json!("Cash"),
                _ => json!(-7),
            },
            Self::Option(_) if random(3) == 0 => Value::Null,
            Self::Option(inner) => inner.value(random),
            Self::List(inner) => (0..random(3)).map(|_| inner.value(random)).collect(),
            Self::Tuple(items) => items.iter().map(|item| item.value(random)).collect(),
            Self::Map(inner) => {
                let keys = ["id", "type", "key"][..random(4)].iter();
                Value::Object(
                    keys.map(|key| ((*key).to_owned(), inner.value(random)))
                        .collect(),
                )
            }
            Self::Struct(fields) => Value::Object(fields.value(random)),
            Self::Names(names) => json!(names[random(names.len())]),
            Self::Internal(variants) => {
                let (name, fields) = &variants[random(variants.len())];
                let mut value = fields.value(random);
                value.insert("type".into(), json!(name));
                Value::Object(value)
            }
            Self::Adjacent(variants) => {
                let (name, content) = &variants[random(variants.len())];
                json!({"type": name, "content": content.value(random)})
            }
            Self::External(variants) => match &variants[random(variants.len())] {
                (name, None) => json!(name),
                (name, Some(content)) => json!({*name: content.value(random)}),
            },
            Self::Untagged(variants) => variants[random(variants.len())].value(random),
        }
    }
}

fn closed(side: Side, mut schema: Value) -> Value {
    if side == Side::ClosedWriter {
        schema["additionalProperties"] = json!(false);
    }
    schema
}

impl Fields {
    fn schema(&self, side: Side) -> Map<String, Value> {
        let (mut properties, mut required) = (Map::new(), Vec::new());
        for field in &self.fields {
            let schema = field.content.schema(side);
            properties.insert(field.name.to_owned(), schema);
            let is_option = matches!(field.content, Type::Option(_));
            let is_required = match side {
                Side::Reader => !field.has_default && !is_option,
                Side::Writer | Side::ClosedWriter => !field.is_skipped,
            };
            if is_required {
                required.push(json!(field.name));
            }
        }
        let mut schema = json!({"type": "object"});
        let is_closed = side == Side::ClosedWriter && !properties.is_empty();
        if !properties.is_empty() {
            schema["properties"] = Value::Object(properties);
        }
        if !required.is_empty() {
            schema["required"] = Value::Array(required);
        }
        if self.denies && side == Side::Reader || is_closed {
            schema["additionalProperties"] = json!(false);
        }
        match schema {
            Value::Object(schema) => schema,
            _ => unreachable!("an object"),
        }
    }

    fn value(&self, random: &mut impl FnMut(usize) -> usize) -> Map<String, Value> {
        let mut value = Map::new();
        for field in &self.fields {
            if field.is_skipped && random(2) == 0 {
                continue;
            }
            value.insert(field.name.to_owned(), field.content.value(random));
        }
        value
    }
}
