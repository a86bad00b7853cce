//! Adds to the schema of what is read the names that `schemars` leaves out: those of `#[serde(alias)]`, and
//! any name for `#[serde(other)]`.

use event_core::event::{EventInfo, FieldInfo, Tagging, VariantInfo};
use serde_json::{Value, json};

/// Adds the names of an event's fields and variants to its schema.
pub(super) fn add(schema: &mut Value, event: &EventInfo, tagging: Option<Tagging>) {
    add_to_fields(schema, event.fields());
    let Some(tagging) = tagging else { return };
    for variant in event.variants() {
        add_to_variant(schema, variant, tagging);
    }
    if event.variants().iter().any(VariantInfo::is_other) {
        add_other(schema, event.variants(), tagging);
    }
}

/// Adds `"x-aliases"` to the fields of an object.
fn add_to_fields(schema: &mut Value, fields: &[FieldInfo]) {
    let named = schema.get_mut("properties").and_then(Value::as_object_mut);
    let Some(properties) = named else { return };
    for field in fields {
        let [name, aliases @ ..] = field.read_names() else {
            continue;
        };
        let Some(property) = properties.get_mut(*name) else {
            continue;
        };
        // The schema of `serde_json::Value`.
        if *property == Value::Bool(true) {
            *property = json!({});
        }
        property["x-aliases"] = json!(aliases);
    }
}

fn add_to_variant(schema: &mut Value, variant: &VariantInfo, tagging: Tagging) {
    let [name, aliases @ ..] = variant.read_names() else {
        return;
    };
    if add_to_list(schema, name, aliases) {
        return;
    }
    let Some(members) = members(schema) else {
        return;
    };
    let mut all = Vec::with_capacity(members.len() + aliases.len());
    for mut member in members.drain(..) {
        if has_name(&member, name, tagging) {
            if let Some(content) = content(&mut member, name, tagging) {
                add_to_fields(content, variant.fields());
            }
            for alias in aliases {
                let mut member = member.clone();
                rename(&mut member, name, alias, tagging);
                all.push(member);
            }
        } else {
            // The variants without fields of an externally tagged enum are in one member.
            add_to_list(&mut member, name, aliases);
        }
        all.push(member);
    }
    *members = all;
}

/// Adds the other names of a variant to a list of names that has its own. Returns whether there is a list.
fn add_to_list(schema: &mut Value, name: &str, aliases: &[&str]) -> bool {
    let Some(names) = schema.get_mut("enum").and_then(Value::as_array_mut) else {
        return false;
    };
    if names.iter().any(|other| other == name) {
        names.extend(aliases.iter().map(|alias| json!(alias)));
    }
    true
}

/// Adds a member for all names that no variant has.
fn add_other(schema: &mut Value, variants: &[VariantInfo], tagging: Tagging) {
    let known: Vec<_> = variants.iter().flat_map(VariantInfo::read_names).collect();
    let name = json!({"type": "string", "not": {"enum": known}});
    let other = match tagging {
        Tagging::External => name,
        Tagging::Internal { tag } => {
            json!({"type": "object", "properties": {tag: name}, "required": [tag]})
        }
        Tagging::Adjacent { tag, content } => json!({
            "type": "object",
            // Content that is there must be none.
            "properties": {tag: name, content: {"type": "null"}},
            "required": [tag],
        }),
        Tagging::Untagged => return,
    };
    if let Some(members) = members(schema) {
        members.push(other);
    } else if let Some(keywords) = schema.as_object_mut()
        && let Some(names) = keywords.remove("enum")
    {
        keywords.remove("type");
        let units = json!({"type": "string", "enum": names});
        keywords.insert("oneOf".to_owned(), json!([units, other]));
    }
}

/// Returns the variants of an enum's schema.
fn members(schema: &mut Value) -> Option<&mut Vec<Value>> {
    let keywords = schema.as_object_mut()?;
    let mut keys = ["oneOf", "anyOf"].into_iter();
    let key = keys.find(|key| keywords.contains_key(*key))?;
    keywords.get_mut(key)?.as_array_mut()
}

/// Whether a member of an enum's schema is the variant with this name.
fn has_name(member: &Value, name: &str, tagging: Tagging) -> bool {
    match tagging {
        Tagging::External => {
            let properties = member.get("properties").and_then(Value::as_object);
            let is_key = properties.is_some_and(|it| it.len() == 1 && it.contains_key(name));
            is_key || member.get("const").is_some_and(|only| only == name)
        }
        Tagging::Internal { tag } | Tagging::Adjacent { tag, .. } => {
            member["properties"][tag]["const"] == name
        }
        Tagging::Untagged => false,
    }
}

/// Gives a variant another name.
fn rename(member: &mut Value, name: &str, alias: &str, tagging: Tagging) {
    match tagging {
        Tagging::External if member.get("const").is_some() => member["const"] = json!(alias),
        Tagging::External => {
            let properties = member["properties"].as_object_mut();
            let content = properties.and_then(|properties| properties.remove(name));
            member["properties"] = json!({alias: content});
            member["required"] = json!([alias]);
        }
        Tagging::Internal { tag } | Tagging::Adjacent { tag, .. } => {
            member["properties"][tag]["const"] = json!(alias);
        }
        Tagging::Untagged => {}
    }
}

/// Returns the object that has the fields of a variant.
fn content<'a>(member: &'a mut Value, name: &str, tagging: Tagging) -> Option<&'a mut Value> {
    match tagging {
        Tagging::External => member.get_mut("properties")?.get_mut(name),
        Tagging::Internal { .. } => Some(member),
        Tagging::Adjacent { content, .. } => member.get_mut("properties")?.get_mut(content),
        Tagging::Untagged => None,
    }
}
