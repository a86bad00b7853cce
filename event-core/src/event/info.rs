//! What is known about an event type without a value of it.

use std::any::TypeId;
use std::fmt;

/// What `#[derive(Event)]` records about a type, readable without a value.
///
/// Built in a constant; every method that takes `self` is used by the derive and by
/// hand-written implementations of [`Event`](crate::Event).
#[derive(Clone, Copy)]
pub struct EventInfo {
    type_id: TypeId,
    type_name: fn() -> &'static str,
    name: Option<&'static str>,
    version: u32,
    wire: bool,
    key: Option<&'static str>,
    stoppable: bool,
    handlers: Cardinality,
    redacted: &'static [&'static str],
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
            wire: false,
            key: None,
            stoppable: false,
            handlers: Cardinality { min: 0, max: None },
            redacted: &[],
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

    /// Declares the redacted fields, as JSON pointers.
    #[must_use]
    pub const fn with_redacted(mut self, pointers: &'static [&'static str]) -> Self {
        self.redacted = pointers;
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

    /// The redacted fields, as JSON pointers.
    #[must_use]
    pub const fn redacted(&self) -> &'static [&'static str] {
        self.redacted
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
