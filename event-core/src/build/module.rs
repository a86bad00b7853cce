//! A module of the program, as a value.

use std::fmt;

use crate::handler::registered::Registered;

/// A crate, or a module of one, that has handlers: made by [`module!`](crate::module!).
///
/// A crate that a program depends on but never names is not linked, and its handlers do not exist. Naming
/// its `MODULE` in the builder links it, and the build fails if the module has no handlers nevertheless.
/// The rest is below.
///
/// # Examples
///
/// ```standalone_crate
/// mod billing {
///     use event_core::{Event, handler};
///
///     event_core::module!();
///
///     #[derive(Event)]
///     pub struct OrderPlaced;
///
///     #[handler]
///     fn send_invoice(_event: &OrderPlaced) {}
/// }
///
/// use event_core::Dispatcher;
///
/// let dispatcher = Dispatcher::builder().module(billing::MODULE).build()?;
/// assert_eq!(dispatcher.emit(billing::OrderPlaced).done(), 1);
/// # Ok::<(), event_core::error::BuildError>(())
/// ```
#[doc = include_str!("../docs/linking.md")]
#[derive(Clone, Copy)]
pub struct Module {
    path: &'static str,
    program: Option<&'static str>,
    file: &'static str,
    line: u32,
    handlers: &'static [&'static dyn Registered],
}

impl Module {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(
        path: &'static str,
        program: Option<&'static str>,
        file: &'static str,
        line: u32,
    ) -> Self {
        Self {
            path,
            program,
            file,
            line,
            handlers: &[],
        }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn handlers(mut self, handlers: &'static [&'static dyn Registered]) -> Self {
        self.handlers = handlers;
        self
    }

    /// The module path. Every handler at or below it belongs to the module, except those of an opt-in module
    /// below it.
    #[must_use]
    pub const fn path(&self) -> &'static str {
        self.path
    }

    pub(crate) fn place(&self) -> (&'static str, u32) {
        (self.file, self.line)
    }

    /// The handlers that the module lists.
    pub(crate) fn listed(&self) -> &'static [&'static dyn Registered] {
        self.handlers
    }

    pub(crate) fn has(&self, handler: &dyn Registered) -> bool {
        let spec = handler.spec();
        self.is_at_or_above(spec.module, spec.program)
            || self
                .listed()
                .iter()
                .any(|listed| listed.id() == handler.id())
    }

    /// Whether another module is this one, or inside of it.
    pub(crate) fn contains(&self, other: &Self) -> bool {
        self.is_at_or_above(other.path, other.program)
    }

    fn is_at_or_above(&self, path: &str, program: Option<&str>) -> bool {
        let below = path.strip_prefix(self.path);
        program == self.program
            && below.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    }
}

/// Two modules are equal if they are the same module of the same program or library.
impl PartialEq for Module {
    fn eq(&self, other: &Self) -> bool {
        (self.path, self.program) == (other.path, other.program)
    }
}

impl Eq for Module {}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Module")
            .field("path", &self.path)
            .field("file", &self.file)
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}
