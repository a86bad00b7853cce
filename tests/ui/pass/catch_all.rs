//! The good twins of `catch_all_of_another_trait`, `catch_all_with_emitter`,
//! `catch_all_returns_an_event` and of the patterns in `events`.

use std::io;

use event_core::{AnyEvent, Dispatcher, Event, handler};

#[derive(Event)]
#[event(name = "shop.orders.placed")]
struct OrderPlaced {
    order_id: u64,
}

#[derive(Event)]
struct Unnamed;

#[handler]
fn every(event: &dyn AnyEvent) {
    let _ = event.name();
}

#[handler]
fn by_path(event: &dyn event_core::AnyEvent, limit: &usize) -> Result<(), io::Error> {
    assert!(event.name().len() < *limit);
    Ok(())
}

#[handler(events = "shop.orders.*", after = every)]
fn by_star(_event: &dyn AnyEvent) {}

#[handler(events = "shop.**")]
fn by_stars(_event: &dyn AnyEvent) {}

#[handler(events = "**")]
fn named(_event: &dyn AnyEvent) {}

#[handler(events = "shop.orders.placed", filter = is_order)]
fn by_name(event: &dyn AnyEvent) {
    let order = event.downcast_ref::<OrderPlaced>().expect("an order");
    assert_eq!(order.order_id, 7);
}

fn is_order(event: &dyn AnyEvent) -> bool {
    event.downcast_ref::<OrderPlaced>().is_some()
}

fn main() {
    let dispatcher = Dispatcher::builder().provide(100_usize).build().unwrap();
    assert_eq!(dispatcher.emit(OrderPlaced { order_id: 7 }).done(), 6);
    assert_eq!(dispatcher.emit(Unnamed).done(), 2);
}
