//! Changes a schema into one that the official parser, and the generators behind it, understand.
//!
//! Seen with `@asyncapi/parser` 3.6.6 and `@asyncapi/modelina` 5.10.1:
//!
//! * A payload, or a definition, that is `true` makes the document invalid. It becomes `{}`.
//! * What is beside a `$ref` is dropped without a diagnostic. It moves into an `allOf`.
//! * Java and Python models of a tagged enum are only right with a `discriminator`, and a `title` for each variant.
//! * The formats `uint32` and `uint64` become integers of 32 bits.

use serde_json::{Map, Value, json};

use super::Options;

/// The keywords whose value is a schema, a list of schemas, or schemas by name.
const ONE: [&str; 4] = ["items", "additionalItems", "not", "contains"];
const LISTS: [&str; 4] = ["allOf", "anyOf", "oneOf", "items"];
const NAMED: [&str; 2] = ["properties", "patternProperties"];

/// Changes the schema of an event, or a definition, that has a name.
pub(super) fn adapt(name: &str, schema: &mut Value, options: &Options) {
    let title = schema.get("title").and_then(Value::as_str);
    let title = title.unwrap_or(name).to_owned();
    adapt_within(&title, schema, options);
}

/// `title` is what the names of variants begin with.
fn adapt_within(title: &str, schema: &mut Value, options: &Options) {
    match schema {
        Value::Bool(true) => *schema = json!({}),
        Value::Bool(false) => *schema = json!({"not": {}}),
        _ => {}
    }
    let Some(keywords) = schema.as_object_mut() else {
        return;
    };
    if keywords.len() > 1
        && let Some(reference) = keywords.remove("$ref")
    {
        let all = keywords.entry("allOf").or_insert_with(|| json!([]));
        if let Some(all) = all.as_array_mut() {
            all.insert(0, json!({"$ref": reference}));
        }
    }
    if options.unsigned_as_int64
        && let Some(Value::String(format)) = keywords.get_mut("format")
        && format.starts_with("uint")
    {
        "int64".clone_into(format);
    }
    title_variants(title, keywords);
    for key in ONE {
        if let Some(value @ (Value::Object(_) | Value::Bool(_))) = keywords.get_mut(key) {
            adapt_within(title, value, options);
        }
    }
    // A boolean is fine here, and `{}` would say nothing more.
    if let Some(value @ Value::Object(_)) = keywords.get_mut("additionalProperties") {
        adapt_within(title, value, options);
    }
    for key in LISTS {
        let members = keywords.get_mut(key).and_then(Value::as_array_mut);
        for member in members.into_iter().flatten() {
            adapt_within(title, member, options);
        }
    }
    for key in NAMED {
        let schemas = keywords.get_mut(key).and_then(Value::as_object_mut);
        for schema in schemas.into_iter().flat_map(Map::values_mut) {
            adapt_within(title, schema, options);
        }
    }
}

/// Gives the variants of an enum titles, and the enum a `discriminator` if they have a tag.
fn title_variants(title: &str, keywords: &mut Map<String, Value>) {
    if let Some(Value::Array(members)) = keywords.get_mut("anyOf") {
        // Without tags: the names of the variants are not written, nor in the schema.
        let objects = members.iter_mut().filter_map(Value::as_object_mut);
        let objects = objects.filter(|member| member.contains_key("properties"));
        for (at, member) in objects.enumerate() {
            let title = format!("{title}Variant{}", at + 1);
            member.entry("title").or_insert_with(|| json!(title));
        }
    }
    let Some(Value::Array(members)) = keywords.get_mut("oneOf") else {
        return;
    };
    let tag = tag(members);
    for member in &mut *members {
        let name = match &tag {
            Some(tag) => member["properties"][tag]["const"].as_str(),
            None => only_field(member),
        };
        if let (Some(name), Some(keywords)) = (name.map(pascal), member.as_object_mut()) {
            keywords
                .entry("title")
                .or_insert_with(|| json!(format!("{title}{name}")));
        }
    }
    if let Some(tag) = tag {
        keywords.insert("discriminator".to_owned(), json!(tag));
    }
}

/// Returns the field that has a text of its own in each member.
fn tag(members: &[Value]) -> Option<String> {
    let is_tag = |member: &Value, name: &str| {
        let required = member.get("required").and_then(Value::as_array);
        member["properties"][name]["const"].is_string()
            && required.is_some_and(|names| names.iter().any(|it| it == name))
    };
    let fields = members.first()?.get("properties")?.as_object()?;
    let mut names = fields.keys();
    let tag = names.find(|name| members.iter().all(|member| is_tag(member, name)))?;
    Some(tag.clone())
}

/// Returns the field of an object that can have no other.
fn only_field(member: &Value) -> Option<&str> {
    let fields = member.get("properties")?.as_object()?;
    let mut names = fields.keys();
    let name = names.next()?;
    (names.next().is_none() && member.get("additionalProperties") == Some(&Value::Bool(false)))
        .then_some(name)
}

/// Returns `inCash`, `in_cash` or `in-cash` as `InCash`.
pub(crate) fn pascal(name: &str) -> String {
    let words = name.split(|character: char| !character.is_alphanumeric());
    let words = words.map(|word| {
        let mut letters = word.chars();
        let first = letters.next().into_iter().flat_map(char::to_uppercase);
        first.chain(letters).collect::<String>()
    });
    words.collect()
}
