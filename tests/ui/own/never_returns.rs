#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

#[handler]
fn reserve_stock(event: &OrderPlaced) -> ! {
    loop {}
}

fn main() {}
