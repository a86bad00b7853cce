//! What follows from a sign-up. The requests know none of this.

use std::io;

use event_core::handler;

use crate::{Desk, ProfileWritten, Statistics, UserSignedUp, WelcomeSent};

/// Inline, after the commit: whoever signed up finds the front page up to date. It counts in memory, and the next start
/// counts the members anew.
#[handler]
pub fn count_domain(event: &UserSignedUp, statistics: &Statistics) {
    statistics.count(&event.email);
}

/// Durable: the sign-up and the delivery to this handler are committed together, and it is called until it succeeds. What
/// it returns is stored together with the end of its delivery.
///
/// # Errors
///
/// The file cannot be written. There is no mail until it can, since there is no profile to welcome to.
#[handler(
    durable,
    id = "signup.write_profile",
    timeout = "10s",
    retry(attempts = 30, backoff = "100ms..1m")
)]
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

/// Durable: at least once. A process that is killed after the file is written, and before that is known, writes the same
/// file again.
///
/// # Errors
///
/// The mail cannot be written.
#[handler(
    durable,
    id = "signup.send_welcome",
    timeout = "10s",
    retry(attempts = 30, backoff = "100ms..1m")
)]
pub async fn send_welcome(event: &ProfileWritten, desk: &Desk) -> io::Result<WelcomeSent> {
    let ProfileWritten {
        member,
        name,
        email,
    } = event;
    let mail = format!("To: {email}\nSubject: Welcome, {name}\n\nYou are member {member}.\n");
    tokio::fs::write(desk.mail(*member), mail).await?;
    Ok(WelcomeSent { member: *member })
}
