//! An event of the catalogue.

use serde::{Deserialize, Serialize};

use super::{HandlerEntry, Place, Text};
use crate::schema::Schemas;

/// An event type, as its definition declares it, and its handlers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a key of the derive, and none excludes another"
)]
#[non_exhaustive]
pub struct EventEntry {
    /// The declared name, or the Rust path of the type if none is declared.
    pub name: Text,
    /// The schema version.
    pub version: u32,
    /// Whether the name is declared, so that patterns match it.
    pub is_named: bool,
    /// The Rust path of the type, for people.
    pub type_name: Text,
    /// The text of the doc comments above the type.
    pub documentation: Option<Text>,
    /// The fields of a struct.
    pub fields: Vec<Field>,
    /// The variants of an enum.
    pub variants: Vec<Variant>,
    /// The field whose value orders and partitions the event.
    pub key: Option<Text>,
    /// Further names under which the event is read.
    pub aliases: Vec<Text>,
    /// The version before this one, from which it is made when that is read.
    pub previous: Option<EventId>,
    /// Whether a newer version has replaced this one, so that it is read and never emitted.
    pub is_superseded: bool,
    /// Whether newer versions than this one are read as this one.
    pub reads_newer: bool,
    /// Whether the event may leave the process.
    pub is_wire: bool,
    /// Whether the event is emitted in a transaction alone, and stored with it.
    #[serde(default)]
    pub is_durable: bool,
    /// Whether the event has the key `schema`.
    pub has_schema: bool,
    /// The schemas of an event that has some, once they are
    /// [generated](crate::Catalog::with_schemas).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schemas: Option<Schemas>,
    /// Whether inline handlers may stop an emission.
    pub is_stoppable: bool,
    /// The fewest handlers that the program must have, catch-alls aside.
    pub min_handlers: usize,
    /// The most handlers that the program may have, catch-alls aside.
    pub max_handlers: Option<usize>,
    /// The crate that defines it, as its paths begin.
    #[serde(rename = "crate")]
    pub crate_name: Text,
    /// The place of its definition.
    pub place: Place,
    /// The handlers, in the order in which they run.
    pub handlers: Vec<HandlerEntry>,
    /// Handlers of the event that wait for each other by `after` and `before`, so that no dispatcher with
    /// all of them can be built; empty otherwise.
    pub waiting: Vec<Text>,
}

/// The name and the version of an event.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EventId {
    /// The name.
    pub name: Text,
    /// The schema version.
    pub version: u32,
}

/// A field of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Field {
    /// The name in Rust; `0` for the first field of a tuple struct.
    pub name: Text,
    /// The type as the source writes it.
    pub type_name: Text,
    /// The text of the doc comments above the field.
    pub documentation: Option<Text>,
    /// The place where the field is written in the JSON of a `wire` event, as a JSON pointer; `None` if it
    /// is not written, or if the place depends on other values.
    pub pointer: Option<Text>,
    /// Whether the field is masked where the event is shown.
    pub is_redacted: bool,
}

/// A variant of an event that is an enum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Variant {
    /// The name in Rust.
    pub name: Text,
    /// The text of the doc comments above the variant.
    pub documentation: Option<Text>,
    /// The fields.
    pub fields: Vec<Field>,
}

impl EventEntry {
    /// Returns the name and the version.
    #[must_use]
    pub fn id(&self) -> EventId {
        EventId {
            name: self.name.clone(),
            version: self.version,
        }
    }

    /// Returns the type's name without the paths.
    #[must_use]
    pub fn short_type_name(&self) -> String {
        short(&self.type_name)
    }

    /// Returns the handlers of this event alone, without the catch-alls.
    pub fn own_handlers(&self) -> impl Iterator<Item = &HandlerEntry> {
        self.handlers.iter().filter(|handler| !handler.is_catch_all)
    }
}

impl std::fmt::Display for EventId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} v{}", self.name, self.version)
    }
}

/// Returns a path, and those among its parameters, without what comes before the last `::`.
pub(crate) fn short(name: &str) -> String {
    let mut short = String::with_capacity(name.len());
    let is_part = |character: char| character.is_alphanumeric() || matches!(character, '_' | ':');
    let mut rest = name;
    while let Some(end) = rest.find(|character| !is_part(character)) {
        let (path, tail) = rest.split_at(end);
        short.push_str(path.rsplit("::").next().unwrap_or(path));
        let mut characters = tail.chars();
        short.extend(characters.next());
        rest = characters.as_str();
    }
    short.push_str(rest.rsplit("::").next().unwrap_or(rest));
    short
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn a_type_name_loses_its_paths_and_those_of_its_parameters() {
        assert_eq!(short("shop::events::OrderPlaced"), "OrderPlaced");
        assert_eq!(
            short("orm::PostSave<shop::models::User, (a::B, [c::D; 3])>"),
            "PostSave<User, (B, [D; 3])>"
        );
    }
}
