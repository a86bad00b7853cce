//! The schemas of all events in one place, with the definitions that they share.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{plain, unused};
use crate::schema::reference::definition;

/// Schemas by their keys under `#/components/schemas/`.
///
/// Two types of one name are two definitions; `schemars` names a type by the last part of its path, so that they have
/// one name if no event has both.
#[derive(Debug, Default)]
pub(super) struct SharedSchemas {
    /// The schemas as they were given, which tell definitions of one name apart.
    originals: BTreeMap<String, Value>,
    schemas: BTreeMap<String, Value>,
}

impl SharedSchemas {
    /// Adds the schema of an event, whose definitions move beside it.
    pub(super) fn add(&mut self, key: &str, schema: &Value) {
        let mut root = schema.clone();
        let definitions = root.as_object_mut().and_then(|keywords| {
            keywords.remove("$schema");
            keywords.remove("definitions")
        });
        let definitions = match definitions {
            Some(Value::Object(definitions)) => definitions,
            _ => Map::new(),
        };
        let names = self.new_names(key, &definitions);
        let new_name = |name: &str| names.get(name).map_or(name, |new| &**new).to_owned();
        let new_pointer = |pointer: &str| match definition(pointer) {
            Some((name, within)) => format!("#/components/schemas/{}{within}", new_name(&name)),
            None => match pointer.strip_prefix('#') {
                Some(within) => format!("#/components/schemas/{key}{within}"),
                // The doctor finds it.
                None => pointer.to_owned(),
            },
        };
        for (name, definition) in definitions {
            let new_name = new_name(&name);
            let mut moved = definition.clone();
            redirect(&mut moved, &new_pointer);
            self.originals.insert(new_name.clone(), definition);
            self.schemas.insert(new_name, moved);
        }
        redirect(&mut root, &new_pointer);
        self.schemas.insert(key.to_owned(), root);
    }

    /// Returns new names for definitions that have not theirs here, since it is that of another one, or has a character
    /// that the parser refuses in a key.
    fn new_names(&self, key: &str, definitions: &Map<String, Value>) -> BTreeMap<String, String> {
        let mut new_names: BTreeMap<String, String> = BTreeMap::new();
        let others = self.others(definitions);
        let is_renamed = |name: &&String| others.contains(*name) || plain(name) != **name;
        for name in definitions.keys().filter(is_renamed) {
            let is_used = |new: &str| new_names.values().any(|used| used == new);
            let new = unused(&format!("{key}.{}", plain(name)), is_used);
            new_names.insert(name.clone(), new);
        }
        new_names
    }

    /// Returns the names that are other definitions here: themselves, or by what they refer to.
    fn others(&self, definitions: &Map<String, Value>) -> BTreeSet<String> {
        let is_other = |(name, definition): &(&String, &Value)| {
            let original = self.originals.get(*name);
            // A definition that refers to the event itself is the event's own.
            original.is_some_and(|original| original != *definition)
                || names(definition).contains("")
        };
        let mut others: BTreeSet<String> = definitions
            .iter()
            .filter(is_other)
            .map(|(name, _)| name.clone())
            .collect();
        loop {
            let refers = |(name, definition): &(&String, &Value)| {
                !others.contains(*name) && !names(definition).is_disjoint(&others)
            };
            let more = definitions.iter().filter(refers);
            let more: Vec<_> = more.map(|(name, _)| name.clone()).collect();
            if more.is_empty() {
                return others;
            }
            others.extend(more);
        }
    }

    pub(super) fn into_schemas(self) -> BTreeMap<String, Value> {
        self.schemas
    }
}

/// Returns the names of the definitions that a schema refers to; an empty one for the event's own schema.
fn names(schema: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    collect(schema, &mut names);
    names
}

fn collect(schema: &Value, names: &mut BTreeSet<String>) {
    match schema {
        Value::Object(keywords) => {
            if let Some(Value::String(pointer)) = keywords.get("$ref") {
                let name = definition(pointer).map(|(name, _)| name);
                names.insert(name.unwrap_or_default());
            }
            keywords.values().for_each(|value| collect(value, names));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        _ => {}
    }
}

fn redirect(schema: &mut Value, new_pointer: &impl Fn(&str) -> String) {
    match schema {
        Value::Object(keywords) => {
            if let Some(Value::String(pointer)) = keywords.get_mut("$ref") {
                *pointer = new_pointer(pointer);
            }
            keywords
                .values_mut()
                .for_each(|value| redirect(value, new_pointer));
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| redirect(item, new_pointer)),
        _ => {}
    }
}
