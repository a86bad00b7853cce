//! Who reacts to somebody who signs up. None of them knows another.

use std::future;

use event_core::{Event, handler};
use tokio::sync::Barrier;

#[derive(Event)]
#[event(name = "accounts.user_signed_up")]
pub(crate) struct UserSignedUp {
    pub(crate) name: &'static str,
}

/// Where handlers wait until all of them are there: proof that they run at the same time.
pub(crate) struct Meeting(Barrier);

impl Meeting {
    pub(crate) fn of_two() -> Self {
        Self(Barrier::new(2))
    }
}

#[handler(timeout = "5s")]
pub(crate) async fn audit(event: &UserSignedUp, meeting: &Meeting) {
    meeting.0.wait().await;
    println!("  audit: {} signed up", event.name);
}

#[handler(timeout = "5s")]
pub(crate) async fn welcome(event: &UserSignedUp, meeting: &Meeting) {
    meeting.0.wait().await;
    println!("  welcome: a letter to {}", event.name);
}

#[handler]
pub(crate) async fn add_to_newsletter(event: &UserSignedUp) -> Result<(), String> {
    Err(format!("no address of {}", event.name))
}

#[handler]
pub(crate) async fn rate(_event: &UserSignedUp) {
    panic!("the rating is not a number");
}

#[handler(timeout = "50ms")]
pub(crate) async fn ask_partner(_event: &UserSignedUp) {
    future::pending::<()>().await; // the partner does not answer
}
