#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

struct OutOfStock;

#[handler]
fn reserve_stock(event: &OrderPlaced) -> Result<(), OutOfStock> {
    Ok(())
}

fn main() {}
