//! The identity of a handler or a subscription.

use std::fmt;
use std::panic::Location;

/// Identifies a handler or a runtime subscription in reports, logs and observers.
///
/// Two values are equal when they name the same place in the source. `Display` writes `shop_sales::count
/// (src/lib.rs:12)`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct HandlerInfo {
    name: &'static str,
    file: &'static str,
    line: u32,
    module: &'static str,
    subscription: bool,
}

impl HandlerInfo {
    pub(crate) fn of_handler(
        name: &'static str,
        file: &'static str,
        line: u32,
        module: &'static str,
    ) -> Self {
        Self {
            name,
            file,
            line,
            module,
            subscription: false,
        }
    }

    pub(crate) fn of_subscription(name: &'static str, at: &'static Location<'static>) -> Self {
        Self {
            name,
            file: at.file(),
            line: at.line(),
            module: "",
            subscription: true,
        }
    }

    /// Returns the Rust path of the function, or that of the closure for a subscription. It is for people
    /// and for sorting; it is never stored.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the source file.
    #[must_use]
    pub fn file(&self) -> &'static str {
        self.file
    }

    /// Returns the line in [`file`](Self::file).
    #[must_use]
    pub fn line(&self) -> u32 {
        self.line
    }

    /// Returns the module path of a handler; empty for a subscription.
    #[must_use]
    pub fn module(&self) -> &'static str {
        self.module
    }

    /// Whether this is a runtime subscription and not a linked handler.
    #[must_use]
    pub fn is_subscription(&self) -> bool {
        self.subscription
    }
}

impl fmt::Display for HandlerInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}:{})", self.name, self.file, self.line)
    }
}

impl fmt::Debug for HandlerInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
