//! Subscriptions: what the program adds and cancels while it runs.

mod active;
mod cancelled;
mod conditions;
mod inline;
mod model;
mod once;
mod params;
mod queued;
mod retried;
mod streams;
mod weak;
