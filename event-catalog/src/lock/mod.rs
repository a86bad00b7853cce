//! The lock: a file with what is written and read of each `wire` event, which a program is checked against.
//!
//! The file is committed, so that a change of an event is a change of the file. [`Catalog::check`] says whether
//! programs before and after a change can read what each other write; `events check` and
//! [`assert_compatible!`](crate::assert_compatible) do the same.

mod accepted;
mod assert;
mod canonical;
mod change;
mod check;
mod error;
mod file;
mod help;
mod text;

use std::collections::HashMap;
use std::fmt;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::catalog::{Catalog, EventEntry, EventId, Text};
use crate::compat::Direction;
use crate::lock::canonical::canonicalize;
use crate::schema::Schemas;

#[doc(hidden)]
pub use self::assert::assert_compatible;
pub use self::change::{Change, Rule};
pub use self::check::{Check, CheckOptions};
pub use self::error::LockError;
pub(crate) use self::text::headline;

/// What is written and read of each `wire` event of a program.
///
/// It is a file of JSON, with the events sorted by name and version, and a block of lines for each. Documentation,
/// titles, examples, defaults, and the order of fields and variants are not in it.
///
/// # Examples
///
/// ```standalone_crate
/// use event_catalog::Catalog;
/// use event_catalog::lock::{CheckOptions, Lock};
/// use event_core::Event;
/// use schemars::JsonSchema;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Event, Serialize, Deserialize, JsonSchema)]
/// #[event(name = "shop.order_placed", wire, schema)]
/// struct OrderPlaced {
///     order_id: u64,
/// }
///
/// let catalog = Catalog::linked();
/// let lock = catalog.lock();
/// let file = lock.to_string();
/// let read: Lock = file.parse()?;
/// assert_eq!(read, lock);
///
/// let check = catalog.check(&read, CheckOptions::default());
/// assert!(check.is_compatible() && check.is_current());
/// # Ok::<(), event_catalog::lock::LockError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lock {
    /// Which changes are checked, where nothing else is asked for.
    pub direction: Directions,
    /// The events, sorted by name and version; those that are superseded by a newer version are among them.
    pub events: Vec<LockedEvent>,
}

/// An event of a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct LockedEvent {
    /// The name.
    pub name: Text,
    /// The schema version.
    pub version: u32,
    /// The type's name without its path, by which an event is found that has another name now.
    #[serde(rename = "type")]
    pub type_name: Text,
    /// Further names under which the event is read, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<Text>,
    /// The version before this one, from which it is made when that is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<EventId>,
    /// Whether a newer version has replaced this one, so that it is read and never emitted.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_superseded: bool,
    /// Whether newer versions than this one are read as this one.
    #[serde(default, skip_serializing_if = "is_false")]
    pub reads_newer: bool,
    /// The field whose value orders and partitions the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Text>,
    /// The schemas; `None` without the key `schema`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schemas: Option<Schemas>,
}

/// Which changes are checked.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub enum Directions {
    /// Those after which new programs cannot read what old ones wrote.
    Backward,
    /// Those after which old programs cannot read what new ones write.
    Forward,
    /// Both: journals are read, and old and new programs run at the same time.
    #[default]
    Both,
}

impl Lock {
    fn of(catalog: &Catalog, mut generated: HashMap<usize, Schemas>) -> Self {
        let wire = catalog.events.iter().enumerate();
        let wire = wire.filter(|(_, event)| event.is_wire);
        let events = wire.map(|(at, event)| {
            let schemas = generated.remove(&at);
            LockedEvent::of(event, schemas.or_else(|| event.schemas.clone()))
        });
        let mut events: Vec<_> = events.collect();
        // Also of events that have one name by mistake, whose places differ.
        events.sort_by(|one, other| one.order().cmp(&other.order()));
        Self {
            direction: Directions::default(),
            events,
        }
    }

    fn by_id(&self) -> HashMap<(&str, u32), &LockedEvent> {
        let events = self.events.iter();
        events
            .map(|event| ((&*event.name, event.version), event))
            .collect()
    }
}

impl LockedEvent {
    fn of(event: &EventEntry, mut schemas: Option<Schemas>) -> Self {
        if let Some(schemas) = &mut schemas {
            canonicalize(&mut schemas.writer);
            canonicalize(&mut schemas.reader);
        }
        let mut aliases = event.aliases.clone();
        aliases.sort_unstable();
        Self {
            name: event.name.clone(),
            version: event.version,
            type_name: event.short_type_name().into(),
            aliases,
            previous: event.previous.clone(),
            is_superseded: event.is_superseded,
            reads_newer: event.reads_newer,
            key: event.key.clone(),
            schemas,
        }
    }

    /// Returns the name and the version.
    #[must_use]
    pub fn id(&self) -> EventId {
        EventId {
            name: self.name.clone(),
            version: self.version,
        }
    }

    fn order(&self) -> (&str, u32, &str) {
        (&self.name, self.version, &self.type_name)
    }
}

impl Directions {
    /// Whether changes are checked that break in this direction.
    #[must_use]
    pub fn includes(self, direction: Direction) -> bool {
        match self {
            Self::Both => true,
            Self::Backward => direction == Direction::Backward,
            Self::Forward => direction == Direction::Forward,
        }
    }
}

impl fmt::Display for Directions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Backward => "backward",
            Self::Forward => "forward",
            Self::Both => "backward and forward",
        })
    }
}

impl Catalog {
    /// Returns what is written and read of each `wire` event, with the schemas of those that have the key
    /// `schema`; they are [generated](Self::with_schemas) if they are not there.
    #[must_use]
    pub fn lock(&self) -> Lock {
        let has_all = self
            .events
            .iter()
            .all(|event| event.has_schema == event.schemas.is_some());
        let generated = if has_all {
            HashMap::new()
        } else {
            self.generate_schemas().collect()
        };
        Lock::of(self, generated)
    }

    /// Compares the events with those of a lock.
    ///
    /// Each change is said that breaks one of the directions, with data that shows it; and what is new, what
    /// changed without a break, and what cannot be told.
    #[must_use]
    pub fn check(&self, lock: &Lock, options: CheckOptions) -> Check {
        check::check(self, lock, options)
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_false(value: &bool) -> bool {
    !value
}
