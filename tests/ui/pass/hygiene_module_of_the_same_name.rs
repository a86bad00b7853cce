//! A module with the name of its handler, which is re-exported beside it.

#![deny(warnings)]

use event_core::Dispatcher;

mod send_receipt {
    use event_core::{Event, handler};

    #[derive(Event)]
    pub struct OrderPlaced;

    #[handler]
    pub fn send_receipt(_: &OrderPlaced) {}
}

pub use send_receipt::send_receipt;

fn main() {
    let dispatcher = Dispatcher::builder().only(send_receipt).build().unwrap();
    assert_eq!(dispatcher.emit(send_receipt::OrderPlaced).done(), 1);
}
