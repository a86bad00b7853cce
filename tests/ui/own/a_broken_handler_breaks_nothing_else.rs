//! One error: the function can be called, named by others and listed all the same.

#![allow(unused)]

use event_core::{Dispatcher, Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

#[handler]
fn count_sales(event: OrderPlaced) -> u64 {
    event.order_id
}

#[handler(after = count_sales)]
fn reserve_stock(event: &OrderPlaced) {}

event_core::module!(handlers = [count_sales, reserve_stock]);

fn main() {
    assert_eq!(count_sales(OrderPlaced { order_id: 7 }), 7);
    let _ = Dispatcher::builder().without(count_sales).module(MODULE);
}
