//! The good twins of `dependency_by_value`, `lent_without_queue`,
//! `option_by_value`, `dependency_impl_trait`, `dependency_that_is_not_sync` and their kind.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use event_core::{Context, Dispatcher, Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

#[derive(Default)]
struct SalesCounter(AtomicU64);

trait Clock: Send + Sync {
    fn now(&self) -> u64;
}

struct Noon;

impl Clock for Noon {
    fn now(&self) -> u64 {
        12
    }
}

// A user's own impl for `Arc` must not come between a handler and its clock.
impl<T: Clock + ?Sized> Clock for Arc<T> {
    fn now(&self) -> u64 {
        unreachable!("the clock itself is what a handler is given")
    }
}

trait Bare {}

#[handler]
fn count_sales(_event: &OrderPlaced, sales: &SalesCounter) {
    sales.0.fetch_add(1, Ordering::Relaxed);
}

#[handler]
fn with_a_mutex(event: &OrderPlaced, list: &Mutex<Vec<u64>>) {
    list.lock().unwrap().push(event.order_id);
}

#[handler]
fn of_a_trait(_event: &OrderPlaced, clock: &dyn Clock) {
    assert_eq!(clock.now(), 12);
}

#[handler]
fn with_bounds(_event: &OrderPlaced, clock: Option<&(dyn Bare + Send + Sync)>) {
    assert!(clock.is_none());
}

#[handler]
fn optional(_event: &OrderPlaced, sales: Option<&SalesCounter>, missing: Option<&String>) {
    assert!(sales.is_some() && missing.is_none());
}

#[handler]
fn optional_by_path(_event: &OrderPlaced, clock: core::option::Option<&dyn Clock>) {
    assert_eq!(clock.map(Clock::now), Some(12));
}

#[handler]
fn of_an_arc(_event: &OrderPlaced, shared: &Arc<Noon>) {
    assert_eq!(Noon::now(shared), 12);
}

#[handler]
fn in_a_context(_event: &OrderPlaced, clock: Option<Context<Noon>>) {
    assert!(clock.is_none());
}

fn main() {
    let dispatcher = Dispatcher::builder()
        .provide(SalesCounter::default())
        .provide(Mutex::new(Vec::<u64>::new()))
        .provide_arc::<dyn Clock>(Arc::new(Noon))
        .provide(Arc::new(Noon))
        .build()
        .unwrap();
    let report = dispatcher.emit(OrderPlaced { order_id: 7 });
    assert!(report.is_ok(), "{:?}", report.failures());
    assert_eq!(report.done(), 8);
}
