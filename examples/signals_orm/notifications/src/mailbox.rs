//! Where mails go out.

use std::fmt;

/// One mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Whom it is for.
    pub to: String,
    /// What it says.
    pub text: String,
}

/// Hands mails to whatever delivers them.
pub struct Mailbox(Box<dyn Fn(Mail) + Send + Sync>);

impl Mailbox {
    /// A box whose mails are delivered by a function.
    pub fn new(deliver: impl Fn(Mail) + Send + Sync + 'static) -> Self {
        Self(Box::new(deliver))
    }

    /// Sends a mail.
    pub fn send(&self, to: &str, text: &str) {
        (self.0)(Mail {
            to: to.to_owned(),
            text: text.to_owned(),
        });
    }
}

impl fmt::Display for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "to {}: {}", self.to, self.text)
    }
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailbox").finish_non_exhaustive()
    }
}
