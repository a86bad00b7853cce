//! Subscriptions: what the program adds and cancels while it runs.

mod active;
mod cancelled;
mod inline;
mod model;
mod once;
mod streams;
