//! What a dispatcher says about its events, its handlers and itself.

mod described;
mod events;
mod linked;
mod listed_order;
mod named;
