//! The good twins of `event_by_value`, `event_by_mut_reference`, `event_for_static`,
//! `no_parameter`, `generic_handler`, `unsafe_handler`, `extern_handler`,
//! `cfg_on_a_parameter`, `dispatcher_by_value` and `dispatcher_handle_in_a_wrapper`: every form of signature that a handler may have.

use event_core::dispatcher::DispatcherHandle;
use event_core::{Dispatcher, Event, handler};

#[derive(Event)]
struct OrderPlaced {
    order_id: u64,
}

type Placed = OrderPlaced;

#[handler]
fn plain(event: &OrderPlaced) {
    assert_eq!(event.order_id, 7);
}

#[handler]
fn unused(_: &OrderPlaced) {}

#[handler]
fn destructured(OrderPlaced { order_id }: &OrderPlaced) {
    assert_eq!(*order_id, 7);
}

#[handler]
fn with_a_lifetime<'a>(event: &'a OrderPlaced, name: &'a String) {
    let longer: &'a str = if event.order_id > 0 { name } else { "" };
    assert_eq!(longer, "shop");
}

#[handler]
fn alias(event: &Placed) {
    assert_eq!(event.order_id, 7);
}

#[handler]
#[allow(unused_parens, reason = "it is what a macro may write")]
fn parenthesised(event: &(OrderPlaced)) {
    assert_eq!(event.order_id, 7);
}

#[handler]
#[must_use]
const fn constant(event: &OrderPlaced) -> Option<OrderPlaced> {
    let _ = event;
    None
}

#[handler]
fn with_an_unsafe_block(event: &OrderPlaced) {
    let pointer = &raw const event.order_id;
    // SAFETY: the pointer was made from a reference just now.
    assert_eq!(unsafe { *pointer }, 7);
}

#[handler]
fn with_the_dispatcher(_event: &OrderPlaced, dispatcher: DispatcherHandle) {
    assert!(dispatcher.get().is_ok());
}

#[cfg(unix)]
#[handler]
fn above(_event: &OrderPlaced) {}

#[handler]
#[cfg(any(unix, windows))]
fn below(_event: &OrderPlaced) {}

#[handler]
#[cfg(not(any(unix, windows)))]
fn below(_event: &OrderPlaced, _dependency: &u64) {}

fn main() {
    let dispatcher = Dispatcher::builder()
        .provide("shop".to_owned())
        .build()
        .unwrap();
    assert_eq!(dispatcher.emit(OrderPlaced { order_id: 7 }).done(), 11);
    plain(&OrderPlaced { order_id: 7 });
}
