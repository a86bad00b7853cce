#![allow(unused)]

use event_core::{Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

#[handler]
async fn count_sales(
    event: &OrderPlaced,
    a: &u8,
    b: &u16,
    c: &u32,
    d: &u64,
    e: &u128,
    f: &i8,
    g: &i16,
    h: &i32,
    i: &i64,
) {
}

fn main() {}
