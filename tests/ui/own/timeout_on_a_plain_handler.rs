#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

#[handler(timeout = "5s")]
fn count_sales<'a>(event: &'a OrderPlaced, sales: &Vec<u64>) -> Result<(), String> {
    Ok(())
}

fn main() {}
