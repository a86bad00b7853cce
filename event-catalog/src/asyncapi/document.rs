//! The parts of an AsyncAPI document that are written.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// An AsyncAPI document, to be written with serde.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    pub(super) asyncapi: &'static str,
    pub(super) info: Info,
    pub(super) default_content_type: &'static str,
    pub(super) channels: BTreeMap<String, Channel>,
    pub(super) operations: BTreeMap<String, Operation>,
    pub(super) components: Components,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Info {
    pub(super) title: String,
    pub(super) version: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Channel {
    pub(super) address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    pub(super) messages: BTreeMap<String, Reference>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Operation {
    pub(super) action: Action,
    pub(super) channel: Reference,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) summary: Option<String>,
    /// Each by way of the channel: the parser knows no other.
    pub(super) messages: [Reference; 1],
    #[serde(rename = "x-handler", skip_serializing_if = "Option::is_none")]
    pub(super) handler: Option<HandlerPlace>,
}

/// What the program does with a message.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Action {
    Send,
    Receive,
}

/// The function that handles a message.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct HandlerPlace {
    pub(super) name: String,
    pub(super) file: String,
    pub(super) line: u32,
    pub(super) delivery: &'static str,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Components {
    pub(super) messages: BTreeMap<String, Message>,
    pub(super) schemas: BTreeMap<String, Value>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Message {
    pub(super) name: String,
    pub(super) title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) summary: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    pub(super) content_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) payload: Option<Reference>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) examples: Vec<MessageExample>,
    /// What EventCatalog takes the message for.
    #[serde(rename = "x-eventcatalog-message-type")]
    pub(super) kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct MessageExample {
    pub(super) payload: Value,
}

/// A reference into the document.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Reference {
    #[serde(rename = "$ref")]
    pointer: String,
}

impl Operation {
    pub(super) fn new(action: Action, channel: Reference, message: Reference) -> Self {
        Self {
            action,
            channel,
            summary: None,
            messages: [message],
            handler: None,
        }
    }
}

impl Reference {
    pub(super) fn to(path: &[&str]) -> Self {
        let steps = path
            .iter()
            .map(|step| step.replace('~', "~0").replace('/', "~1"));
        let steps: Vec<_> = steps.collect();
        Self {
            pointer: format!("#/{}", steps.join("/")),
        }
    }
}
