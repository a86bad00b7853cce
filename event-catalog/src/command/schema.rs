//! `events schema`: the JSON Schemas of events.

use clap::{Args, ValueEnum};
use serde_json::{Map, Value};

use super::Reply;
use crate::catalog::{Catalog, EventEntry};
use crate::doctor::named_twice;
use crate::schema::Schemas;

/// The arguments of `events schema`.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "\
Examples:
  events schema shop.order_placed          what this program reads of the event
  events schema OrderPlaced --for write    what it writes
  events schema > schemas.json             of all events that have one, by name

Exit status: 0, or 1 if there is no such event, or it has no schema.")]
#[non_exhaustive]
pub struct SchemaArgs {
    /// The event: its name, an alias, or its type; all that have a schema, if it is left out
    pub name: Option<String>,

    /// Whether what is read is described, or what is written
    #[arg(long = "for", value_name = "WHAT", value_enum, default_value_t)]
    pub usage: SchemaUsage,
}

/// What a schema describes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SchemaUsage {
    /// What is read: a field with a default may be absent.
    #[default]
    Read,
    /// What is written: a field that is always written is required.
    Write,
}

pub(super) fn schema(catalog: &Catalog, arguments: &SchemaArgs) -> Reply {
    let of = |schemas: &Schemas| match arguments.usage {
        SchemaUsage::Read => schemas.reader.clone(),
        SchemaUsage::Write => schemas.writer.clone(),
    };
    let Some(name) = &arguments.name else {
        if let Some(finding) = named_twice(catalog).first() {
            return Reply::failure(finding.to_string());
        }
        let events = catalog.events.iter();
        let schemas = events.filter_map(|event| {
            let schemas = event.schemas.as_ref()?;
            Some((event.id().to_string(), of(schemas)))
        });
        let schemas: Map<String, Value> = schemas.collect();
        if schemas.is_empty() {
            return Reply::failure(format!("no linked event has a schema; {HOW}"));
        }
        return Reply::json(&schemas);
    };
    match catalog.find(name) {
        Err(error) => Reply::failure(error.to_string()),
        Ok(event) => match &event.schemas {
            Some(schemas) => Reply::json(&of(schemas)),
            None => Reply::failure(missing(event)),
        },
    }
}

const HOW: &str =
    "an event has one with `#[event(wire, schema)]` and `#[derive(schemars::JsonSchema)]`";

fn missing(event: &EventEntry) -> String {
    let key = if event.is_wire {
        "schema"
    } else {
        "wire, schema"
    };
    format!(
        "event `{}` has no schema; write `#[event({key})]` and `#[derive(schemars::JsonSchema)]` above \
         `{}`, at {}",
        event.name,
        event.short_type_name(),
        event.place
    )
}
