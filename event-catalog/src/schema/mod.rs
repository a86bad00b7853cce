//! The JSON Schemas of `wire` events that have the key `schema`.
//!
//! They are draft-07, since that is what the tools that read AsyncAPI documents understand.

mod read_names;
pub(crate) mod reference;

use std::fmt;

use event_core::event::{EventInfo, EventSchema};
use event_core::linked;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::catalog::{Catalog, EventId, Text};
use crate::compat::Contract;
use crate::compat::shape::{Role, Shapes};

/// The JSON Schemas of an event, each with the definitions of all types in it.
///
/// They say what serde's derives write and read, as far as JSON Schema and `schemars` can: a value that
/// [`reader`](Self::reader) has may still be refused, such as `1.0` for an integer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schemas {
    /// What is written.
    pub writer: Value,
    /// What is read. A field that is read under other names, too, has them as `"x-aliases"`; a variant
    /// that is, is there once for each of them.
    pub reader: Value,
    /// How the variants of an enum are told apart; `None` for a struct.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tagging: Option<Tagging>,
}

/// How serde writes which variant of an enum a value is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tagging {
    /// The variant's name is the only key of an object, or the whole of a variant without fields.
    External,
    /// The variant's name is in the field `tag`, beside the variant's own fields.
    Internal {
        /// The name of the field.
        tag: Text,
    },
    /// The variant's name is in the field `tag`, and its content is in the field `content`.
    Adjacent {
        /// The name of the field that has the variant's name.
        tag: Text,
        /// The name of the field that has the variant's content.
        content: Text,
    },
    /// The variant's name is not written.
    Untagged,
}

impl Schemas {
    /// Returns the schemas as what [`compare`](crate::compat::compare) takes.
    #[must_use]
    pub fn contract(&self) -> Contract<'_> {
        Contract {
            writer: &self.writer,
            reader: &self.reader,
        }
    }

    /// Returns a small value that is written; `None` if none is known, because of a pattern or a format.
    #[must_use]
    pub fn sample(&self) -> Option<Value> {
        let writer = Shapes::new(&self.writer, Role::Writer);
        writer.sample(&writer.root)
    }

    fn of(event: &EventInfo, schema: &EventSchema) -> Self {
        let settings = SchemaSettings::draft07();
        let writer = schema.root_schema(settings.clone().for_serialize().into_generator());
        let mut reader = schema.root_schema(settings.into_generator()).to_value();
        read_names::add(&mut reader, event, schema.tagging());
        Self {
            writer: writer.to_value(),
            reader,
            tagging: schema.tagging().map(Tagging::from),
        }
    }
}

impl From<event_core::event::Tagging> for Tagging {
    fn from(tagging: event_core::event::Tagging) -> Self {
        use event_core::event::Tagging as Declared;
        match tagging {
            Declared::External => Self::External,
            Declared::Internal { tag } => Self::Internal { tag: tag.into() },
            Declared::Adjacent { tag, content } => Self::Adjacent {
                tag: tag.into(),
                content: content.into(),
            },
            Declared::Untagged => Self::Untagged,
        }
    }
}

/// Writes it as a person says it: "tagged by `type`".
impl fmt::Display for Tagging {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::External => f.write_str("externally tagged"),
            Self::Internal { tag } => write!(f, "tagged by `{tag}`"),
            Self::Adjacent { tag, content } => {
                write!(f, "tagged by `{tag}` with the content in `{content}`")
            }
            Self::Untagged => f.write_str("untagged"),
        }
    }
}

impl Catalog {
    /// Generates the schemas of the linked events that have the key `schema`, which
    /// [`linked`](Self::linked) leaves out: few commands need them.
    ///
    /// # Examples
    ///
    /// ```standalone_crate
    /// use event_catalog::Catalog;
    /// use event_core::Event;
    /// use schemars::JsonSchema;
    /// use serde::{Deserialize, Serialize};
    /// use serde_json::json;
    ///
    /// #[derive(Event, Serialize, Deserialize, JsonSchema)]
    /// #[event(name = "shop.order_placed", wire, schema)]
    /// struct OrderPlaced {
    ///     order_id: u64,
    ///     note: Option<String>,
    /// }
    ///
    /// let catalog = Catalog::linked().with_schemas();
    /// let event = catalog.find("shop.order_placed")?;
    /// let schemas = event.schemas.as_ref().expect("the key `schema`");
    /// assert_eq!(schemas.writer["required"], json!(["order_id", "note"]));
    /// assert_eq!(schemas.reader["required"], json!(["order_id"]));
    /// assert_eq!(schemas.sample(), Some(json!({"order_id": 0, "note": "x"})));
    /// # Ok::<(), event_catalog::UnknownEventError>(())
    /// ```
    #[must_use]
    pub fn with_schemas(mut self) -> Self {
        let generated: Vec<_> = self.generate_schemas().collect();
        for (at, schemas) in generated {
            self.events[at].schemas = Some(schemas);
        }
        self
    }

    /// Generates the schemas of the linked events that have some, with the positions of the events.
    pub(crate) fn generate_schemas(&self) -> impl Iterator<Item = (usize, Schemas)> {
        linked::events().into_iter().filter_map(|event| {
            let schema = event.schema()?;
            let id = EventId {
                name: event.name().into(),
                version: event.version(),
            };
            // Several events with one name and version are a mistake that the doctor reports.
            let mut positions = self.positions(&id);
            let at = positions.find(|at| self.events[*at].type_name == event.type_name())?;
            Some((at, Schemas::of(event, schema)))
        })
    }
}
