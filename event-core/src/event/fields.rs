//! The description of an event's fields, readable without a value.

/// The description of a field of an event, as `#[derive(Event)]` records it.
///
/// # Examples
///
/// ```standalone_crate
/// use event_core::Event;
///
/// /// A customer placed an order.
/// #[derive(Event)]
/// struct OrderPlaced {
///     /// The number on the invoice.
///     order_id: u64,
///     #[event(redact)]
///     email: Option<String>,
/// }
///
/// let [order_id, email] = OrderPlaced::INFO.fields() else { panic!("two fields") };
/// assert_eq!(OrderPlaced::INFO.documentation(), Some("A customer placed an order."));
/// assert_eq!((order_id.name(), order_id.type_name()), ("order_id", "u64"));
/// assert_eq!(order_id.documentation(), Some("The number on the invoice."));
/// assert_eq!(email.type_name(), "Option<String>");
/// assert!(email.is_redacted());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldInfo {
    name: &'static str,
    type_name: &'static str,
    documentation: Option<&'static str>,
    pointer: Option<&'static str>,
    read_names: &'static [&'static str],
    redacted: bool,
}

/// The description of a variant of an event that is an enum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VariantInfo {
    name: &'static str,
    documentation: Option<&'static str>,
    read_names: &'static [&'static str],
    is_other: bool,
    fields: &'static [FieldInfo],
}

impl FieldInfo {
    /// Starts the description of a field. `type_name` is its type as the source writes it.
    #[must_use]
    pub const fn new(name: &'static str, type_name: &'static str) -> Self {
        Self {
            name,
            type_name,
            documentation: None,
            pointer: None,
            read_names: &[],
            redacted: false,
        }
    }

    /// Sets the text of the doc comments above the field.
    #[must_use]
    pub const fn with_documentation(mut self, text: &'static str) -> Self {
        self.documentation = Some(text);
        self
    }

    /// Sets the place of the field in the JSON of a `wire` event, as a JSON pointer.
    #[must_use]
    pub const fn with_pointer(mut self, pointer: &'static str) -> Self {
        self.pointer = Some(pointer);
        self
    }

    /// Sets the names under which serde reads the field.
    #[must_use]
    pub const fn with_read_names(mut self, names: &'static [&'static str]) -> Self {
        self.read_names = names;
        self
    }

    /// Declares that the field is masked where the event is shown.
    #[must_use]
    pub const fn with_redacted(mut self) -> Self {
        self.redacted = true;
        self
    }

    /// Returns the name in Rust; `0` for the first field of a tuple struct.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the type as the source writes it, without the paths that imports add.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        self.type_name
    }

    /// Returns the text of the doc comments above the field.
    #[must_use]
    pub const fn documentation(&self) -> Option<&'static str> {
        self.documentation
    }

    /// Returns the place where serde writes the field in the JSON of a `wire` event, as a JSON pointer;
    /// `None` if it is not written, or if the place depends on other values.
    #[must_use]
    pub const fn pointer(&self) -> Option<&'static str> {
        self.pointer
    }

    /// Returns the names under which serde reads the field of an event with a schema, first the one that
    /// the schema has; nothing if that is the only one.
    #[must_use]
    pub const fn read_names(&self) -> &'static [&'static str] {
        self.read_names
    }

    /// Whether the field is masked where the event is shown.
    #[must_use]
    pub const fn is_redacted(&self) -> bool {
        self.redacted
    }
}

impl VariantInfo {
    /// Starts the description of a variant with these fields.
    #[must_use]
    pub const fn new(name: &'static str, fields: &'static [FieldInfo]) -> Self {
        Self {
            name,
            documentation: None,
            read_names: &[],
            is_other: false,
            fields,
        }
    }

    /// Sets the text of the doc comments above the variant.
    #[must_use]
    pub const fn with_documentation(mut self, text: &'static str) -> Self {
        self.documentation = Some(text);
        self
    }

    /// Returns the name in Rust.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the text of the doc comments above the variant.
    #[must_use]
    pub const fn documentation(&self) -> Option<&'static str> {
        self.documentation
    }

    /// Sets the names by which serde reads the variant.
    #[must_use]
    pub const fn with_read_names(mut self, names: &'static [&'static str]) -> Self {
        self.read_names = names;
        self
    }

    /// Declares that serde reads variants that it does not know as this one.
    #[must_use]
    pub const fn with_other(mut self) -> Self {
        self.is_other = true;
        self
    }

    /// Returns the names by which serde reads the variant of an event with a schema, first the one that
    /// the schema has; nothing for a variant that it never reads by name.
    #[must_use]
    pub const fn read_names(&self) -> &'static [&'static str] {
        self.read_names
    }

    /// Whether serde reads variants that it does not know as this one, by `#[serde(other)]`. It is
    /// recorded for an event with a schema.
    #[must_use]
    pub const fn is_other(&self) -> bool {
        self.is_other
    }

    /// Returns the fields.
    #[must_use]
    pub const fn fields(&self) -> &'static [FieldInfo] {
        self.fields
    }
}
