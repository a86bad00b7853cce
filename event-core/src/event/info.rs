//! The description of an event type, readable without a value of it.

use std::any::TypeId;
use std::fmt;

use crate::event::cardinality::Cardinality;
use crate::event::fields::{FieldInfo, VariantInfo};
#[cfg(feature = "schemars")]
use crate::event::schema::EventSchema;
use crate::event::version::Previous;

/// The description of a type that `#[derive(Event)]` makes, readable without a value.
///
/// It is built in a constant; every method that takes `self` is used by the derive and by hand-written
/// implementations of [`Event`](crate::Event).
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a key of the derive, and none excludes another"
)]
#[derive(Clone, Copy)]
pub struct EventInfo {
    type_id: TypeId,
    type_name: fn() -> &'static str,
    name: Option<&'static str>,
    version: u32,
    aliases: &'static [&'static str],
    previous: Option<Previous>,
    superseded: bool,
    reads_newer: bool,
    wire: bool,
    durable: bool,
    #[cfg(feature = "schemars")]
    schema: Option<EventSchema>,
    key: Option<&'static str>,
    key_pointer: Option<&'static str>,
    stoppable: bool,
    handlers: Cardinality,
    redacted: Option<&'static [&'static str]>,
    documentation: Option<&'static str>,
    fields: &'static [FieldInfo],
    variants: &'static [VariantInfo],
    file: &'static str,
    line: u32,
    module: &'static str,
}

impl EventInfo {
    /// Starts the description of `E`, defined at `file:line` in `module`.
    #[must_use]
    pub const fn new<E: 'static>(file: &'static str, line: u32, module: &'static str) -> Self {
        Self {
            type_id: TypeId::of::<E>(),
            type_name: std::any::type_name::<E>,
            name: None,
            version: 1,
            aliases: &[],
            previous: None,
            superseded: false,
            reads_newer: false,
            wire: false,
            durable: false,
            #[cfg(feature = "schemars")]
            schema: None,
            key: None,
            key_pointer: None,
            stoppable: false,
            handlers: Cardinality { min: 0, max: None },
            redacted: None,
            documentation: None,
            fields: &[],
            variants: &[],
            file,
            line,
            module,
        }
    }

    /// Sets the name that catch-all patterns and envelopes use.
    #[must_use]
    pub const fn with_name(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    /// Sets the schema version; the default is 1.
    #[must_use]
    pub const fn with_version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    /// Sets further names under which the event, and its older versions, are decoded.
    #[must_use]
    pub const fn with_aliases(mut self, names: &'static [&'static str]) -> Self {
        self.aliases = names;
        self
    }

    /// Sets the version before this one, which becomes this one when it is decoded.
    #[must_use]
    pub const fn with_previous(mut self, previous: Previous) -> Self {
        self.previous = Some(previous);
        self
    }

    /// Declares that a newer version has replaced this one.
    #[must_use]
    pub const fn with_superseded(mut self) -> Self {
        self.superseded = true;
        self
    }

    /// Declares that newer versions than this one are read as this one.
    #[must_use]
    pub const fn with_reads_newer(mut self) -> Self {
        self.reads_newer = true;
        self
    }

    /// Declares that the event may leave the process.
    #[must_use]
    pub const fn with_wire(mut self) -> Self {
        self.wire = true;
        self
    }

    /// Declares that the event is emitted in a transaction, and stored for its durable handlers.
    #[must_use]
    pub const fn with_durable(mut self) -> Self {
        self.durable = true;
        self
    }

    /// Sets the JSON Schema of a `wire` event.
    #[cfg(feature = "schemars")]
    #[must_use]
    pub const fn with_schema(mut self, schema: EventSchema) -> Self {
        self.schema = Some(schema);
        self
    }

    /// Sets the field whose value orders and partitions the event.
    #[must_use]
    pub const fn with_key(mut self, field: &'static str) -> Self {
        self.key = Some(field);
        self
    }

    /// Sets the place of the key's value in the event's JSON, as a JSON pointer.
    #[must_use]
    pub const fn with_key_pointer(mut self, pointer: &'static str) -> Self {
        self.key_pointer = Some(pointer);
        self
    }

    /// Declares that inline handlers may stop an emission.
    #[must_use]
    pub const fn with_stoppable(mut self) -> Self {
        self.stoppable = true;
        self
    }

    /// Sets how many handlers the final program must have.
    #[must_use]
    pub const fn with_handlers(mut self, min: usize, max: Option<usize>) -> Self {
        self.handlers = Cardinality { min, max };
        self
    }

    /// Declares that there are redacted fields, and where they are written, as JSON pointers.
    #[must_use]
    pub const fn with_redacted(mut self, pointers: &'static [&'static str]) -> Self {
        self.redacted = Some(pointers);
        self
    }

    /// Sets the text of the doc comments above the type.
    #[must_use]
    pub const fn with_documentation(mut self, text: &'static str) -> Self {
        self.documentation = Some(text);
        self
    }

    /// Sets the fields of a struct.
    #[must_use]
    pub const fn with_fields(mut self, fields: &'static [FieldInfo]) -> Self {
        self.fields = fields;
        self
    }

    /// Sets the variants of an enum.
    #[must_use]
    pub const fn with_variants(mut self, variants: &'static [VariantInfo]) -> Self {
        self.variants = variants;
        self
    }

    /// Returns the declared name, or the Rust path of the type if none was declared.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name.unwrap_or_else(self.type_name)
    }

    /// Returns the declared name.
    #[must_use]
    pub const fn declared_name(&self) -> Option<&'static str> {
        self.name
    }

    /// Returns the Rust path of the type. It is for people, and not stable between compilers.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        (self.type_name)()
    }

    /// Returns the identity of the type in this process.
    #[must_use]
    pub const fn type_id(&self) -> TypeId {
        self.type_id
    }

    /// Returns the schema version.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// Returns further names under which the event, and its older versions, are decoded.
    #[must_use]
    pub const fn aliases(&self) -> &'static [&'static str] {
        self.aliases
    }

    /// Returns the version before this one.
    #[must_use]
    pub const fn previous(&self) -> Option<&'static Self> {
        match &self.previous {
            None => None,
            Some(previous) => Some(previous.info),
        }
    }

    /// Returns the names and versions that are decoded as this event: its own, and those of the versions
    /// before it. The list of a superseded event is empty; its successor's list has them.
    pub(crate) fn accepted(&self) -> Vec<(&'static str, u32)> {
        let mut accepted = Vec::new();
        let mut older = (self.wire && !self.superseded).then_some(self);
        while let Some(info) = older {
            let names = [info, self];
            let names = names.iter().flat_map(|it| it.name.iter().chain(it.aliases));
            for name in names {
                if !accepted.contains(&(*name, info.version)) {
                    accepted.push((*name, info.version));
                }
            }
            older = info.previous();
        }
        accepted
    }

    /// Returns the upcast from the version before this one.
    #[cfg(feature = "serde")]
    pub(crate) const fn upcast(&self) -> Option<Previous> {
        self.previous
    }

    /// Whether a newer version has replaced this one, so that it is decoded and never emitted.
    #[must_use]
    pub const fn is_superseded(&self) -> bool {
        self.superseded
    }

    /// Whether newer versions than this one are read as this one.
    #[must_use]
    pub const fn reads_newer(&self) -> bool {
        self.reads_newer
    }

    /// Whether the event may leave the process.
    #[must_use]
    pub const fn is_wire(&self) -> bool {
        self.wire
    }

    /// Whether the event is emitted in a transaction, and stored for its durable handlers.
    #[must_use]
    pub const fn is_durable(&self) -> bool {
        self.durable
    }

    /// Returns the JSON Schema; `None` without the key `schema`.
    #[cfg(feature = "schemars")]
    #[must_use]
    pub const fn schema(&self) -> Option<&EventSchema> {
        self.schema.as_ref()
    }

    /// Returns the field that orders and partitions the event.
    #[must_use]
    pub const fn key(&self) -> Option<&'static str> {
        self.key
    }

    /// Returns the place of the key's value in the event's JSON, as a JSON pointer; `None` if the place
    /// depends on other values.
    #[must_use]
    pub const fn key_pointer(&self) -> Option<&'static str> {
        self.key_pointer
    }

    /// Whether inline handlers may stop an emission.
    #[must_use]
    pub const fn is_stoppable(&self) -> bool {
        self.stoppable
    }

    /// Returns how many handlers the final program must have.
    #[must_use]
    pub const fn handlers(&self) -> Cardinality {
        self.handlers
    }

    /// Returns the places of redacted fields in the event's JSON, as JSON pointers. A pointer may also
    /// lead to other fields, if several fields share one place.
    #[must_use]
    pub const fn redacted(&self) -> &'static [&'static str] {
        match self.redacted {
            None => &[],
            Some(pointers) => pointers,
        }
    }

    /// Returns the text of the doc comments above the type.
    #[must_use]
    pub const fn documentation(&self) -> Option<&'static str> {
        self.documentation
    }

    /// Returns the fields of a struct; an enum's are those of its [variants](Self::variants).
    #[must_use]
    pub const fn fields(&self) -> &'static [FieldInfo] {
        self.fields
    }

    /// Returns the variants of an enum.
    #[must_use]
    pub const fn variants(&self) -> &'static [VariantInfo] {
        self.variants
    }

    /// Whether the event has redacted fields.
    #[cfg(feature = "serde")]
    pub(crate) const fn has_redacted(&self) -> bool {
        self.redacted.is_some()
    }

    /// Returns the source file that defines the type.
    #[must_use]
    pub const fn file(&self) -> &'static str {
        self.file
    }

    /// Returns the line that defines the type.
    #[must_use]
    pub const fn line(&self) -> u32 {
        self.line
    }

    /// Returns the module path that defines the type.
    #[must_use]
    pub const fn module(&self) -> &'static str {
        self.module
    }
}

impl fmt::Debug for EventInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventInfo")
            .field("name", &self.name())
            .field("version", &self.version)
            .field("file", &self.file)
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}
