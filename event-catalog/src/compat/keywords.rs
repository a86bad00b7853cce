//! The keywords of a JSON Schema that are not read yet.

use serde_json::{Map, Value};

/// Keywords, which are taken out one by one as they are read.
#[derive(Clone)]
pub(super) struct Keywords<'s>(Vec<(&'s str, &'s Value)>);

impl<'s> Keywords<'s> {
    /// Returns those of a schema that are meant.
    pub(super) fn of(schema: &'s Map<String, Value>, is_meant: impl Fn(&str) -> bool) -> Self {
        let all = schema.iter().map(|(key, value)| (key.as_str(), value));
        Self(all.filter(|(key, _)| is_meant(key)).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn get(&self, key: &str) -> Option<&'s Value> {
        let mut found = self.0.iter().filter(|(other, _)| *other == key);
        found.next().map(|(_, value)| *value)
    }

    pub(super) fn take(&mut self, key: &str) -> Option<&'s Value> {
        let at = self.0.iter().position(|(other, _)| *other == key)?;
        Some(self.0.swap_remove(at).1)
    }

    /// Takes a keyword if its value is an array.
    pub(super) fn take_array(&mut self, key: &str) -> Option<&'s Vec<Value>> {
        self.take(key)?.as_array()
    }

    /// Returns them as a schema.
    pub(super) fn to_schema(&self) -> Value {
        let mut all: Vec<_> = self.0.iter().collect();
        all.sort_by_key(|(key, _)| *key);
        let owned = all
            .into_iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).clone()));
        Value::Object(owned.collect())
    }
}
