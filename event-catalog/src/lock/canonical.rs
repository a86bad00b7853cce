//! A schema without what says nothing about data, in one order: what is committed changes only if an event does.

use serde_json::{Map, Value, json};

/// The keywords that say nothing about which values there are.
const COMMENTS: [&str; 10] = [
    "$schema",
    "$id",
    "$comment",
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
];

/// Returns a schema without comments and with everything sorted whose order means nothing.
pub(super) fn canonical(schema: &Value) -> Value {
    match schema {
        Value::Object(keywords) => {
            let mut keywords: Vec<_> = keywords.iter().collect();
            keywords.retain(|(key, _)| !COMMENTS.contains(&key.as_str()));
            let keywords = keywords
                .into_iter()
                .map(|(key, value)| (key.as_str(), keyword(key, value)));
            let mut schema = sorted(keywords.collect());
            join_units(&mut schema);
            Value::Object(schema)
        }
        Value::Array(schemas) => schemas.iter().map(canonical).collect(),
        other => other.clone(),
    }
}

fn keyword(key: &str, value: &Value) -> Value {
    match (key, value) {
        ("properties" | "patternProperties" | "definitions" | "$defs", Value::Object(named)) => {
            let named = named
                .iter()
                .map(|(name, schema)| (name.as_str(), canonical(schema)));
            Value::Object(sorted(named.collect()))
        }
        ("required" | "enum" | "type" | "x-aliases", Value::Array(values)) => {
            let mut values: Vec<_> = values.iter().map(data).collect();
            values.sort_by_cached_key(ToString::to_string);
            values.dedup();
            Value::Array(values)
        }
        ("const" | "enum" | "x-aliases", value) => data(value),
        ("oneOf", Value::Array(members)) => {
            let mut members: Vec<_> = members.iter().map(canonical).collect();
            members.sort_by_cached_key(|member| (variant(member), member.to_string()));
            Value::Array(members)
        }
        (_, value) => canonical(value),
    }
}

/// Returns a value with the keys of its objects sorted.
fn data(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| (name.as_str(), data(value)));
            Value::Object(sorted(fields.collect()))
        }
        Value::Array(items) => items.iter().map(data).collect(),
        other => other.clone(),
    }
}

/// Returns an object whose keys are sorted also where another crate has `serde_json` keep them in order.
fn sorted(mut entries: Vec<(&str, Value)>) -> Map<String, Value> {
    entries.sort_by_key(|(key, _)| *key);
    entries
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

/// Returns the name of the variant that a member is for, if it has one.
fn variant(member: &Value) -> Option<String> {
    let properties = member.get("properties")?.as_object()?;
    let tag = properties
        .values()
        .find_map(|field| field.get("const")?.as_str());
    let only = || properties.keys().next().filter(|_| properties.len() == 1);
    tag.map(str::to_owned).or_else(|| only().cloned())
}

/// Makes one list of the texts of a union. `schemars` gives a unit variant a member of its own if it is
/// documented.
fn join_units(schema: &mut Map<String, Value>) {
    let Some(Value::Array(members)) = schema.get_mut("oneOf") else {
        return;
    };
    let mut names: Vec<Value> = members
        .iter()
        .filter_map(units)
        .flatten()
        .cloned()
        .collect();
    if names.is_empty() {
        return;
    }
    names.sort_by_cached_key(ToString::to_string);
    names.dedup();
    members.retain(|member| units(member).is_none());
    let units = json!({"enum": names, "type": "string"});
    let is_alone = members.is_empty();
    if !is_alone || schema.contains_key("enum") || schema.contains_key("type") {
        if let Some(Value::Array(members)) = schema.get_mut("oneOf") {
            members.insert(0, units);
        }
        return;
    }
    schema.remove("oneOf");
    let Value::Object(units) = units else { return };
    let mut keywords: Vec<_> = std::mem::take(schema).into_iter().chain(units).collect();
    keywords.sort_by(|(one, _), (other, _)| one.cmp(other));
    schema.extend(keywords);
}

/// Returns the texts of a member that has only such.
fn units(member: &Value) -> Option<&[Value]> {
    let keywords = member.as_object()?;
    if keywords.len() != 2 || keywords.get("type")? != "string" {
        return None;
    }
    match (keywords.get("const"), keywords.get("enum")) {
        (Some(name), None) => Some(std::slice::from_ref(name)),
        (None, Some(Value::Array(names))) => Some(names),
        _ => None,
    }
}
