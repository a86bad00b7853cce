//! Handlers that come and go at run time.

use std::sync::Arc;
use std::time::Duration;

use event_core::{Dispatcher, Event};

use crate::clock::Clock;
use crate::ledger::Ledger;
use crate::order::Order;

/// Nobody handles it but who subscribes.
#[derive(Event)]
struct OrderPlaced(Order);

/// Adds a handler, emits, removes it, emits.
pub(crate) fn on_off(ledger: &Arc<Ledger>, times: u64) -> Duration {
    let dispatcher = dispatcher();
    let clock = Clock::start();
    for order in Order::series(times) {
        let subscription = dispatcher.subscribe(handler(ledger));
        dispatcher.emit(OrderPlaced(order));
        drop(subscription);
        dispatcher.emit(OrderPlaced(order));
    }
    clock.elapsed()
}

/// Adds a handler for one event, and emits two.
pub(crate) fn once(ledger: &Arc<Ledger>, times: u64) -> Duration {
    let dispatcher = dispatcher();
    let clock = Clock::start();
    for order in Order::series(times) {
        let once = dispatcher.subscription_builder().once();
        once.subscribe(handler(ledger)).detach();
        dispatcher.emit(OrderPlaced(order));
        dispatcher.emit(OrderPlaced(order));
    }
    clock.elapsed()
}

fn dispatcher() -> Dispatcher {
    let built = Dispatcher::empty().build();
    built.unwrap_or_else(|error| panic!("{error}"))
}

fn handler(ledger: &Arc<Ledger>) -> impl Fn(&OrderPlaced) + Send + Sync + 'static {
    let ledger = Arc::clone(ledger);
    move |event| ledger.add(event.0.total_cents)
}
