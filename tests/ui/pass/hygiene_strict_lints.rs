//! No warning in a crate that asks for many.

#![deny(
    warnings,
    missing_docs,
    unreachable_pub,
    unused,
    nonstandard_style,
    future_incompatible,
    rust_2018_idioms,
    unused_qualifications,
    unused_lifetimes,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    let_underscore,
    missing_debug_implementations,
    missing_copy_implementations,
    elided_lifetimes_in_paths,
    explicit_outlives_requirements,
    redundant_lifetimes,
    non_local_definitions,
    unused_results
)]
#![forbid(unsafe_code)]

use std::ops::ControlFlow;

use event_core::{AnyEvent, Dispatcher, Event, handler, handlers};

/// A fact.
#[derive(Event, Debug, Clone, Copy)]
#[event(name = "shop.order_placed", stoppable, handlers = 1..=99)]
pub struct OrderPlaced {
    /// Its number.
    pub order_id: u64,
}

/// A generic fact.
#[derive(Event, Debug, Clone, Copy)]
pub struct PostSave<T> {
    /// What was saved.
    pub saved: T,
}

/// Counts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counter;

#[handler]
/// Counts.
pub fn count(_event: &OrderPlaced, _counter: &Counter) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

#[handler(events = "shop.*", after = count)]
fn audit(_event: &dyn AnyEvent) {}

#[handlers]
impl Counter {
    /// Counts.
    #[handler]
    pub fn method(&self, _event: &PostSave<u8>) {}
}

mod inner {
    event_core::module!(handlers = [super::count]);

    #[event_core::handler]
    fn private(_event: &super::OrderPlaced) {}
}

fn main() {
    let builder = Dispatcher::builder().provide(Counter).module(inner::MODULE);
    let dispatcher = builder.build().unwrap();
    assert_eq!(dispatcher.emit(OrderPlaced { order_id: 7 }).done(), 3);
}
