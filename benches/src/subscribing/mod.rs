//! Things that can be subscribed to at run time, by many, and what it takes to come and to go.
//!
//! Every subscription is a closure that counts. The first emission after a change is part of the time of the
//! next change: what a candidate puts off until then it pays when the subscriptions are cancelled.

mod ours;
mod signals2;

pub use self::ours::{Async, Observed, Ours, Weak};
pub use self::signals2::Signals2;

/// Something that can be subscribed to.
pub trait Source: Sync {
    /// The name in the figures.
    const NAME: &'static str;

    /// What cancels a subscription.
    type Guard: Send;

    /// One without subscriptions.
    fn new() -> Self;

    /// Adds a subscription.
    fn subscribe(&self) -> Self::Guard;

    /// Cancels one.
    fn cancel(guard: Self::Guard);

    /// Emits an event with this id, and waits until all subscriptions have counted it.
    fn emit(&self, id: u64);
}
