#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

use std::error::Error;

#[handler]
fn reserve_stock(event: &OrderPlaced) -> Result<(), Box<dyn Error>> {
    Ok(())
}

fn main() {}
