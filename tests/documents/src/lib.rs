//! Events of every shape, for tests of the documents that the catalogue writes of them.

mod events;

use std::collections::BTreeMap;

use event_catalog::Catalog;
use event_catalog::asyncapi::Options;
use serde_json::{Value, json};

pub use crate::events::values;

/// The document of all events here.
///
/// # Panics
///
/// Panics if it cannot be written.
#[must_use]
pub fn document(options: &Options) -> Value {
    let catalog = Catalog::linked().with_schemas();
    serde_json::to_value(catalog.asyncapi(options)).expect("it is written")
}

/// What is written of values of each event, by the keys of the document's messages.
#[must_use]
pub fn samples() -> BTreeMap<String, Vec<Value>> {
    let mut samples: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (key, value) in values() {
        samples.entry(key).or_default().push(value);
    }
    samples
}

/// What the programs of other languages are given.
#[must_use]
pub fn input(options: &Options) -> Value {
    json!({"document": document(options), "samples": samples()})
}
