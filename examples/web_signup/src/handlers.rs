//! What follows from a sign-up. The requests know none of this.

use std::io;

use event_core::handler;
use event_core::queue::{Overflow, Queue};

use crate::{Desk, ProfileWritten, Statistics, UserSignedUp};

/// The mails that wait to go out. Were it full, a request would wait for room, and so would its client.
pub static MAIL: Queue = Queue::new("mail")
    .capacity(1000)
    .consumers(2)
    .overflow(Overflow::Wait);

/// Inline: whoever signed up finds the front page up to date.
#[handler]
pub fn count_domain(event: &UserSignedUp, statistics: &Statistics) {
    statistics.count(&event.email);
}

/// Async: the client's answer waits for it, and no thread does.
///
/// # Errors
///
/// The file cannot be written. There is no mail then, since there is no profile to welcome to.
#[handler(timeout = "10s")]
pub async fn write_profile(event: &UserSignedUp, desk: &Desk) -> io::Result<ProfileWritten> {
    let UserSignedUp {
        member,
        name,
        email,
    } = event;
    let text = format!("{name}\n{email}\n");
    tokio::fs::write(desk.profile(*member), text).await?;
    Ok(ProfileWritten {
        member: *member,
        name: name.clone(),
        email: email.clone(),
    })
}

/// Queued: mail may take its time, on threads of its own, and the client is not kept waiting.
///
/// # Errors
///
/// The mail cannot be written.
#[handler(queue = MAIL)]
pub fn send_welcome(event: &ProfileWritten, desk: &Desk) -> io::Result<()> {
    let ProfileWritten {
        member,
        name,
        email,
    } = event;
    let mail = format!("To: {email}\nSubject: Welcome, {name}\n\nYou are member {member}.\n");
    std::fs::write(desk.mail(*member), mail)
}
