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

/// Takes the comments from a schema, and sorts everything whose order means nothing.
pub(super) fn canonicalize(schema: &mut Value) {
    match schema {
        Value::Object(keywords) => {
            keywords.retain(|key, _| !COMMENTS.contains(&key.as_str()));
            sort(keywords);
            for (key, value) in keywords.iter_mut() {
                keyword(key, value);
            }
            join_units(keywords);
        }
        Value::Array(schemas) => schemas.iter_mut().for_each(canonicalize),
        _ => {}
    }
}

fn keyword(key: &str, value: &mut Value) {
    match (key, value) {
        ("properties" | "patternProperties" | "definitions" | "$defs", Value::Object(named)) => {
            sort(named);
            named.values_mut().for_each(canonicalize);
        }
        ("required" | "enum" | "type" | "x-aliases", Value::Array(values)) => {
            values.iter_mut().for_each(data);
            sort_values(values);
            values.dedup();
        }
        ("const" | "enum" | "x-aliases", value) => data(value),
        ("oneOf", Value::Array(members)) => {
            members.iter_mut().for_each(canonicalize);
            members.sort_by(|one, other| {
                let variants = variant(one).cmp(&variant(other));
                variants.then_with(|| one.to_string().cmp(&other.to_string()))
            });
        }
        (_, value) => canonicalize(value),
    }
}

/// Sorts the keys of a value's objects.
fn data(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            sort(fields);
            fields.values_mut().for_each(data);
        }
        Value::Array(items) => items.iter_mut().for_each(data),
        _ => {}
    }
}

/// Sorts the keys of an object, which are in another order only where another crate has `serde_json` keep them so.
fn sort(object: &mut Map<String, Value>) {
    if object.keys().is_sorted() {
        return;
    }
    let mut entries: Vec<_> = std::mem::take(object).into_iter().collect();
    entries.sort_by(|(one, _), (other, _)| one.cmp(other));
    object.extend(entries);
}

/// Sorts values by their JSON.
fn sort_values(values: &mut [Value]) {
    // Between quotes, names of these characters are in their own order.
    let is_name = |value: &Value| {
        let is_plain = |text: &str| {
            text.bytes()
                .all(|it| it.is_ascii_alphanumeric() || it == b'_')
        };
        value.as_str().is_some_and(is_plain)
    };
    if values.iter().all(is_name) {
        values.sort_by(|one, other| one.as_str().cmp(&other.as_str()));
    } else {
        values.sort_by_cached_key(ToString::to_string);
    }
}

/// Returns the name of the variant that a member is for, if it has one.
fn variant(member: &Value) -> Option<&str> {
    let properties = member.get("properties")?.as_object()?;
    let tag = properties
        .values()
        .find_map(|field| field.get("const")?.as_str());
    let only = || properties.keys().next().filter(|_| properties.len() == 1);
    tag.or_else(|| only().map(String::as_str))
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
    sort_values(&mut names);
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
    schema.extend(units);
    sort(schema);
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
