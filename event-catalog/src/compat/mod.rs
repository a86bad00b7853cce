//! Whether programs of two versions can read what each other writes.
//!
//! An event has two schemas: what is written of it, and what is read. *Backward* compatible is a change after which
//! new programs read what old ones wrote: each value of the old writer's schema is in the new reader's. *Forward*
//! compatible is one after which old programs read what new ones write.
//!
//! A change that breaks one of the two is shown by a value, the *witness*, which one program writes and the other
//! refuses. What cannot be analysed is said, as [`Rule::Unanalysable`], and never taken for compatible.

mod accepts;
mod inclusion;
mod keywords;
mod reading;
mod reading_scalars;
pub(crate) mod shape;
mod text;

use serde::Serialize;
use serde_json::Value;

use crate::compat::inclusion::{Finding, Kind, findings};
use crate::compat::shape::{Role, Shapes};

/// The JSON Schemas of an event, as `schemars` generates them: draft-07 or 2020-12.
///
/// `"x-aliases": ["name"]` beside the keywords of a field adds names under which serde reads it.
#[derive(Clone, Copy, Debug)]
pub struct Contract<'a> {
    /// What is written: the schema for serialization. It has all fields that its objects may have.
    pub writer: &'a Value,
    /// What is read: the schema for deserialization.
    pub reader: &'a Value,
}

/// Who can no longer read what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// New programs cannot read what old ones wrote: journals, stores, the backlog of a broker.
    Backward,
    /// Old programs cannot read what new ones write, while both run.
    Forward,
}

/// What kind of change it is. `Display` writes the name of the rule, such as `FIELD_ADDED_REQUIRED`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// A field without a default was added.
    FieldAddedRequired,
    /// A field that old readers require was removed.
    FieldRemovedRequired,
    /// A field was added, and old readers refuse fields that they do not know.
    FieldAdded,
    /// A field was removed, and new readers refuse fields that they do not know.
    FieldRemoved,
    /// A field has another name, and the reader has no alias.
    FieldRenamed,
    /// A field that may be absent or null must be there.
    OptionalToRequired,
    /// A field that is always there may be absent or null.
    RequiredToOptional,
    /// A value has another JSON type.
    TypeChanged,
    /// An integer became a number.
    IntToFloat,
    /// One value became an array of them, or an array became one value.
    ArrayScalar,
    /// The bounds of an integer are closer.
    IntNarrowed,
    /// The bounds of an integer are wider.
    IntWidened,
    /// Fewer texts or numbers are read.
    ConstraintTightened,
    /// More texts or numbers are written.
    ConstraintLoosened,
    /// A text has another format.
    FormatChanged,
    /// A value is read no more.
    EnumValueRemoved,
    /// A value is written that old readers do not know.
    EnumValueAdded,
    /// A variant is read no more.
    VariantRemoved,
    /// A variant is written that old readers do not know.
    VariantAdded,
    /// The same variants are written in another way.
    TaggingChanged,
    /// An array has another length.
    ItemsChanged,
    /// It cannot be told whether the change is compatible.
    Unanalysable,
}

/// A change that breaks readers.
#[derive(Clone, Debug, PartialEq)]
pub struct Break {
    rule: Rule,
    direction: Direction,
    finding: Finding,
}

/// Returns what breaks from one version of an event to the next, backward first; nothing if each can read what the
/// other writes.
///
/// # Examples
///
/// ```
/// use event_catalog::compat::{self, Contract, Direction, Rule};
/// use serde_json::json;
///
/// let old = json!({"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]});
/// let new = json!({
///     "type": "object",
///     "properties": {"id": {"type": "integer"}, "total": {"type": "integer"}},
///     "required": ["id", "total"],
/// });
/// let contract = |schema| Contract { writer: schema, reader: schema };
/// let breaks = compat::compare(contract(&old), contract(&new));
/// assert_eq!(breaks.len(), 1);
/// assert_eq!((breaks[0].rule(), breaks[0].direction()), (Rule::FieldAddedRequired, Direction::Backward));
/// assert_eq!(breaks[0].witness(), Some(&json!({"id": 0})));
/// ```
#[must_use]
pub fn compare(old: Contract<'_>, new: Contract<'_>) -> Vec<Break> {
    let mut breaks = breaks(Direction::Backward, old.writer, new.reader);
    breaks.extend(self::breaks(Direction::Forward, new.writer, old.reader));
    breaks
}

/// Returns what of the writer's schema the reader's has not.
pub(crate) fn breaks(direction: Direction, writer: &Value, reader: &Value) -> Vec<Break> {
    let writer = Shapes::new(writer, Role::Writer);
    let reader = Shapes::new(reader, Role::Reader);
    let mut breaks = Vec::new();
    for finding in findings(&writer, &reader) {
        let new_break = Break {
            rule: rule(&finding, direction),
            direction,
            finding,
        };
        if !breaks.contains(&new_break) {
            breaks.push(new_break);
        }
    }
    breaks
}

impl Break {
    /// Returns the kind of the change.
    #[must_use]
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// Returns who can no longer read.
    #[must_use]
    pub fn direction(&self) -> Direction {
        self.direction
    }

    /// Returns where the change is, as a JSON pointer into the data, with `*` for each item of an array and each key
    /// of a map. It is empty for the data itself.
    #[must_use]
    pub fn pointer(&self) -> String {
        let escaped = |step: &String| format!("/{}", step.replace('~', "~0").replace('/', "~1"));
        self.finding.path.iter().map(escaped).collect()
    }

    /// Returns the names of a field that is written under one, and read under the other.
    pub(crate) fn renamed(&self) -> Option<(&str, &str)> {
        match &self.finding.kind {
            Kind::FieldRenamed { from, to } => Some((from, to)),
            _ => None,
        }
    }

    /// Returns what changed and who breaks, without the rule, the place and the witness.
    #[must_use]
    pub fn message(&self) -> String {
        text::message(&self.finding.kind, self.direction)
    }

    /// Returns data that one program writes and the other refuses; `None` for what cannot be analysed, or shown: a
    /// format or a pattern of which no text is known.
    #[must_use]
    pub fn witness(&self) -> Option<&Value> {
        self.finding.witness.as_ref()
    }
}

fn rule(finding: &Finding, direction: Direction) -> Rule {
    let by = |backward, forward| match direction {
        Direction::Backward => backward,
        Direction::Forward => forward,
    };
    match &finding.kind {
        Kind::FieldRequired {
            is_written: false, ..
        } => by(Rule::FieldAddedRequired, Rule::FieldRemovedRequired),
        Kind::FieldRequired { .. } | Kind::Null => {
            by(Rule::OptionalToRequired, Rule::RequiredToOptional)
        }
        Kind::FieldRefused { .. } => by(Rule::FieldRemoved, Rule::FieldAdded),
        Kind::FieldRenamed { .. } => Rule::FieldRenamed,
        Kind::Type { from, to } if *from != "any" && (*from == "array") != (to == "array") => {
            Rule::ArrayScalar
        }
        Kind::Type { from: "number", to } if to == "integer" => Rule::IntToFloat,
        Kind::Type { .. } => Rule::TypeChanged,
        Kind::Tagging => Rule::TaggingChanged,
        Kind::Range { is_integer: true } => by(Rule::IntNarrowed, Rule::IntWidened),
        Kind::Range { .. } | Kind::Text => by(Rule::ConstraintTightened, Rule::ConstraintLoosened),
        Kind::Format { .. } => Rule::FormatChanged,
        Kind::Value { .. } => by(Rule::EnumValueRemoved, Rule::EnumValueAdded),
        Kind::Variant { .. } => by(Rule::VariantRemoved, Rule::VariantAdded),
        Kind::Items => Rule::ItemsChanged,
        Kind::Undecided { .. } => Rule::Unanalysable,
    }
}
