//! Other crates that call handlers of an event at once, each used the way its own documentation shows.
//!
//! All handlers run on the emitter's thread before the call returns; where a peer also has a slower form
//! (one that collects results, or runs tasks), the cheaper one is measured.

mod bevy;
mod event_bus;
mod jaeb;
mod mediator;
mod mod_events;
mod signals2;

use crate::candidate::Candidate;

/// Every peer with `handlers` handlers.
#[must_use]
pub fn all(handlers: usize) -> Vec<Candidate> {
    vec![
        bevy::candidate(handlers),
        signals2::candidate(handlers),
        event_bus::candidate(handlers),
        mediator::candidate(handlers),
        jaeb::candidate(handlers),
        mod_events::candidate(handlers),
    ]
}
