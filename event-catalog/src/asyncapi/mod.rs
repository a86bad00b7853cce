//! An AsyncAPI document of the events that leave the program.
//!
//! Each event is a channel, each version of it a message, and each handler an operation that receives. The payloads
//! are the schemas of what is written, changed so that the official parser, and the generators behind it, read all of
//! them: see its module `payload`.

mod document;
mod payload;
mod schemas;

use std::collections::BTreeMap;

use serde_json::Value;

use self::document::{
    Action, Channel, Components, HandlerPlace, Info, Message, MessageExample, Operation, Reference,
};
use self::schemas::SharedSchemas;
use crate::catalog::{Catalog, EventEntry, EventId, HandlerEntry};
use crate::schema::Schemas;

pub use self::document::Document;
pub(crate) use self::payload::pascal;

/// The version of the AsyncAPI specification.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SpecVersion {
    /// 3.0.0, which the tools behind the official parser read.
    #[default]
    V3_0,
    /// 3.1.0, of which generators make nothing: `@asyncapi/modelina` 5.10.1 and `@asyncapi/cli` 6.2.0 report success
    /// nevertheless.
    V3_1,
}

/// What the catalogue does not know of the program, for its [`Document`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// The title of the document; `Events` by default.
    pub title: String,
    /// The version of the document; `1.0.0` by default.
    pub version: String,
    /// The version of the specification.
    pub spec: SpecVersion,
    /// Whether unsigned integers have the format `int64`, as which generators know integers of 64 bits; they take
    /// `uint32` and `uint64` for 32 bits.
    pub unsigned_as_int64: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            title: "Events".to_owned(),
            version: "1.0.0".to_owned(),
            spec: SpecVersion::default(),
            unsigned_as_int64: false,
        }
    }
}

impl Catalog {
    /// Returns the AsyncAPI document of the events that are `wire`.
    ///
    /// The catalogue needs its [schemas](Self::with_schemas): the message of an event without one has no payload.
    /// Events that are only read, since a newer version supersedes them, are messages of their channel that no
    /// operation sends.
    ///
    /// # Examples
    ///
    /// ```standalone_crate
    /// use event_catalog::Catalog;
    /// use event_catalog::asyncapi::Options;
    /// use event_core::Event;
    /// use schemars::JsonSchema;
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Event, Serialize, Deserialize, JsonSchema)]
    /// #[event(name = "shop.order_placed", wire, schema)]
    /// struct OrderPlaced { order_id: u64 }
    ///
    /// let catalog = Catalog::linked().with_schemas();
    /// let document = serde_json::to_value(catalog.asyncapi(&Options::default()))?;
    /// assert_eq!(document["asyncapi"], "3.0.0");
    /// assert_eq!(document["channels"]["shop.order_placed"]["address"], "shop.order_placed");
    /// assert_eq!(
    ///     document["components"]["schemas"]["shop.order_placed.v1"]["required"],
    ///     serde_json::json!(["order_id"]),
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn asyncapi(&self, options: &Options) -> Document {
        let mut schemas = SharedSchemas::default();
        let mut channels: BTreeMap<String, Channel> = BTreeMap::new();
        let mut operations = BTreeMap::new();
        let mut messages = BTreeMap::new();
        for event in self.events.iter().filter(|event| event.is_wire) {
            let name = event.name.to_string();
            // Tools know a message by its key in the channel, and mix up those of one key in several.
            let key = message_key(&event.id());
            let channel = channels.entry(name.clone()).or_insert_with(|| Channel {
                address: name.clone(),
                title: None,
                description: None,
                messages: BTreeMap::new(),
            });
            let at_channel = Reference::to(&["channels", &name, "messages", &key]);
            let at_components = Reference::to(&["components", "messages", &key]);
            channel.messages.insert(key.clone(), at_components);
            let payload = event.schemas.as_ref().map(|event| {
                schemas.add(&key, &event.writer);
                Reference::to(&["components", "schemas", &key])
            });
            messages.insert(key, message(event, payload));
            if event.is_superseded {
                continue;
            }
            channel.title = Some(event.short_type_name());
            channel.description = event.documentation.as_ref().map(ToString::to_string);
            let at = Reference::to(&["channels", &name]);
            operations.insert(
                format!("send.{name}"),
                Operation::new(Action::Send, at.clone(), at_channel.clone()),
            );
            for handler in event.own_handlers() {
                let operation = Operation {
                    summary: handler.documentation.as_deref().map(first_paragraph),
                    handler: Some(handler_place(handler)),
                    ..Operation::new(Action::Receive, at.clone(), at_channel.clone())
                };
                let key = format!("receive.{name}.{}", plain(&handler.name.replace("::", ".")));
                let key = unused(&key, |key| operations.contains_key(key));
                operations.insert(key, operation);
            }
        }
        let mut schemas = schemas.into_schemas();
        for (name, schema) in &mut schemas {
            payload::adapt(name, schema, options);
        }
        Document {
            asyncapi: match options.spec {
                SpecVersion::V3_0 => "3.0.0",
                SpecVersion::V3_1 => "3.1.0",
            },
            info: Info {
                title: options.title.clone(),
                version: options.version.clone(),
            },
            default_content_type: "application/json",
            channels,
            operations,
            components: Components { messages, schemas },
        }
    }
}

fn message(event: &EventEntry, payload: Option<Reference>) -> Message {
    let sample = event.schemas.as_ref().and_then(Schemas::sample);
    Message {
        name: event.name.to_string(),
        title: event.short_type_name(),
        summary: event.documentation.as_deref().map(first_paragraph),
        description: event.documentation.as_ref().map(ToString::to_string),
        content_type: "application/json",
        payload,
        // The example of an object is an object; the parser knows no other.
        examples: sample
            .filter(Value::is_object)
            .map(|payload| MessageExample { payload })
            .into_iter()
            .collect(),
        kind: "event",
    }
}

fn handler_place(handler: &HandlerEntry) -> HandlerPlace {
    HandlerPlace {
        name: handler.name.to_string(),
        file: handler.place.file.to_string(),
        line: handler.place.line,
        delivery: handler.delivery.as_str(),
    }
}

/// Returns the key of an event's message, and of its payload's schema.
fn message_key(event: &EventId) -> String {
    format!("{}.v{}", event.name, event.version)
}

/// Returns a text as a part of a key, without the characters that the parser refuses in one.
fn plain(text: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
    text.chars()
        .map(|it| if is_plain(it) { it } else { '_' })
        .collect()
}

/// Returns a key, with a number behind it if it is used already.
fn unused(key: &str, is_used: impl Fn(&str) -> bool) -> String {
    let numbered = (2_u32..).map(|number| format!("{key}_{number}"));
    let mut keys = std::iter::once(key.to_owned()).chain(numbered);
    keys.find(|key| !is_used(key)).unwrap_or_default()
}

fn first_paragraph(text: &str) -> String {
    let paragraph = text.split("\n\n").next().unwrap_or_default();
    paragraph.replace('\n', " ")
}
