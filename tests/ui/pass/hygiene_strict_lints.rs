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

use event_core::queue::{LocalQueue, Queue};
use event_core::{AnyEvent, Dispatcher, Event, handler, handlers};

/// A fact.
#[derive(Event, Debug, Clone, Copy)]
#[event(name = "shop.order_placed", stoppable, handlers = 1..=99, key = order_id)]
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

/// Mail.
pub static MAIL: Queue = Queue::new("mail");

/// The window.
pub static UI: LocalQueue<Counter> = LocalQueue::new("ui");

fn is_any(_event: &OrderPlaced) -> bool {
    true
}

/// Later.
#[handler(filter = is_any, timeout = "5s", concurrency = 3)]
pub async fn later(_event: &OrderPlaced, _counter: &Counter) -> Option<PostSave<u8>> {
    None
}

/// Sent.
#[handler(queue = MAIL, filter = is_any)]
pub fn queued(_event: &OrderPlaced) {}

fn is_temporary(_error: &std::fmt::Error) -> bool {
    true
}

/// Tried again.
///
/// # Errors
///
/// Never.
#[handler(queue = MAIL, retry(when = is_temporary, ordered))]
pub fn queued_with_retry(_event: &OrderPlaced) -> Result<(), std::fmt::Error> {
    Ok(())
}

/// Tried again later.
///
/// # Errors
///
/// Never.
#[handler(retry(attempts = 3, when = is_temporary))]
pub async fn later_with_retry(_event: &OrderPlaced) -> Result<(), std::fmt::Error> {
    Ok(())
}

/// Shown.
#[handler(queue = UI, filter = is_any)]
pub fn shown(_event: &OrderPlaced, _counter: &mut Counter, _other: &Counter) {}

#[handlers]
impl Counter {
    /// Counts.
    #[handler]
    pub fn method(&self, _event: &PostSave<u8>) {}

    /// Later.
    #[handler(queue = MAIL)]
    pub async fn async_method(&self, _event: &PostSave<u8>) {}
}

mod inner {
    event_core::module!(handlers = [super::count]);

    #[event_core::handler]
    fn private(_event: &super::OrderPlaced) {}
}

fn main() {
    let builder = Dispatcher::builder().provide(Counter).module(inner::MODULE);
    let builder = builder.without(later).without(queued);
    let builder = builder.without(later_with_retry).without(queued_with_retry);
    let builder = builder.without(Counter::async_method);
    let dispatcher = builder.build().unwrap();
    assert_eq!(dispatcher.emit(OrderPlaced { order_id: 7 }).done(), 3);
}
