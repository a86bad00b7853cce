//! Attributes under conditions, which the compiler takes apart after the macros have seen them.

#![deny(warnings)]
// Each condition is true or false for everyone.
#![allow(clippy::non_minimal_cfg, reason = "conditions that say how they hold")]

use event_core::{Dispatcher, Event, handler, handlers};

#[derive(Event)]
#[cfg_attr(all(), event(name = "shop.order_placed"), event(key = order_id))]
#[cfg_attr(any(), event(stoppable))]
struct OrderPlaced {
    order_id: u64,
}

struct Mailer;

#[cfg_attr(all(), handlers)]
impl Mailer {
    #[cfg_attr(all(), handler(priority = 1), doc = "a handler")]
    fn holds(&self, _event: &OrderPlaced) {}

    #[cfg_attr(any(), handler(no_key_at_all = 1))]
    #[allow(dead_code, reason = "no handler, so nothing calls it")]
    fn does_not_hold(&self, _event: &OrderPlaced) {}

    #[cfg_attr(any(), handler(after = no_such_function))]
    #[cfg_attr(all(), handler(after = Mailer::holds))]
    fn one_of_two(&self, _event: &OrderPlaced) {}

    #[cfg_attr(all(), cfg_attr(not(any()), event_core::handler))]
    async fn within_another(_event: &OrderPlaced) {}

    #[handler]
    #[cfg_attr(all(), cfg(any()))]
    fn is_not_there(&self, _event: &OrderPlaced) {}
}

#[handler]
#[cfg_attr(any(), handler(priority = 2))]
fn once(_event: &OrderPlaced) {}

#[cfg_attr(any(), handler(priority = 2))]
#[cfg_attr(not(any()), handler(priority = 3))]
fn by_either(_event: &OrderPlaced) {}

#[handler]
#[cfg_attr(all(), cfg(any()))]
fn is_not_there(_event: &OrderPlaced) {}

fn main() {
    let dispatcher = Dispatcher::builder()
        .provide(Mailer)
        .without(Mailer::within_another)
        .build()
        .unwrap();
    assert_eq!(OrderPlaced::INFO.name(), "shop.order_placed");
    assert_eq!(dispatcher.emit(OrderPlaced { order_id: 1 }).done(), 4);
}
