//! What a check says of an event.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::catalog::{EventId, Place};
use crate::compat::{self, Direction};
use crate::doctor::Severity;

/// A difference between an event and its lock, or what keeps it from being told.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Change {
    /// What kind of difference it is.
    pub rule: Rule,
    /// An error breaks readers; a warning may, or cannot be told; a note does not.
    pub severity: Severity,
    /// Who can no longer read, if anyone.
    pub direction: Option<Direction>,
    /// The event, as it was locked if it is no longer linked.
    pub event: EventId,
    /// The place of its definition; or, of one that is no longer linked, the line of the lock.
    pub place: Option<Place>,
    /// Where the difference is, as a JSON pointer into the data, with `*` for each item of an array and each key of
    /// a map; empty for the event itself.
    pub pointer: String,
    /// What is different.
    pub message: String,
    /// What to do about it; or empty.
    pub help: String,
    /// What one program writes and the other refuses: the event's data, or an envelope with its `type` and
    /// `eventversion` if no program of the other kind reads that.
    pub witness: Option<Value>,
}

/// What kind of difference it is. `Display` writes its name, such as `EVENT_REMOVED`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// The data of an event differs.
    Data(compat::Rule),
    /// No event has the name any more, or the event is no longer `wire`.
    EventRemoved,
    /// The event has another name, which is not read by one side.
    EventRenamed,
    /// A name is no longer read.
    AliasRemoved,
    /// A version is no longer read.
    VersionRemoved,
    /// A version is written that old programs do not read.
    VersionAdded,
    /// Two events are read from one name and version, so that no codec can be made.
    AcceptedTwice,
    /// Another field orders and partitions the event.
    KeyChanged,
    /// An event has no schema any more, so that its data cannot be compared.
    SchemaRemoved,
    /// An event has no schema, so that its data cannot be compared.
    SchemaMissing,
    /// An event is not in the lock.
    EventAdded,
    /// An event is not as it is in the lock, and all that is checked can be read.
    EventChanged,
}

impl Change {
    pub(super) fn new(rule: Rule, event: EventId, message: impl Into<String>) -> Self {
        Self {
            rule,
            severity: Severity::Error,
            direction: None,
            event,
            place: None,
            pointer: String::new(),
            message: message.into(),
            help: String::new(),
            witness: None,
        }
    }

    pub(super) fn breaks(self, direction: Direction) -> Self {
        let direction = Some(direction);
        Self { direction, ..self }
    }

    pub(super) fn at(self, place: Option<Place>) -> Self {
        Self { place, ..self }
    }

    pub(super) fn help(self, help: impl Into<String>) -> Self {
        let help = help.into();
        Self { help, ..self }
    }

    pub(super) fn witness(self, witness: Option<Value>) -> Self {
        Self { witness, ..self }
    }
}

impl Rule {
    pub(super) fn severity(self, is_strict: bool) -> Severity {
        match self {
            Self::EventAdded | Self::EventChanged => Severity::Note,
            Self::KeyChanged | Self::SchemaRemoved | Self::Data(compat::Rule::Unanalysable)
                if !is_strict =>
            {
                Severity::Warning
            }
            _ => Severity::Error,
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Data(rule) => return rule.fmt(f),
            Self::EventRemoved => "EVENT_REMOVED",
            Self::EventRenamed => "EVENT_RENAMED",
            Self::AliasRemoved => "ALIAS_REMOVED",
            Self::VersionRemoved => "VERSION_REMOVED",
            Self::VersionAdded => "VERSION_ADDED",
            Self::AcceptedTwice => "ACCEPTED_TWICE",
            Self::KeyChanged => "KEY_CHANGED",
            Self::SchemaRemoved => "SCHEMA_REMOVED",
            Self::SchemaMissing => "SCHEMA_MISSING",
            Self::EventAdded => "EVENT_ADDED",
            Self::EventChanged => "EVENT_CHANGED",
        })
    }
}

/// Writes the name.
impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
