//! Patterns of events, with their text, and with a check of each field.

use std::fmt;

use event_core::report::DeliveryStatus;
use event_core::{AnyEvent, Event};

use crate::shown::{field, type_name};

/// A pattern of events of type `E`, for the methods of a [`Recorder`](crate::Recorder) that take several patterns.
///
/// The macros make patterns that also say which field differs.
///
/// # Examples
///
/// ```
/// use event_core::{Dispatcher, Event};
/// use event_testing::DispatcherExt as _;
/// use event_testing::pattern::EventPattern;
///
/// #[derive(Event)]
/// struct DoorOpened { door: u8 }
///
/// #[derive(Event)]
/// struct DoorClosed;
///
/// let dispatcher = Dispatcher::empty().build()?;
/// let rec = dispatcher.record();
/// dispatcher.emit(DoorOpened { door: 1 });
/// dispatcher.emit(DoorClosed);
/// let opened = EventPattern::new("door 1 opens", |event: &DoorOpened| event.door == 1);
/// let closed = EventPattern::new("a door closes", |_: &DoorClosed| true);
/// rec.expect_sequence(&[&opened, &closed]);
/// # Ok::<(), event_core::error::BuildError>(())
/// ```
pub struct EventPattern<'p, E> {
    text: String,
    matches: Predicate<'p, E>,
    /// The pattern with no field: that of a variant, if the event is an enum.
    has_shape: Predicate<'p, E>,
    fields: Vec<FieldPattern<'p, E>>,
    guard: Option<&'static str>,
}

type Predicate<'p, E> = Box<dyn Fn(&E) -> bool + 'p>;

/// A pattern of events of one type, whatever the type. Only [`EventPattern`] implements it.
pub trait AnyPattern: sealed::Sealed {
    /// Returns the text that failures show.
    fn text(&self) -> &str;
    /// Whether an event is of the pattern's type and matches.
    fn matches_any(&self, event: &dyn AnyEvent) -> bool;
    /// Returns why an event of the pattern's type does not match; `None` for one that does, and for an event of
    /// another type.
    fn difference(&self, event: &dyn AnyEvent) -> Option<String>;
}

mod sealed {
    pub trait Sealed {}

    impl<E> Sealed for super::EventPattern<'_, E> {}
}

/// The pattern of one field.
#[doc(hidden)]
pub struct FieldPattern<'p, E> {
    name: String,
    text: &'static str,
    matches: Box<dyn Fn(&E) -> bool + 'p>,
}

/// The pattern of how a delivery ends.
#[doc(hidden)]
pub struct StatusPattern {
    pub(crate) text: String,
    pub(crate) matches: fn(DeliveryStatus) -> bool,
}

impl StatusPattern {
    /// Makes a pattern with this text.
    #[must_use]
    pub fn new(text: &str, matches: fn(DeliveryStatus) -> bool) -> Self {
        let text = text.replace(" (", "(");
        Self { text, matches }
    }
}

impl<'p, E: Event> EventPattern<'p, E> {
    /// Makes a pattern: a closure that returns whether it matches, and the text that failures show.
    pub fn new(text: &str, matches: impl Fn(&E) -> bool + 'p) -> Self {
        Self {
            text: tidy(text),
            matches: Box::new(matches),
            has_shape: Box::new(|_| true),
            fields: Vec::new(),
            guard: None,
        }
    }

    /// Makes the pattern of all events of the type.
    #[doc(hidden)]
    #[must_use]
    pub fn of_type(text: &str) -> Self {
        Self::new(text, |_| true)
    }

    /// Makes a pattern that is a closure, which has no text.
    pub(crate) fn of_closure(matches: impl Fn(&E) -> bool + 'p) -> Self {
        Self::new(
            &format!("{} for which the closure holds", type_name(E::INFO)),
            matches,
        )
    }

    /// Adds a check of the variant.
    #[doc(hidden)]
    #[must_use]
    pub fn with_shape(mut self, has_shape: impl Fn(&E) -> bool + 'p) -> Self {
        self.has_shape = Box::new(has_shape);
        self
    }

    /// Adds a check of each field.
    #[doc(hidden)]
    #[must_use]
    pub fn with_fields(mut self, fields: Vec<FieldPattern<'p, E>>) -> Self {
        self.fields = fields;
        self
    }

    /// Adds a guard, which holds if the pattern with it matches.
    #[doc(hidden)]
    #[must_use]
    pub fn with_guard(mut self, guard: &'static str, matches: impl Fn(&E) -> bool + 'p) -> Self {
        self.text = format!("{} if {guard}", self.text);
        self.guard = Some(guard);
        self.matches = Box::new(matches);
        self
    }

    pub(crate) fn matches(&self, event: &E) -> bool {
        (self.matches)(event)
    }
}

impl<'p, E> FieldPattern<'p, E> {
    /// Makes the pattern of a field with this name or index.
    pub fn new(name: &dyn ToString, text: &'static str, matches: impl Fn(&E) -> bool + 'p) -> Self {
        Self {
            name: name.to_string(),
            text,
            matches: Box::new(matches),
        }
    }
}

impl<E: Event> AnyPattern for EventPattern<'_, E> {
    fn text(&self) -> &str {
        &self.text
    }

    fn matches_any(&self, event: &dyn AnyEvent) -> bool {
        event
            .downcast_ref()
            .is_some_and(|event| self.matches(event))
    }

    fn difference(&self, event: &dyn AnyEvent) -> Option<String> {
        let typed: &E = event.downcast_ref()?;
        if self.matches(typed) {
            return None;
        }
        if !(self.has_shape)(typed) {
            return Some("another variant".to_owned());
        }
        let differing = self.fields.iter().filter(|field| !(field.matches)(typed));
        let mut differing: Vec<_> = differing
            .map(|pattern| {
                let name = &pattern.name;
                let name = if name.parse::<usize>().is_ok() {
                    format!("field {name}")
                } else {
                    format!("`{name}`")
                };
                match field(event, &pattern.name) {
                    Some(value) => format!("{name} is `{value}`, not `{}`", pattern.text),
                    None => format!("{name} is not `{}`", pattern.text),
                }
            })
            .collect();
        if differing.is_empty()
            && let Some(guard) = self.guard
        {
            differing.push(format!("`{guard}` does not hold"));
        }
        if differing.is_empty() {
            differing.push("the closure returns `false`".to_owned());
        }
        Some(differing.join("; "))
    }
}

/// Returns the text of a pattern as a person writes it. `stringify!` puts spaces around the path of a macro.
fn tidy(text: &str) -> String {
    let lines = text.lines().map(str::trim);
    let text = lines.collect::<Vec<_>>().join(" ").replace(" :: ", "::");
    let is_path = |char: char| char.is_alphanumeric() || matches!(char, '_' | ':');
    let path = text.find(|char| !is_path(char)).unwrap_or(text.len());
    match text[path..].strip_prefix(" (") {
        Some(fields) => format!("{}({fields}", &text[..path]),
        None => text,
    }
}

impl<E> fmt::Debug for EventPattern<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventPattern")
            .field("text", &self.text)
            .finish_non_exhaustive()
    }
}

impl<E> fmt::Debug for FieldPattern<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FieldPattern")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for StatusPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatusPattern")
            .field("text", &self.text)
            .finish_non_exhaustive()
    }
}
