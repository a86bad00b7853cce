//! Inline handlers: 1, 10 and 100 of them, and ten in an order of their own.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use event_core::{Event, Transient, handler};

use crate::clock::Clock;
use crate::dispatcher;
use crate::ledger::{Ledger, add};
use crate::order::Order;

event_core::module!();

/// One handler.
#[derive(Event)]
pub(crate) struct E1(pub(crate) Order);

#[handler]
fn only(event: &E1, ledger: &Ledger) {
    add::<0>(event.0, ledger);
}

/// Ten handlers.
#[derive(Event)]
pub(crate) struct E10(pub(crate) Order);

/// A hundred handlers.
#[derive(Event)]
pub(crate) struct E100(pub(crate) Order);

macro_rules! ten {
    ($module:ident, $first:literal, $event:ident) => {
        ten_handlers!($module, $first, (event: &super::$event, ledger: &super::Ledger), add(event.0, ledger));
    };
}

ten!(ten, 0, E10);
hundred!(ten, E100);

/// Ten handlers, written in another order than they are called in.
#[derive(Event)]
pub(crate) struct Ordered(pub(crate) Order);

macro_rules! ordered {
    ($($name:ident $place:literal $priority:literal),*) => { $(
        #[handler(priority = $priority)]
        fn $name(_event: &Ordered, ledger: &Ledger) {
            ledger.note($place);
        }
    )* };
}

ordered!(
    fourth 3 -20, second 1 -40, fifth 4 -10, first 0 -50, sixth 5 0, tenth 9 40, third 2 -30,
    seventh 6 10, ninth 8 30, eighth 7 20
);

/// Emits events, each of which the constructor makes of an order.
pub(crate) fn emit<E: Transient>(
    ledger: &Arc<Ledger>,
    times: u64,
    event: fn(Order) -> E,
) -> Duration {
    let dispatcher = dispatcher(MODULE, ledger);
    let clock = Clock::start();
    for order in Order::series(times) {
        let report = dispatcher.emit(black_box(event(order)));
        assert!(report.is_ok(), "{report}");
    }
    clock.elapsed()
}
