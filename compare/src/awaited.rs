//! Async handlers, side by side: 1, 10 and 100 that are ready at once, and ten that wait.

use std::sync::Arc;
use std::time::Duration;

use event_core::{Event, Transient, handler};
use tokio::task::yield_now;

use crate::clock::Clock;
use crate::ledger::{Ledger, add};
use crate::order::Order;
use crate::{dispatcher, runtime};

event_core::module!();

/// One handler.
#[derive(Event)]
pub(crate) struct A1(pub(crate) Order);

#[handler]
async fn only(event: &A1, ledger: &Ledger) {
    add::<0>(event.0, ledger);
}

/// Ten handlers.
#[derive(Event)]
pub(crate) struct A10(pub(crate) Order);

/// A hundred handlers.
#[derive(Event)]
pub(crate) struct A100(pub(crate) Order);

macro_rules! ten {
    ($module:ident, $first:literal, $event:ident) => {
        ten_handlers!(async $module, $first, (event: &super::$event, ledger: &super::Ledger), add(event.0, ledger));
    };
}

ten!(ten, 0, A10);
hundred!(ten, A100);

/// Ten handlers that let others run before they do their work.
#[derive(Event)]
pub(crate) struct Waiting(pub(crate) Order);

macro_rules! waiting {
    ($($name:ident),*) => { $(
        #[handler]
        async fn $name(event: &Waiting, ledger: &Ledger) {
            yield_now().await;
            ledger.add(event.0.total_cents);
        }
    )* };
}

waiting!(w0, w1, w2, w3, w4, w5, w6, w7, w8, w9);

/// Emits events, and waits for the handlers of each.
pub(crate) fn emit<E: Transient>(
    ledger: &Arc<Ledger>,
    times: u64,
    event: fn(Order) -> E,
) -> Duration {
    runtime().block_on(async {
        let dispatcher = dispatcher(MODULE, ledger);
        let clock = Clock::start();
        for order in Order::series(times) {
            let report = dispatcher.emit_async(event(order)).await;
            assert!(report.is_ok(), "{report}");
        }
        clock.elapsed()
    })
}
