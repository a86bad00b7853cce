#![allow(unused)]

use event_core::Event;

#[derive(Event)]
#[event(name = "shop.order_saved")]
struct PostSave<T> {
    saved: T,
}

fn main() {}
