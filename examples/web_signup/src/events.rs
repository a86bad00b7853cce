//! The facts.

use event_core::Event;

/// Somebody is a member now.
#[derive(Event)]
#[event(name = "signup.user_signed_up", handlers = 1..)]
pub struct UserSignedUp {
    /// The member's number, from 1.
    pub member: u64,
    /// How they want to be called.
    pub name: String,
    /// Where mails go; in no log and in no failure.
    #[event(redact)]
    pub email: String,
}

/// A member's profile is on disk.
#[derive(Event)]
#[event(name = "signup.profile_written")]
pub struct ProfileWritten {
    /// The member's number.
    pub member: u64,
    /// How they want to be called.
    pub name: String,
    /// Where mails go.
    #[event(redact)]
    pub email: String,
}
