//! The facts.

use event_core::Event;
use serde::{Deserialize, Serialize};

/// Somebody is a member now: stored in the transaction that makes them one.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "signup.user_signed_up", durable, handlers = 1..)]
pub struct UserSignedUp {
    /// The member's number, from 1.
    pub member: i64,
    /// How they want to be called.
    pub name: String,
    /// Where mails go; in no log and in no failure.
    #[event(redact)]
    pub email: String,
}

/// A member's profile is on disk.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "signup.profile_written", durable)]
pub struct ProfileWritten {
    /// The member's number.
    pub member: i64,
    /// How they want to be called.
    pub name: String,
    /// Where mails go.
    #[event(redact)]
    pub email: String,
}

/// A member was welcomed. Nothing in this program depends on it, so it is not durable.
#[derive(Debug, Event)]
#[event(name = "signup.welcome_sent")]
pub struct WelcomeSent {
    /// The member's number.
    pub member: i64,
}
