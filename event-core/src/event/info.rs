//! What is known about an event type without a value of it.

use std::any::TypeId;
use std::fmt;

use crate::event::version::Previous;

/// What `#[derive(Event)]` records about a type, readable without a value.
///
/// Built in a constant; every method that takes `self` is used by the derive and by
/// hand-written implementations of [`Event`](crate::Event).
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
    key: Option<&'static str>,
    key_pointer: Option<&'static str>,
    stoppable: bool,
    handlers: Cardinality,
    redacted: Option<&'static [&'static str]>,
    file: &'static str,
    line: u32,
    module: &'static str,
}

/// How many handlers the final program must have for an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cardinality {
    /// The fewest handlers allowed.
    pub min: usize,
    /// The most handlers allowed; `None` for no limit.
    pub max: Option<usize>,
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
            key: None,
            key_pointer: None,
            stoppable: false,
            handlers: Cardinality { min: 0, max: None },
            redacted: None,
            file,
            line,
            module,
        }
    }

    /// Declares the name that catch-all patterns and the wire use.
    #[must_use]
    pub const fn with_name(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    /// Declares the schema version; 1 unless declared.
    #[must_use]
    pub const fn with_version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    /// Declares the names under which the event, and its older versions, are decoded, too.
    #[must_use]
    pub const fn with_aliases(mut self, names: &'static [&'static str]) -> Self {
        self.aliases = names;
        self
    }

    /// Declares the version before this one, which becomes this one when it is decoded.
    #[must_use]
    pub const fn with_previous(mut self, previous: Previous) -> Self {
        self.previous = Some(previous);
        self
    }

    /// Declares that a newer version has taken the place of this one.
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

    /// Declares the field whose value orders and partitions the event.
    #[must_use]
    pub const fn with_key(mut self, field: &'static str) -> Self {
        self.key = Some(field);
        self
    }

    /// Declares where the value of the key is in the event's JSON, as a JSON pointer.
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

    /// Declares how many handlers the final program must have.
    #[must_use]
    pub const fn with_handlers(mut self, min: usize, max: Option<usize>) -> Self {
        self.handlers = Cardinality { min, max };
        self
    }

    /// Declares that there are redacted fields: those that are written, as JSON pointers.
    #[must_use]
    pub const fn with_redacted(mut self, pointers: &'static [&'static str]) -> Self {
        self.redacted = Some(pointers);
        self
    }

    /// The declared name, or the Rust path of the type where none was declared.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name.unwrap_or_else(self.type_name)
    }

    /// The declared name.
    #[must_use]
    pub const fn declared_name(&self) -> Option<&'static str> {
        self.name
    }

    /// The Rust path of the type. For people; it is not stable between compilers.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        (self.type_name)()
    }

    /// The identity of the type in this process.
    #[must_use]
    pub const fn type_id(&self) -> TypeId {
        self.type_id
    }

    /// The schema version.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// The names under which the event, and its older versions, are decoded, too.
    #[must_use]
    pub const fn aliases(&self) -> &'static [&'static str] {
        self.aliases
    }

    /// The version before this one.
    #[must_use]
    pub const fn previous(&self) -> Option<&'static Self> {
        match &self.previous {
            None => None,
            Some(previous) => Some(previous.info),
        }
    }

    /// The names and versions that are decoded as this event: its own, and those of the versions
    /// before it. None for one that is superseded, which its successor speaks for.
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

    /// How the version before this one becomes this one.
    #[cfg(feature = "serde")]
    pub(crate) const fn upcast(&self) -> Option<Previous> {
        self.previous
    }

    /// Whether a newer version has taken the place of this one, so that it is decoded and never
    /// emitted.
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

    /// The field that orders and partitions the event.
    #[must_use]
    pub const fn key(&self) -> Option<&'static str> {
        self.key
    }

    /// Where the value of the key is in the event's JSON, as a JSON pointer; `None` if its place
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

    /// How many handlers the final program must have.
    #[must_use]
    pub const fn handlers(&self) -> Cardinality {
        self.handlers
    }

    /// Where redacted fields are in the event's JSON, as JSON pointers. Some may lead to other fields,
    /// where one place is that of several fields.
    #[must_use]
    pub const fn redacted(&self) -> &'static [&'static str] {
        match self.redacted {
            None => &[],
            Some(pointers) => pointers,
        }
    }

    /// Whether it has redacted fields.
    #[cfg(feature = "serde")]
    pub(crate) const fn has_redacted(&self) -> bool {
        self.redacted.is_some()
    }

    /// The source file that defines the type.
    #[must_use]
    pub const fn file(&self) -> &'static str {
        self.file
    }

    /// The line that defines the type.
    #[must_use]
    pub const fn line(&self) -> u32 {
        self.line
    }

    /// The module path that defines the type.
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

impl fmt::Display for Cardinality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.min, self.max) {
            (min, None) => write!(f, "at least {min}"),
            (min, Some(max)) if min == max => write!(f, "exactly {min}"),
            (min, Some(max)) => write!(f, "{min} to {max}"),
        }
    }
}
