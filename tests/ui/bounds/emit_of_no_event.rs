#![allow(unused)]

use event_core::Dispatcher;

struct OrderPlaced {
    order_id: u64,
}

fn main() {
    let dispatcher = Dispatcher::builder().build().unwrap();
    dispatcher.emit(OrderPlaced { order_id: 7 });
}
