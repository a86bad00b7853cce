//! What an outbox needs of a dispatcher: durable events as it stores them, and the deliveries that it makes.
//!
//! An outbox decides when a delivery is made, and where it is stored. The dispatcher makes it, as it makes any
//! other: isolated, observed, with a span and within its limits.

pub(crate) mod delivery;
pub(crate) mod event;
